"""A drug that nobody is said to take, an allergy by its code alone, and nothing at all are told (H-02, H-12)."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.hazards.answers import NOW, ask, signing, speaking, status_of
from tests.hazards.charts import ACTIVE, ICD, RXNORM, WARFARIN, Json, drug, person, problem_in_words, sciatica


def reacting(code: str) -> Json:
    """An entry of the list of allergies with a code of ICD-10-CM and no words."""
    entry = {"resourceType": "AllergyIntolerance", "id": "a", "patient": {"reference": "Patient/p"}}
    return entry | {
        "clinicalStatus": ACTIVE,
        "code": {"coding": [{"system": ICD, "code": code}]},
    }


@pytest.mark.parametrize("code", ["T39.395A", "T39.315A", "T39.015D", "T39395A", "Z88.6"])
def test_an_allergy_that_icd_10_codes_as_an_adverse_effect_of_an_nsaid_is_one(client: FlaskClient, code: str) -> None:
    answered = signing(client, reacting(code))
    assert status_of(answered, "nsaid-allergy") == "present"
    assert speaking(answered, "critical")


@pytest.mark.parametrize("code", ["T88.7XXA", "T78.40XA", "T50.905A", "Z88.9", "T39.391A"])
def test_an_allergy_whose_code_tells_no_drug_leaves_the_question_open(client: FlaskClient, code: str) -> None:
    answered = signing(client, reacting(code))
    assert status_of(answered, "nsaid-allergy") == "unknown"
    assert code in str(answered["cards"])


@pytest.mark.parametrize("code", ["Z88.0", "T40.2X5A", "T45.515A", "Z91.010"])
def test_an_allergy_whose_code_tells_something_else_is_a_no(client: FlaskClient, code: str) -> None:
    assert status_of(signing(client, reacting(code)), "nsaid-allergy") == "absent"


def medication(code: str, text: str) -> Json:
    told = {"coding": [{"system": RXNORM, "code": code, "display": text}], "text": text}
    return {"resourceType": "Medication", "id": "m1", "status": "active", "code": told}


def taken(**content: object) -> Json:
    entry = {key: value for key, value in drug(*WARFARIN).items() if key != "medicationCodeableConcept"}
    return entry | {"medicationReference": {"reference": "Medication/m1"}} | content


def test_a_drug_that_nothing_points_at_may_be_taken_and_is_named(client: FlaskClient) -> None:
    answered = signing(client, medication(*WARFARIN))
    assert status_of(answered, "anticoagulant-active") == "unknown"
    assert "warfarin not recognised, not checked" in str(answered["cards"])


def test_a_drug_that_an_entry_points_at_is_read_as_that_entry(client: FlaskClient) -> None:
    answered = signing(client, medication(*WARFARIN), taken())
    assert "sf-nsaid-anticoagulant" in speaking(answered, "critical")
    assert "not recognised" not in str(answered["cards"])


def test_a_drug_that_no_rule_judges_is_not_named_though_nothing_points_at_it(client: FlaskClient) -> None:
    answered = signing(client, medication("6809", "metformin"))
    assert status_of(answered, "anticoagulant-active") == "absent"
    assert "metformin" not in str(answered["cards"])


@pytest.mark.parametrize("content", [{}, {"entry": []}, {"entry": None}, {"entry": [{"resource": person()}]}])
@pytest.mark.parametrize("hook", ["patient-view", "order-sign"])
def test_a_bundle_with_nothing_about_the_patient_is_never_answered_with_silence(
    client: FlaskClient, content: Json, hook: str
) -> None:
    bundle = {"resourceType": "Bundle", "type": "collection", **content}
    answered = client.post(f"/evaluate?hook={hook}&now={NOW}", json=bundle).get_json()
    assert "the problem list" in answered["cards"][0]["summary"]
    assert "not received" in answered["cards"][0]["summary"]


def test_a_chart_without_a_back_problem_stays_silent_though_no_list_of_problems_came(client: FlaskClient) -> None:
    assert ask(client, [person(), drug(*WARFARIN)])["cards"] == []
    assert ask(client, [person()], complete="all")["cards"] == []


@pytest.mark.parametrize("dated", [{"recordedDate": None}, {"onsetDateTime": "2026"}])
def test_an_injury_that_does_not_tell_when_it_was_is_named_at_a_visit(client: FlaskClient, dated: Json) -> None:
    seen = ask(client, [person(), sciatica(), problem_in_words("Fall from ladder", **dated)], complete="all")
    assert "rf-major-trauma" not in speaking(seen)
    assert "No date, or none exact enough: Fall from ladder" in str(seen["cards"])


@pytest.mark.parametrize("day", ["2026-11-20", "2015-03-01"])
def test_an_injury_of_a_known_day_is_judged_by_it(client: FlaskClient, day: str) -> None:
    fall = problem_in_words("Fall from ladder", onsetDateTime=day)
    seen = ask(client, [person(), sciatica(), fall], complete="all")
    assert ("rf-major-trauma" in speaking(seen, "critical")) is (day == "2026-11-20")
    assert "No date, or none exact enough" not in str(seen["cards"])
