"""Small charts for the hazards: a person, what is known, what is being ordered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask.testing import FlaskClient

NOW = "2026-11-24T09:00:00Z"
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


def person(born: str = "1984-03-02", gender: str = "female") -> Json:
    return {"resourceType": "Patient", "id": "p", "birthDate": born, "gender": gender}


def _about(kind: str, name: str, **content: Any) -> Json:
    return {"resourceType": kind, "id": name, "subject": {"reference": "Patient/p"}, **content}


def problem(code: str, text: str, onset: str | None = "2026-11-14", **content: Any) -> Json:
    coded = {"coding": [{"system": ICD, "code": code, "display": text}], "text": text}
    active = {"coding": [{"code": "active"}]}
    result = {"clinicalStatus": active, "code": coded, **content}
    return _about("Condition", f"c-{code.replace('.', '-')}", **result, **({"onsetDateTime": onset} if onset else {}))


def sciatica(onset: str | None = "2026-11-14") -> Json:
    return problem("M54.31", "Sciatica, right side", onset)


def answer(code: str, yes: bool, day: str = "2026-11-24") -> Json:
    coded = {"coding": [{"system": LOCAL, "code": code}]}
    return _about("Observation", f"a-{code}", status="final", code=coded, effectiveDateTime=day, valueBoolean=yes)


def measured(code: str, value: float, unit: str | None, day: str, system: str = LOINC, **content: Any) -> Json:
    quantity = {"value": value} | ({"unit": unit, "system": UCUM, "code": unit} if unit else {})
    result = {"status": "final", "code": {"coding": [{"system": system, "code": code}]}, **content}
    return _about("Observation", f"o-{code}-{day}", effectiveDateTime=day, valueQuantity=quantity, **result)


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


def ask(client: FlaskClient, resources: Sequence[Json], hook: str = "patient-view", complete: str = "") -> Json:
    """The whole answer about these resources."""
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": item} for item in resources]}
    answered = client.post(f"/evaluate?hook={hook}&now={NOW}&complete={complete}", json=bundle)
    assert answered.status_code == 200, answered.get_json()
    content: Json = answered.get_json()
    return content


def speaking(answered: Json, indicator: str | None = None) -> set[str]:
    """The rules that speak, on cards of one indicator or on all."""
    return {
        rule["id"]
        for card in answered["cards"]
        if indicator in (None, card["indicator"])
        for rule in card.get("extension", {}).get("sciatica-cds.why", {}).get("rules", ())
        if "coveredBy" not in rule
    }


def status_of(answered: Json, finding: str) -> str:
    findings = answered["extension"]["sciatica-cds.decision"]["findings"]
    return next(str(item["status"]) for item in findings if item["name"] == finding)


def value_of(answered: Json, finding: str) -> float | None:
    findings = answered["extension"]["sciatica-cds.decision"]["findings"]
    value = next(item.get("value") for item in findings if item["name"] == finding)
    return None if value is None else float(value)


def suggested(answered: Json) -> list[Json]:
    """Every order that any suggestion would create."""
    return [
        action["resource"]
        for card in answered["cards"]
        for suggestion in card.get("suggestions", ())
        for action in suggestion["actions"]
        if action["type"] == "create"
    ]


def drugs_suggested(answered: Json) -> set[str]:
    """The names of the drugs that any suggestion would create."""
    return {
        order["medicationCodeableConcept"]["coding"][0]["display"].lower().split()[0]
        for order in suggested(answered)
        if order["resourceType"] == "MedicationRequest"
    }


def details(answered: Json) -> str:
    return "\n".join(card["detail"] for card in answered["cards"])
