"""Units: converted exactly or refused, never guessed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.note import Note, NoteCode
from service.record.notes import text_of
from service.record.values.units import (
    Reading,
    Refused,
    canonical,
    convert,
    decimal,
    is_plausible,
    read_value,
    substance_of,
)

EGFR = "mL/min/{1.73_m2}"


def quantity(value: object, unit: str | None = None, code: str | None = None, **more: object) -> dict[str, Any]:
    given = {"value": value, "unit": unit, "code": code, **more}
    return {"valueQuantity": {key: part for key, part in given.items() if part is not None}}


def read(holder: dict[str, Any], unit: str, substance: str | None = None) -> Reading:
    reading = read_value(holder, unit, substance)
    assert isinstance(reading, Reading), reading
    return reading


def refused(holder: dict[str, Any], unit: str, substance: str | None = None) -> str:
    answer = read_value(holder, unit, substance)
    assert isinstance(answer, Refused), answer
    return text_of(answer.reason)


@pytest.mark.parametrize(
    ("holder", "unit", "substance", "value"),
    [
        (quantity(88.4, "umol/L", "umol/L"), "mg/dL", "creatinine", "1"),
        (quantity(1.3, "mg/dl"), "mg/dL", "creatinine", "1.3"),
        (quantity(48, "mmol/mol", "mmol/mol"), "%", "hba1c", "6.542"),
        (quantity(6.5, "%", "%"), "%", "hba1c", "6.5"),
        (quantity(100.4, "degF", "[degF]"), "Cel", None, "38"),
        (quantity(38, "C"), "Cel", None, "38"),
        (quantity(5, "mmol/L"), "mg/dL", "glucose", "90"),
        (quantity(2.5, "mmol/L"), "mg/dL", "calcium", "10.02"),
        (quantity(1, "mmol/L"), "mg/dL", "magnesium", "2.43"),
        (quantity(17.1, "umol/L"), "mg/dL", "bilirubin", "1"),
        (quantity(5, "mg/dL", "mg/dL"), "mg/L", "crp", "50"),
        (quantity(100, "lbs", "[lb_av]"), "kg", None, "45.359237"),
        (quantity(250, "K/uL"), "10*9/L", None, "250"),
        (quantity(4.1, "mEq/L"), "mmol/L", "potassium", "4.1"),
        (quantity(140, "days"), "wk", None, "20"),
        (quantity(350, "mL", "mL"), "mL", None, "350"),
        (quantity(7, "{score}", "{score}"), "{score}", None, "7"),
        (quantity(7), "{score}", None, "7"),
        (quantity(2.4, "{INR}"), "{INR}", "inr", "2.4"),
        (quantity(45, "mL/min/1.73 m²"), EGFR, "egfr", "45"),
        (quantity(120, "mmHg", "mm[Hg]"), "mm[Hg]", None, "120"),
    ],
)
def test_a_value_is_brought_to_the_unit_asked_for(
    holder: dict[str, Any], unit: str, substance: str | None, value: str
) -> None:
    reading = read(holder, unit, substance)
    assert reading.low == reading.high == Decimal(value)
    assert reading.unit == unit


@pytest.mark.parametrize(
    ("holder", "unit", "substance", "reason"),
    [
        (quantity(1.3), "mg/dL", "creatinine", "unit not given"),
        (quantity(48), "%", "hba1c", "unit not given"),
        (quantity(5, "mmol/L"), "mg/dL", None, "unit does not convert"),
        (quantity(5, "TAB", "TAB"), "mg", None, "unit not known"),
        (quantity(5, "mmol/L", "mg/dL"), "mg/dL", "glucose", "unit code and unit text disagree"),
        (quantity(40, "mm", "mm"), "{score}", None, "unit does not convert"),
        (quantity(90, "mL/min", "mL/min"), "mg/dL", "creatinine", "unit does not convert"),
        (quantity(2, "MG"), "mg", None, "unit not known"),
        ({"valueString": "normal"}, EGFR, "egfr", "text is not a number"),
        ({"valueString": "3,5 mg/dL"}, "mg/dL", "creatinine", "unit not known"),
        ({"valueString": "1.2"}, "mg/dL", "creatinine", "unit not given"),
        ({"valueBoolean": True}, EGFR, "egfr", "not a number"),
        ({}, EGFR, "egfr", "no value given"),
        (quantity(float("nan"), "kg"), "kg", None, "not a number"),
        ({"valueQuantity": {"value": True, "unit": "kg"}}, "kg", None, "not a number"),
        (quantity(60, EGFR, comparator="about"), EGFR, "egfr", "comparator not understood"),
    ],
)
def test_what_cannot_be_known_is_refused(holder: dict[str, Any], unit: str, substance: str | None, reason: str) -> None:
    assert refused(holder, unit, substance) == reason


def test_hba1c_above_twenty_percent_is_not_taken_for_percent() -> None:
    assert "mmol/mol" in refused(quantity(48, "%", "%"), "%", "hba1c")
    assert read(quantity(20, "%", "%"), "%", "hba1c").low == 20


def test_more_than_sixty_is_open_above_and_not_sixty() -> None:
    for holder in ({"valueString": ">60"}, quantity(60, EGFR, comparator=">")):
        reading = read(holder, EGFR, "egfr")
        assert reading.high is None
        assert reading.low is not None
        assert 60 < reading.low < Decimal("60.001")


def test_at_least_sixty_is_sixty_or_more() -> None:
    assert read({"valueString": ">= 60 mL/min/1.73m2"}, EGFR, "egfr").interval.low == 60
    assert read({"valueString": "≥60"}, EGFR, "egfr").interval.low == 60


def test_less_than_thirty_is_below_thirty() -> None:
    reading = read(quantity(30, EGFR, comparator="<"), EGFR, "egfr")
    assert reading.low is None
    assert reading.high is not None
    assert reading.high < 30


def test_an_egfr_without_its_body_surface_is_taken_with_a_remark() -> None:
    reading = read(quantity(59, "mL/min", "mL/min"), EGFR, "egfr")
    assert reading.low == 59
    assert reading.note == Note(NoteCode.UNIT_ML_PER_MIN)


def test_seven_of_ten_says_out_of_what() -> None:
    reading = read({"valueString": "7/10"}, "{score}")
    assert reading.low == 7
    assert reading.note == Note(NoteCode.OUT_OF, number=10)


def test_seven_to_eight_is_an_interval() -> None:
    reading = read({"valueString": "7-8"}, "{score}")
    assert (reading.low, reading.high) == (7, 8)


def test_a_range_is_an_interval() -> None:
    ends = {"low": {"value": 2, "unit": "wk"}, "high": {"value": 3, "unit": "wk"}}
    reading = read({"valueRange": ends}, "d")
    assert (reading.low, reading.high) == (14, 21)


def test_a_range_upside_down_is_refused() -> None:
    ends = {"low": {"value": 3, "unit": "wk"}, "high": {"value": 2, "unit": "wk"}}
    assert refused({"valueRange": ends}, "d") == "range not understood"


def test_the_text_shows_what_was_recorded() -> None:
    assert read(quantity(88.4, "umol/L"), "mg/dL", "creatinine").text == "88.4 umol/L"


def test_the_unit_text_helps_where_the_code_is_none() -> None:
    assert read(quantity(88.4, "umol/L", "258814008"), "mg/dL", "creatinine").low == 1


def test_decimals_keep_what_was_written() -> None:
    assert decimal(0.1) == Decimal("0.1")
    assert decimal("7.50") == Decimal("7.50")
    for odd in (True, None, "", "7 mg", "1e9999", float("inf"), [1]):
        assert decimal(odd) is None


def test_the_substance_is_known_by_the_value_set() -> None:
    assert substance_of(["obs-creatinine"]) == "creatinine"
    assert substance_of(["obs-esr"]) is None
    assert substance_of(["obs-creatinine", "obs-glucose"]) is None


def test_plausible_means_that_it_could_be() -> None:
    reading = read({"valueString": ">60"}, EGFR, "egfr")
    assert is_plausible(reading, Decimal(1), Decimal(200))
    assert not is_plausible(reading, Decimal(1), Decimal(50))


def test_spellings_of_one_unit_are_one() -> None:
    assert {canonical(text) for text in ("mm[Hg]", "mmHg", "mm Hg", "MMHG")} == {"mm[Hg]"}
    assert canonical("furlong") is None
    assert canonical(None) is None


def test_there_and_back_is_the_same() -> None:
    there = convert(Decimal("1.35"), "mg/dL", "umol/L", "creatinine")
    assert there is not None
    assert convert(there, "umol/L", "mg/dL", "creatinine") == Decimal("1.35")


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_odd_values_never_raise(value: object) -> None:
    for key in ("valueQuantity", "valueString", "valueInteger", "valueRange"):
        read_value({key: value}, "mg/dL", "creatinine")
    read_value({"valueQuantity": {"value": value, "unit": value, "code": value, "comparator": value}}, "kg")


@pytest.mark.parametrize(("code", "number"), [("LA6111-4", 0), ("LA6115-5", 4), ("LA10137-0", 5), ("LA13942-0", 10)])
def test_the_answer_of_a_numeric_rating_is_read_without_its_words(code: str, number: int) -> None:
    reading = read_value(
        {"valueCodeableConcept": {"coding": [{"system": "http://loinc.org", "code": code}]}}, "{score}"
    )
    assert not isinstance(reading, Refused)
    assert reading.low == reading.high == number
    other = read_value({"valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": code}]}}, "1")
    assert isinstance(other, Refused)


def test_what_is_known_of_one_number_is_not_told_of_another_that_equals_it() -> None:
    written: list[object] = [5, 5.0, "5", -0.0, 0.0, 0, True, float("inf"), 10**50]
    for value in (*written, *written):
        holder = quantity(value, "mg/dL", "mg/dL")
        anew = read_value({"valueQuantity": {**holder["valueQuantity"], "comparator": None}}, "mg/dL")
        found = read_value(holder, "mg/dL")
        assert (repr(found), found) == (repr(anew), anew)
