"""Small charts for the hazards: a person, what is known, what is being ordered."""

from __future__ import annotations

from typing import Any

ICD = "http://hl7.org/fhir/sid/icd-10-cm"
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
LOCAL = "urn:sciatica-cds:code"
UCUM = "http://unitsofmeasure.org"

Json = dict[str, Any]
IBUPROFEN = ("5640", "ibuprofen")
WARFARIN = ("11289", "warfarin")
CYCLOBENZAPRINE = ("21949", "cyclobenzaprine")
OXYCODONE = ("7804", "oxycodone")
ACTIVE = {"coding": [{"code": "active"}]}


def person(born: str = "1984-03-02", gender: str = "female") -> Json:
    return {"resourceType": "Patient", "id": "p", "birthDate": born, "gender": gender}


def _about(kind: str, name: str, **content: Any) -> Json:
    return {"resourceType": kind, "id": name, "subject": {"reference": "Patient/p"}, **content}


def problem(code: str, text: str, onset: str | None = "2026-11-14", **content: Any) -> Json:
    coded = {"coding": [{"system": ICD, "code": code, "display": text}], "text": text}
    result = {"clinicalStatus": ACTIVE, "code": coded, **content}
    return _about("Condition", f"c-{code.replace('.', '-')}", **result, **({"onsetDateTime": onset} if onset else {}))


def problem_in_words(text: str, **content: Any) -> Json:
    """A problem without a code that was written down four days ago."""
    result = {"clinicalStatus": ACTIVE, "code": {"text": text}, "recordedDate": "2026-11-20", **content}
    return _about("Condition", "c-words", **result)


def sciatica(onset: str | None = "2026-11-14") -> Json:
    return problem("M54.31", "Sciatica, right side", onset)


def answer(code: str, yes: bool, day: str = "2026-11-24") -> Json:
    coded = {"coding": [{"system": LOCAL, "code": code}]}
    return _about("Observation", f"a-{code}", status="final", code=coded, effectiveDateTime=day, valueBoolean=yes)


def measured(code: str, value: float, unit: str | None, day: str, system: str = LOINC, **content: Any) -> Json:
    quantity = {"value": value} | ({"unit": unit, "system": UCUM, "code": unit} if unit else {})
    result = {"status": "final", "code": {"coding": [{"system": system, "code": code}]}, **content}
    return _about("Observation", f"o-{code}-{day}", effectiveDateTime=day, valueQuantity=quantity, **result)


def told_in_words(question: str, day: str = "2026-11-24", **content: Any) -> Json:
    """An observation under a name alone, as from a system with codes of its own."""
    return _about("Observation", "o-words", status="final", code={"text": question}, effectiveDateTime=day, **content)


def form(*items: Json) -> Json:
    """A questionnaire that was filled in today."""
    result = {"status": "completed", "authored": "2026-11-24", "item": list(items)}
    return _about("QuestionnaireResponse", "q", **result)


def drug(code: str, text: str, *, status: str = "active", system: str = RXNORM, **content: Any) -> Json:
    concept = {"coding": [{"system": system, "code": code, "display": text}], "text": text}
    result = {"status": status, "intent": "order", "medicationCodeableConcept": concept, "authoredOn": "2026-11-01"}
    return _about("MedicationRequest", f"m-{status}-{code}", **result, **content)


def drug_in_words(text: str, *, status: str = "active") -> Json:
    result = {
        "status": status,
        "intent": "order",
        "medicationCodeableConcept": {"text": text},
        "authoredOn": "2026-11-01",
    }
    return _about("MedicationRequest", f"m-{status}-words", **result)


def ordered(code: str, text: str, **content: Any) -> Json:
    return drug(code, text, status="draft", **content)


EPIDURAL = _about(
    "ServiceRequest",
    "epidural",
    status="draft",
    intent="order",
    code={"text": "Lumbar epidural steroid injection L5/S1"},
)
