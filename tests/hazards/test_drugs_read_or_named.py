"""A drug that was read by half, or not at all, never makes a danger absent; one that was taken is seen (H-02, H-12)."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.hazards.charts import IBUPROFEN, Json, ask, ordered, person, sciatica, speaking, status_of

ATC = "http://www.whocc.no/atc"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SUPPLY = {"dispenseRequest": {"expectedSupplyDuration": {"value": 28, "unit": "days", "code": "d"}}}


def taken(concept: Json, status: str = "active", **more: object) -> Json:
    """An order of a drug on the list."""
    whose = {"subject": {"reference": "Patient/p"}, "intent": "order", "status": status}
    return {"resourceType": "MedicationRequest", "id": "mx", "medicationCodeableConcept": concept, **whose, **more}


def signing(client: FlaskClient, *entries: Json) -> Json:
    """The answer about ibuprofen being signed for somebody with sciatica and these drugs; every list came."""
    return ask(client, [person(), sciatica(), *entries, ordered(*IBUPROFEN)], "order-sign", complete="all")


@pytest.mark.parametrize(
    ("concept", "finding", "expected"),
    [
        ({"text": "xyzolin 100 mg / paracetamol 325 mg"}, "anticoagulant-active", "unknown"),
        ({"text": "xyzolin 100 mg / paracetamol 325 mg"}, "acetaminophen-active", "present"),
        ({"coding": [{"system": RXNORM, "code": "861007"}], "text": "metFORMIN"}, "anticoagulant-active", "absent"),
        (
            {"coding": [{"system": ATC, "code": "C03AA01", "display": "Bendroflumethiazide"}]},
            "diuretic-active",
            "present",
        ),
        ({"coding": [{"system": ATC, "code": "S01BC11", "display": "bromfenac"}]}, "nsaid-active", "absent"),
        ({"text": "Voltaren Emulgel"}, "nsaid-active", "absent"),
        ({"text": "Marcoumar 3 mg"}, "anticoagulant-active", "present"),
        ({"text": "aspirin"}, "aspirin-analgesic-active", "unknown"),
    ],
)
def test_a_drug_on_the_list_is_read_or_leaves_the_question_open(
    client: FlaskClient, concept: Json, finding: str, expected: str
) -> None:
    assert status_of(signing(client, taken(concept)), finding) == expected


def test_a_drug_that_was_not_read_is_named_on_a_card(client: FlaskClient) -> None:
    answered = signing(client, taken({"text": "xyzolin 10 mg"}))
    assert "xyzolin" in str([card["summary"] + card["detail"] for card in answered["cards"]])


def test_the_same_nsaid_in_a_combination_is_a_duplicate(client: FlaskClient) -> None:
    answered = signing(client, taken({"text": "Hydrocodone bitartrate 10 mg and ibuprofen 200 mg oral tablet"}))
    assert "oc-duplicate-nsaid" in speaking(answered, "critical")


def test_a_prescription_completed_yesterday_with_supply_for_weeks_is_being_taken(client: FlaskClient) -> None:
    warfarin = taken({"text": "warfarin 5 mg tablet"}, "completed", authoredOn="2026-11-23", **SUPPLY)
    assert status_of(signing(client, warfarin), "anticoagulant-active") == "present"


def test_no_card_calls_two_drugs_safe_while_the_third_may_be_on_the_list(client: FlaskClient) -> None:
    lisinopril = {**taken({"text": "lisinopril 10 mg"}), "id": "m1"}
    answered = signing(client, lisinopril, taken({"text": "xyzolin 5 mg"}))
    assert "showed no rise" not in str(answered["cards"])


@pytest.mark.parametrize(
    "system", ["https://dmd.nhs.uk", "http://snomed.info/sct", "http://hl7.org/fhir/NamingSystem/ca-hc-din"]
)
def test_a_product_code_of_another_country_is_read_by_its_words_or_named(client: FlaskClient, system: str) -> None:
    code = "319735007"
    named = taken({"coding": [{"system": system, "code": code, "display": "Warfarin 5mg tablets"}]})
    assert "sf-nsaid-anticoagulant" in speaking(signing(client, named), "critical")
    bare = signing(client, taken({"coding": [{"system": system, "code": code}]}))
    assert status_of(bare, "anticoagulant-active") == "unknown"
    assert f"Not recognised: {code}" in str(bare["cards"])


@pytest.mark.parametrize(("end", "indicator"), [("2027-01-01", "critical"), ("2026-11-01", None)])
def test_an_order_completed_at_issue_is_taken_until_the_end_of_its_dosage(
    client: FlaskClient, end: str, indicator: str | None
) -> None:
    repeat = {"boundsPeriod": {"start": "2026-06-01", "end": end}, "frequency": 1, "period": 1, "periodUnit": "d"}
    dosage = [{"timing": {"repeat": repeat}}]
    warfarin = taken({"text": "warfarin 5 mg"}, "completed", dosageInstruction=dosage, authoredOn="2026-06-01")
    answered = signing(client, warfarin)
    assert bool(speaking(answered, "critical")) is (indicator is not None)
