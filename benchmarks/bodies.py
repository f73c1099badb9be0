"""Calls of an EHR at a chosen size: a patient with sciatica and a long, dull, realistic record around it.

The proportions follow published synthetic records: mostly laboratory results and vital signs, then
prescriptions, problems, procedures. All of it is invented here; no value comes from a person.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from itertools import count, cycle, islice
from typing import Any

PATIENT = "bench-1"
TODAY = date.today()  # noqa: DTZ011 - a calendar day near the server's clock is all that is meant

ICD = "http://hl7.org/fhir/sid/icd-10-cm"
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
SUBJECT = {"reference": f"Patient/{PATIENT}"}
_PATIENTS = count(2)

# code, words, value, unit
MEASURED = (
    ("33914-3", "Glomerular filtration rate", 72, "mL/min/{1.73_m2}"),
    ("8867-4", "Heart rate", 74, "/min"),
    ("2160-0", "Creatinine", 0.9, "mg/dL"),
    ("29463-7", "Body weight", 81, "kg"),
    ("8302-2", "Body height", 176, "cm"),
    ("718-7", "Hemoglobin", 14.1, "g/dL"),
    ("2339-0", "Glucose", 96, "mg/dL"),
    ("8310-5", "Body temperature", 36.8, "Cel"),
)
PROBLEMS = (
    ("M54.31", "Sciatica, right side"),
    ("I10", "Essential hypertension"),
    ("E78.5", "Hyperlipidemia"),
    ("J06.9", "Acute upper respiratory infection"),
)
# A chart about something else: the same, and no problem of the back.
OTHER_PROBLEMS = (*PROBLEMS[1:], ("J45", "Asthma"))
# A chart of which the rules read nearly everything: problems and drugs that decide whether a drug may be given.
DENSE_PROBLEMS = (
    ("M54.31", "Sciatica, right side"),
    ("I10", "Essential (primary) hypertension"),
    ("J45", "Asthma"),
    ("F32", "Depressive episode"),
    ("M62.830", "Muscle spasm of back"),
    ("E05", "Thyrotoxicosis [hyperthyroidism]"),
    ("M54.5", "Low back pain"),
    ("E08", "Diabetes mellitus due to underlying condition"),
)
DENSE_DRUGS = (
    ("3827", "enalapril"),
    ("5640", "ibuprofen"),
    ("21949", "cyclobenzaprine"),
    ("7804", "oxycodone"),
    ("25480", "gabapentin"),
    ("2556", "citalopram"),
    ("596", "alprazolam"),
    ("57258", "tizanidine"),
    ("11289", "warfarin"),
)
DRUGS = (("314076", "lisinopril 10 MG Oral Tablet"), ("617312", "atorvastatin 20 MG Oral Tablet"))
PROCEDURES = (("430193006", "Medication reconciliation"), ("710824005", "Assessment of health and social care needs"))


def _day(index: int) -> str:
    return (TODAY - timedelta(days=10 + 9 * index)).isoformat()


def _concept(system: str, code: str, text: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": text}], "text": text}


def measured(index: int) -> dict[str, Any]:
    """One result, a different one each time."""
    code, text, value, unit = MEASURED[index % len(MEASURED)]
    return {
        "resourceType": "Observation",
        "id": f"obs-{index}",
        "status": "final",
        "category": [
            _concept("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory", "Laboratory")
        ],
        "code": _concept(LOINC, code, text),
        "subject": SUBJECT,
        "effectiveDateTime": f"{_day(index)}T08:30:00+01:00",
        "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
    }


def problem(index: int, among: Sequence[tuple[str, str]] = PROBLEMS) -> dict[str, Any]:
    """One entry of a problem list."""
    code, text = among[index % len(among)]
    clinical = "active" if index < len(among) else "resolved"
    return {
        "resourceType": "Condition",
        "id": f"cond-{index}",
        "clinicalStatus": _concept("http://terminology.hl7.org/CodeSystem/condition-clinical", clinical, clinical),
        "verificationStatus": _concept(
            "http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed", "Confirmed"
        ),
        "code": _concept(ICD, code, text),
        "subject": SUBJECT,
        "onsetDateTime": _day(index),
        "recordedDate": _day(index),
    }


def prescription(index: int, among: Sequence[tuple[str, str]] = DRUGS) -> dict[str, Any]:
    """One order of a drug."""
    code, text = among[index % len(among)]
    return {
        "resourceType": "MedicationRequest",
        "id": f"med-{index}",
        "status": "active" if index < len(among) else "completed",
        "intent": "order",
        "medicationCodeableConcept": _concept(RXNORM, code, text),
        "subject": SUBJECT,
        "authoredOn": _day(index),
        "dosageInstruction": [
            {"text": "one tablet daily", "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}}
        ],
    }


def _procedure(index: int) -> dict[str, Any]:
    code, text = PROCEDURES[index % len(PROCEDURES)]
    return {
        "resourceType": "Procedure",
        "id": f"proc-{index}",
        "status": "completed",
        "code": _concept(SNOMED, code, text),
        "subject": SUBJECT,
        "performedDateTime": _day(index),
    }


KINDS = ("nothing to say", "realistic", "dense")
"""Kinds of charts: about something else, sciatica in a long dull record, sciatica and all that the rules read."""


def record(size: int, kind: str = "realistic") -> list[dict[str, Any]]:
    """A record of exactly ``size`` resources (5 or more), the patient among them."""
    problems = {"nothing to say": OTHER_PROBLEMS, "realistic": PROBLEMS, "dense": DENSE_PROBLEMS}[kind]
    drugs = DENSE_DRUGS if kind == "dense" else DRUGS
    a_problem, a_drug = partial(problem, among=problems), partial(prescription, among=drugs)
    patient = {"resourceType": "Patient", "id": PATIENT, "gender": "female", "birthDate": "1979-03-02"}
    dull: Sequence[Callable[[int], dict[str, Any]]] = (
        *(a_problem, measured, a_drug, measured, measured, _procedure, measured, measured),
    )
    dense: Sequence[Callable[[int], dict[str, Any]]] = (a_problem, a_drug, measured, measured, measured)
    makers = cycle(dense if kind == "dense" else dull)
    counts: dict[Any, int] = {}

    def others() -> Iterator[dict[str, Any]]:
        for make in makers:
            counts[make] = counts.get(make, -1) + 1
            yield make(counts[make])

    return [patient, *islice(others(), size - 1)]


def draft_order() -> dict[str, Any]:
    """The order being signed: ibuprofen, which sets off most of the safety rules."""
    return {
        "resourceType": "MedicationRequest",
        "id": "draft-1",
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": _concept(RXNORM, "197806", "ibuprofen 600 MG Oral Tablet"),
        "subject": SUBJECT,
    }


def calls(service: Mapping[str, Any], size: int, kind: str) -> Iterator[bytes]:
    """Calls about one patient after another with the same chart; no patient has been asked about in this process."""
    body = hook_request(service, size, kind)
    return (body.replace(PATIENT.encode(), f"bench-{next(_PATIENTS)}".encode()) for _ in count())


def hook_request(service: Mapping[str, Any], size: int, kind: str = "realistic") -> bytes:
    """The body of a call of ``service`` (its entry in discovery) with ``size`` resources prefetched."""
    left: dict[str, list[dict[str, Any]]] = {}
    for resource in record(size, kind):
        left.setdefault(resource["resourceType"], []).append(resource)
    prefetch = {key: _answer(template, left) for key, template in service.get("prefetch", {}).items()}
    context: dict[str, Any] = {"userId": "Practitioner/bench", "patientId": PATIENT, "encounterId": "bench-visit"}
    if service["hook"] != "patient-view":
        context["draftOrders"] = {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"resource": draft_order()}],
        }
    if service["hook"] == "order-select":
        context["selections"] = ["MedicationRequest/draft-1"]
    body = {
        "hook": service["hook"],
        "hookInstance": "7d0c4f3e-6f0a-4c43-9f0e-0d5b2f7a1c11",
        "context": context,
        "prefetch": prefetch,
    }
    return json.dumps(body).encode()


def _answer(template: str, left: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """What the EHR puts under one prefetch key; the first key of a type gets all of that type."""
    kind = template.partition("?")[0].partition("/")[0]
    found = left.pop(kind, [])
    if kind == "Patient" and "?" not in template:
        return found[0] if found else {"resourceType": "Patient", "id": PATIENT}
    entries = [{"fullUrl": f"https://ehr.example/fhir/{kind}/{each['id']}", "resource": each} for each in found]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(entries),
        **({"entry": entries} if entries else {}),
    }
