"""Sample calls: a plain, valid call of any published hook, to see how a CDS service answers. About nobody."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from service.knowledge.hooks import HOOKS, ContextField, Kind

Json = dict[str, Any]

PATIENT_ID = "example"
_SUBJECT = {"reference": f"Patient/{PATIENT_ID}"}
_PATIENT: Json = {"resourceType": "Patient", "id": PATIENT_ID, "gender": "female", "birthDate": "1970-02-03"}
_ORDER: Json = {
    "resourceType": "MedicationRequest",
    "id": "draft-1",
    "status": "draft",
    "intent": "order",
    "medicationCodeableConcept": {
        "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "5640", "display": "ibuprofen"}]
    },
    "subject": _SUBJECT,
}
_CONDITION: Json = {
    "resourceType": "Condition",
    "id": "new-1",
    "clinicalStatus": {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]
    },
    "category": [
        {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/condition-category",
                    "code": "problem-list-item",
                }
            ]
        }
    ],
    "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M54.31"}], "text": "Sciatica"},
    "subject": _SUBJECT,
}
_ALLERGY: Json = {
    "resourceType": "AllergyIntolerance",
    "id": "new-1",
    "clinicalStatus": {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]
    },
    "code": _ORDER["medicationCodeableConcept"],
    "patient": _SUBJECT,
}
_APPOINTMENT: Json = {
    "resourceType": "Appointment",
    "id": "proposed-1",
    "status": "proposed",
    "participant": [{"actor": _SUBJECT, "status": "needs-action"}],
}
_BROUGHT: Mapping[str, Json] = {
    "draftOrders": _ORDER,
    "medications": _ORDER,
    "conditions": _CONDITION,
    "appointments": _APPOINTMENT,
    "allergyIntolerance": _ALLERGY,
}


def bundle_of(*resources: Json) -> Json:
    """A searchset of these resources; without any, a search that found nothing."""
    found: Json = {"resourceType": "Bundle", "type": "searchset", "total": len(resources)}
    return found | ({"entry": [{"resource": resource} for resource in resources]} if resources else {})


def sample_call(hook: str, prefetch: Mapping[str, str]) -> Json:
    """A call of a hook with every template answered: the patient where it is read, nothing found where it is searched.

    ``hook`` must be in the library. ``hookInstance`` is new each time.
    """
    body: Json = {
        "hook": hook,
        "hookInstance": str(uuid.uuid4()),
        "context": {field.name: _value(field) for field in HOOKS[hook].fields},
    }
    answered = {key: _answer(query) for key, query in prefetch.items()}
    return body | ({"prefetch": answered} if answered else {})


def _value(field: ContextField) -> Any:
    match field.kind:
        case Kind.USER:
            return "Practitioner/example"
        case Kind.ID:
            return PATIENT_ID if field.name == "patientId" else "example-visit"
        case Kind.SELECTIONS:
            return [f"MedicationRequest/{_ORDER['id']}"]
        case Kind.BUNDLE:
            return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": _BROUGHT[field.name]}]}
        case Kind.RESOURCE:
            return _BROUGHT[field.name]


def _answer(query: str) -> Json | None:
    if "?" in query:
        return bundle_of()
    return dict(_PATIENT) if query.startswith("Patient/") else None
