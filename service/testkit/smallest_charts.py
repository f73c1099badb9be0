"""The smallest chart that brings a card at a hook: somebody with sciatica, and an order where it checks orders."""

from __future__ import annotations

import uuid
from typing import Any

from service.knowledge.hooks import HOOKS
from service.testkit.sample_calls import PATIENT_ID, bundle_of, sample_call

Json = dict[str, Any]
NOW = "2026-11-24T09:00:00Z"
_INSTANCE = str(uuid.UUID("d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"))
_SUBJECT = {"reference": f"Patient/{PATIENT_ID}"}
_PATIENT: Json = {"resourceType": "Patient", "id": PATIENT_ID, "gender": "male", "birthDate": "1970-02-03"}
_PROBLEM: Json = {
    "resourceType": "Condition",
    "id": "sciatica",
    "subject": _SUBJECT,
    "clinicalStatus": {"coding": [{"code": "active"}]},
    "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M54.31"}]},
    "onsetDateTime": "2026-11-10",
}
_RESULT: Json = {
    "resourceType": "Observation",
    "id": "egfr",
    "status": "final",
    "subject": _SUBJECT,
    "effectiveDateTime": "2026-11-04",
    "code": {"coding": [{"system": "http://loinc.org", "code": "62238-1"}]},
    "valueQuantity": {"value": 24, "system": "http://unitsofmeasure.org", "code": "mL/min/{1.73_m2}"},
}
_ORDER: Json = {
    "resourceType": "MedicationRequest",
    "id": "draft-1",
    "status": "draft",
    "intent": "order",
    "subject": _SUBJECT,
    "medicationCodeableConcept": {
        "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "5640"}]
    },
}


def smallest_chart(hook: str) -> Json:
    """A plain Bundle for ``/evaluate``."""
    resources = [_PATIENT, _PROBLEM, *([_RESULT, _ORDER] if HOOKS[hook].has_orders else [])]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


def smallest_call(hook: str) -> Json:
    """The body of a call of the hook with the same chart under the keys of its prefetch."""
    body = sample_call(hook, {}) | {"hookInstance": _INSTANCE}
    prefetch: Json = {"patient": _PATIENT, "conditions": bundle_of(_PROBLEM)}
    if HOOKS[hook].has_orders:
        prefetch["observations"] = bundle_of(_RESULT)
    return body | {"prefetch": prefetch}
