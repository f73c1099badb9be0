"""H-03, H-04, H-09: no stale value, no wrong unit, nobody else's data and no old episode."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.hazards.answers import ask, details, drugs_suggested, signing, speaking, status_of, value_of, visiting
from tests.hazards.charts import IBUPROFEN, Json, answer, measured, ordered, person, problem, sciatica, told_in_words

EGFR = "98979-8"
GFR_UNIT = "mL/min/{1.73_m2}"


def order_with(client: FlaskClient, *results: dict[str, object]) -> dict[str, object]:
    return signing(client, *results)


@pytest.mark.parametrize(("day", "known"), [("2025-11-24", True), ("2025-11-23", False)])
def test_h03_a_result_counts_for_its_look_back_and_not_a_day_longer(client: FlaskClient, day: str, known: bool) -> None:
    answered = order_with(client, measured(EGFR, 25, GFR_UNIT, day))
    assert ("sf-nsaid-egfr-below-30" in speaking(answered, "critical")) is known
    assert (status_of(answered, "egfr") == "present") is known


def test_h03_the_newest_final_result_decides_and_is_shown_with_its_date(client: FlaskClient) -> None:
    answered = order_with(
        client, measured(EGFR, 80, GFR_UNIT, "2026-03-01"), measured(EGFR, 25, GFR_UNIT, "2026-10-30")
    )
    assert value_of(answered, "egfr") == 25
    assert "2026-10-30" in details(answered)


@pytest.mark.parametrize("status", ["preliminary", "cancelled", "entered-in-error"])
def test_h03_a_result_that_is_not_final_never_decides(client: FlaskClient, status: str) -> None:
    answered = order_with(
        client,
        measured(EGFR, 80, GFR_UNIT, "2026-10-01"),
        measured(EGFR, 25, GFR_UNIT, "2026-11-20", status=status),
    )
    assert value_of(answered, "egfr") == 80
    assert "sf-nsaid-egfr-below-30" not in speaking(answered)


def test_h04_the_same_creatinine_in_two_units_is_the_same_kidney(client: FlaskClient) -> None:
    american = order_with(client, measured("2160-0", 2.5, "mg/dL", "2026-11-01"))
    european = order_with(client, measured("14682-9", 221, "umol/L", "2026-11-01"))
    assert speaking(american) == speaking(european)
    assert value_of(american, "egfr") == pytest.approx(value_of(european, "egfr"), abs=0.1)


def test_h04_a_creatinine_without_a_unit_is_not_used(client: FlaskClient) -> None:
    assert status_of(order_with(client, measured("2160-0", 2.5, None, "2026-11-01")), "egfr") == "unknown"


@pytest.mark.parametrize(
    ("value", "unit", "fever"), [(38.0, "Cel", True), (100.4, "[degF]", True), (100.0, "[degF]", False)]
)
def test_h04_fever_is_the_same_in_fahrenheit(client: FlaskClient, value: float, unit: str, fever: bool) -> None:
    answered = ask(client, [person(), sciatica(), measured("8310-5", value, unit, "2026-11-24")])
    assert ("rf-infection-suspected" in speaking(answered, "critical")) is fever


def test_h04_a_value_no_living_person_has_is_not_used(client: FlaskClient) -> None:
    answered = ask(client, [person(), sciatica(), measured("8310-5", 380, "Cel", "2026-11-24")])
    assert status_of(answered, "body-temperature") == "unknown"


def test_h09_the_onset_of_a_past_episode_does_not_date_this_one(client: FlaskClient) -> None:
    past = problem("M54.5", "Low back pain", "2019-02-01", clinicalStatus={"coding": [{"code": "resolved"}]})
    answered = ask(client, [person(), past, sciatica("2026-11-14")], complete="all")
    assert value_of(answered, "symptom-duration") == 10
    assert status_of(answered, "duration-6-weeks-or-more") == "absent"


def test_h09_the_card_shows_the_onset_it_counted_from(client: FlaskClient) -> None:
    answered = ask(client, [person(), sciatica("2026-11-14")], complete="all")
    assert "2026-11-14" in details(answered)


def dosed(text: str, drug: tuple[str, str] = IBUPROFEN, **content: Any) -> Json:
    return ordered(*drug, dosageInstruction=[{"text": text}], **content)


@pytest.mark.parametrize(
    "text", ["2 spoonfuls tid", "3 x 2 Tbl.", "1.600 mg 3x täglich", "800 mg tid and an extra 800 mg"]
)
def test_a_dose_that_was_told_and_cannot_be_read_is_named_where_a_ceiling_is_judged(
    client: FlaskClient, text: str
) -> None:
    answered = ask(client, [person(), sciatica(), dosed(text)], "order-sign", complete="all")
    assert "Dose could not be read: ibuprofen" in details(answered)


@pytest.mark.parametrize("text", ["as directed", "400 mg three times a day"])
def test_a_dose_that_was_not_told_or_was_read_is_no_unread_dose(client: FlaskClient, text: str) -> None:
    answered = ask(client, [person(), sciatica(), dosed(text)], "order-sign", complete="all")
    assert "could not be read" not in str(answered["cards"])


def test_a_thousand_milligrams_are_a_thousand(client: FlaskClient) -> None:
    heart = problem("I50.9", "Heart failure")
    order = dosed("1,000 mg three times a day", ("1191", "aspirin"))
    answered = ask(client, [person(), sciatica(), heart, order], "order-sign", complete="all")
    assert speaking(answered, "critical")


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026", "date not exact enough, 300 mL on 2026"),
        ("2026-11-23", None),
        ("2020", None),
    ],
)
def test_a_result_whose_date_may_be_of_today_is_named(client: FlaskClient, day: str, said: str | None) -> None:
    residual = measured("9187-6", 300, "mL", day) | {"code": {"text": "Post-void residual volume"}}
    answered = visiting(client, residual)
    assert said in details(answered) if said else "could not be read" not in details(answered)


UNKNOWN_CODE = "http://terminology.hl7.org/CodeSystem/data-absent-reason"


@pytest.mark.parametrize(
    ("code", "is_named"),
    [
        ({"coding": [{"system": UNKNOWN_CODE, "code": "unknown", "display": "Unknown"}]}, True),
        ({"reference": "ObservationDefinition/1"}, True),
        ({"coding": {"0": {"code": "answer-saddle"}}}, True),
        ({"text": "Shoe size"}, False),
        ({"coding": [{"system": "http://loinc.org", "code": "9279-1"}]}, False),
    ],
)
def test_an_answer_to_a_question_that_cannot_be_read_is_named(client: FlaskClient, code: Json, is_named: bool) -> None:
    observed = answer("x", yes=True) | {"code": code}
    answered = visiting(client, observed)
    assert ("1 entry could not be read: Observation" in details(answered)) is is_named


def quantity(value: float, unit: str) -> Json:
    return {"valueQuantity": {"value": value, "unit": unit}}


@pytest.mark.parametrize(
    ("result", "finding", "value"),
    [
        (told_in_words("ODI", **quantity(42, "%")), "odi", 42),
        (told_in_words("ODI score", valueString="21/50"), "odi", 42),
        (told_in_words("Numeric pain rating scale", valueInteger=7), "pain-score", 7),
        (told_in_words("Pain scale 0-10", valueString="7 out of 10"), "pain-score", 7),
        (told_in_words("Creat", **quantity(1.4, "mg/dL")), "creatinine", 1.4),
        (told_in_words("Creatinine", **quantity(1400, "micromol/L")), "creatinine", 15.84),
        (told_in_words("PLT", **quantity(80, "thou/mm3")), "platelets", 80),
        (told_in_words("eGFR", **quantity(45, "mL/min per 1.73 sq m")), "egfr", 45),
        (told_in_words("eGFR", **quantity(0.75, "mL/s/1.73m2")), "egfr", 45),
        (told_in_words("Residual urine [Volume] Bladder by US", **quantity(300, "mL")), "post-void-residual", 300),
    ],
)
def test_a_result_is_read_by_the_short_names_and_units_of_laboratories(
    client: FlaskClient, result: Json, finding: str, value: float
) -> None:
    answered = visiting(client, result)
    assert value_of(answered, finding) == pytest.approx(value, rel=0.01)


@pytest.mark.parametrize(
    ("result", "finding"),
    [
        (told_in_words("Pain scale FACES", valueInteger=7), "pain-score"),
        (told_in_words("Numeric rating scale for sleep", valueInteger=7), "pain-score"),
        (told_in_words("Urine creat", **quantity(70, "mg/dL")), "creatinine"),
        (told_in_words("ODI 3%", **quantity(7, "/h")), "odi"),
        (told_in_words("Mean platelet volume", **quantity(9, "fL")), "platelets"),
    ],
)
def test_another_measure_of_a_like_name_is_not(client: FlaskClient, result: Json, finding: str) -> None:
    assert status_of(visiting(client, result), finding) == "unknown"


@pytest.mark.parametrize("name", ["UPT", "Urine hCG", "Pregnancy test", "Choriogonadotropin [Presence] in Urine"])
@pytest.mark.parametrize(("words", "status"), [("positive", "present"), ("negative", "unknown")])
def test_a_pregnancy_test_in_words_alarms_and_lifts_nothing(
    client: FlaskClient, name: str, words: str, status: str
) -> None:
    answered = visiting(client, told_in_words(name, valueString=words))
    assert status_of(answered, "pregnant") == status


@pytest.mark.parametrize("name", ["SLR", "Straight-leg-raise test", "Lasègue sign"])
def test_a_straight_leg_raise_is_read_by_its_short_and_foreign_names(client: FlaskClient, name: str) -> None:
    answered = visiting(client, told_in_words(name, valueString="positive at 40 degrees"))
    assert status_of(answered, "slr-positive") == "present"


@pytest.mark.parametrize("born", ["2030-01-01", "2026-12-01", "1850-01-01", "1790"])
def test_a_birth_date_that_cannot_be_right_is_named_and_nothing_rests_on_it(client: FlaskClient, born: str) -> None:
    seen = ask(client, [person(born), sciatica()], complete="all")
    assert status_of(seen, "age") == "unknown"
    assert "the birth date cannot be right" in str(seen["cards"])
    assert not drugs_suggested(seen)
    signed = ask(client, [person(born), sciatica(), ordered(*IBUPROFEN)], "order-sign", complete="all")
    assert "the birth date cannot be right" in str(signed["cards"])
    assert "at age" not in str(signed["cards"])


@pytest.mark.parametrize(("born", "age"), [("2026-11-24", 0), ("1984-03-02", 42), ("1906-01-01", 120)])
def test_an_age_that_somebody_may_have_is_read(client: FlaskClient, born: str, age: int) -> None:
    seen = ask(client, [person(born), sciatica()], complete="all")
    assert value_of(seen, "age") == age
    assert "cannot be right" not in str(seen["cards"])


@pytest.mark.parametrize(("value", "comparator", "is_named"), [(15, ">", True), (20, ">=", True), (60, ">", False)])
def test_a_kidney_function_on_either_side_of_a_limit_is_named_beside_an_order(
    client: FlaskClient, value: int, comparator: str, is_named: bool
) -> None:
    result = measured("98979-8", value, "mL/min/{1.73_m2}", "2026-11-20")
    result["valueQuantity"]["comparator"] = comparator
    answered = signing(client, result)
    assert not speaking(answered, "critical")
    assert ("No exact number: eGFR" in details(answered)) is is_named


@pytest.mark.parametrize(("value", "is_named"), [(150, True), (250, False)])
def test_a_residual_that_may_be_above_its_limit_is_named_at_a_visit(
    client: FlaskClient, value: int, is_named: bool
) -> None:
    residual = measured("x", value, "mL", "2026-11-23")
    residual["code"] = {"text": "Post-void residual"}
    residual["valueQuantity"]["comparator"] = ">"
    answered = visiting(client, residual)
    assert ("No exact number: post-void residual" in details(answered).replace("Post", "post")) is is_named
    assert bool(speaking(answered, "critical")) is not is_named
