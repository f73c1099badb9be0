"""Requests as EHRs send them to the small rule set: a warfarin patient with sciatica, an ibuprofen order."""

from __future__ import annotations

import copy
from typing import Any

INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"

PATIENT = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1970-02-03"}
SCIATICA = {
    "resourceType": "Condition",
    "id": "c1",
    "clinicalStatus": {"coding": [{"code": "active"}]},
    "verificationStatus": {"coding": [{"code": "confirmed"}]},
    "code": {"coding": [{"system": ICD, "code": "M54.31", "display": "Sciatica, right side"}]},
    "subject": {"reference": "Patient/p1"},
    "onsetDateTime": "2026-10-01",
}
WARFARIN = {
    "resourceType": "MedicationRequest",
    "id": "w1",
    "status": "active",
    "intent": "order",
    "medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": "11289", "display": "warfarin"}]},
    "subject": {"reference": "Patient/p1"},
    "authoredOn": "2026-08-01",
}
IBUPROFEN = {
    "resourceType": "MedicationRequest",
    "id": "draft-1",
    "status": "draft",
    "intent": "order",
    "medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": "5640", "display": "ibuprofen"}]},
    "subject": {"reference": "Patient/p1"},
}


def searchset(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": resource} for resource in resources]}


def patient_view(**changes: Any) -> dict[str, Any]:
    """patient-view for a patient with sciatica, everything prefetched."""
    body = {
        "hook": "patient-view",
        "hookInstance": INSTANCE,
        "context": {"userId": "Practitioner/7", "patientId": "p1"},
        "prefetch": {"patient": PATIENT, "conditions": searchset(SCIATICA)},
    }
    return copy.deepcopy(body) | changes


def order_sign(*orders: dict[str, Any], **prefetch: Any) -> dict[str, Any]:
    """order-sign of ibuprofen for a patient on warfarin, unless told otherwise."""
    sent = {
        "patient": PATIENT,
        "conditions": searchset(SCIATICA),
        "medications": searchset(WARFARIN),
        "statements": None,
    }
    body = {
        "hook": "order-sign",
        "hookInstance": INSTANCE,
        "context": {
            "userId": "Practitioner/7",
            "patientId": "p1",
            "draftOrders": searchset(*(orders or (IBUPROFEN,))),
        },
        "prefetch": sent | prefetch,
    }
    return copy.deepcopy(body)
