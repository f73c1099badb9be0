"""The pathway card tells at a glance where a patient with sciatica stands, and never stands in the way of an alarm."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.hazards.answers import ask, speaking, suggested, visiting
from tests.hazards.charts import Json, answer, drug, drug_in_words, measured, person, problem, sciatica

SPASM = problem("M62.830", "Muscle spasm of back", "2026-11-21")
KIDNEYS = measured("98979-8", 90, "mL/min/{1.73_m2}", "2026-11-01")
SCREENED = answer("answer-red-flag-screen-negative", yes=True)


def pathway_cards(answered: Json) -> list[Json]:
    return [card for card in answered["cards"] if card["source"]["topic"]["code"].startswith("pathway")]


def test_the_first_visit_shows_the_first_step_without_opening_anything(client: FlaskClient) -> None:
    chart = [person("1984-03-02", "male"), sciatica("2026-11-21"), SPASM, KIDNEYS, SCREENED]
    answered = ask(client, chart, complete="all")
    (card,) = answered["cards"]
    assert card["summary"].startswith("Sciatica, week 0: first step. Now: staying active, ")
    assert "short NSAID course after checks" in card["summary"]
    assert "Tried: nothing on record." in card["detail"]
    assert {"fl-stay-active", "fl-nsaid-short-course", "fl-heat"} <= speaking(answered)
    assert "MedicationRequest" in {order["resourceType"] for order in suggested(answered)}


@pytest.mark.parametrize(
    ("onset", "step"),
    [
        ("2026-11-11", "week 1: first step."),
        ("2026-11-10", "week 2: reassess."),
        ("2026-10-28", "week 3: reassess."),
        ("2026-10-27", "week 4: is it falling?"),
        ("2026-10-14", "week 5: is it falling?"),
        ("2026-10-13", "week 6: decision."),
        ("2026-09-01", "week 12: decision."),
        ("2026-08-31", "week 12: chronic step."),
        ("2026-07-08", "week 19: chronic step."),
        ("2026-07-07", "week 20: surgical window."),
        ("2026-05-27", "week 25: surgical window."),
        ("2026-05-26", "week 26: review."),
    ],
)
def test_each_week_has_its_step(client: FlaskClient, onset: str, step: str) -> None:
    answered = ask(client, [person("1984-03-02", "male"), sciatica(onset), SCREENED], complete="all")
    (card,) = pathway_cards(answered)
    assert card["summary"].startswith(f"Sciatica, {step}")


@pytest.mark.parametrize(
    ("recorded", "summary"),
    [
        ({"recordedDate": "2026-11-10"}, "Sciatica, week unknown, on record since (10 Nov): record when it began."),
        ({}, "Sciatica, week unknown: record when it began."),
    ],
)
def test_without_an_onset_the_week_is_unknown_and_asked_for(
    client: FlaskClient, recorded: dict[str, str], summary: str
) -> None:
    begun = problem("M54.31", "Sciatica, right side", None, **recorded)
    (card,) = pathway_cards(ask(client, [person(), begun, SCREENED], complete="all"))
    assert card["summary"].startswith(summary)


def test_a_year_after_the_onset_it_has_ended(client: FlaskClient) -> None:
    answered = ask(client, [person("1984-03-02", "male"), sciatica("2025-11-24"), SCREENED], complete="all")
    assert pathway_cards(answered) == []


def test_what_was_tried_and_the_response_stand_on_it_with_dates(client: FlaskClient) -> None:
    therapy = {
        "resourceType": "Procedure",
        "id": "pt",
        "status": "completed",
        "subject": {"reference": "Patient/p"},
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "91251008", "display": "Physical therapy"}]},
        "performedDateTime": "2026-10-20",
    }
    scores = [measured("72514-3", value, "{score}", day) for value, day in ((8, "2026-10-10"), (7, "2026-11-20"))]
    chart = [
        person("1984-03-02", "male"),
        sciatica("2026-10-06"),
        therapy,
        *scores,
        drug("5640", "ibuprofen"),
        SCREENED,
    ]
    (card,) = pathway_cards(ask(client, chart, complete="all"))
    assert "physical therapy (20 Oct)" in card["detail"]
    assert "NSAID course (1 Nov)" in card["detail"]
    assert "Response: " in card["detail"]


def test_a_red_flag_replaces_it(client: FlaskClient) -> None:
    chart = [person("1984-03-02", "male"), sciatica("2026-11-14"), answer("answer-saddle", yes=True)]
    answered = ask(client, chart, complete="all")
    assert pathway_cards(answered) == []
    assert answered["cards"][0]["indicator"] == "critical"


@pytest.mark.parametrize(
    ("name", "since"), [("cyclobenzaprine 10 MG", "mo-relaxant-stop-date"), ("naproxen 500 MG", "mo-nsaid-review")]
)
def test_a_running_drug_whose_order_tells_no_length_is_reviewed_by_the_days_since_it(
    client: FlaskClient, name: str, since: str
) -> None:
    def running(day: str) -> set[str]:
        order = {**drug_in_words(f"{name} Oral Tablet"), "authoredOn": day}
        return speaking(ask(client, [person(), sciatica("2026-09-01"), order], complete="all"))

    assert since in running("2026-11-09")
    assert since not in running("2026-11-12")


def test_endocarditis_with_back_pain_is_an_emergency_and_no_time_for_first_line_care(client: FlaskClient) -> None:
    infection = problem("I33.0", "Acute and subacute infective endocarditis", "2026-11-14")
    answered = visiting(client, infection)
    assert "rf-infection-suspected" in speaking(answered, "critical")
    assert not speaking(answered) & {"pathway", "fl-stay-active", "fl-nsaid-short-course"}


def test_a_sign_of_infection_after_an_operation_on_the_spine_holds_first_line_care(client: FlaskClient) -> None:
    operation = {
        "resourceType": "Procedure",
        "id": "operation",
        "status": "completed",
        "subject": {"reference": "Patient/p"},
        "code": {"text": "Lumbar discectomy"},
        "performedDateTime": "2026-10-25",
    }
    raised = measured("4537-7", 64, "mm/h", "2026-11-20")
    answered = visiting(client, operation, raised)
    assert "rf-post-procedure-infection" in speaking(answered, "critical")
    assert not speaking(answered) & {"pathway", "fl-stay-active", "fl-nsaid-short-course"}


def test_at_most_one_and_no_other_advice_of_the_visit_beside_it(client: FlaskClient) -> None:
    chart = [person("1984-03-02", "male"), sciatica("2026-10-06"), SPASM, KIDNEYS, SCREENED]
    answered = ask(client, chart, complete="all")
    assert len(pathway_cards(answered)) == 1
    assert [card["indicator"] for card in answered["cards"]] == ["info"]
