"""Gestation: weeks of the current pregnancy."""

from __future__ import annotations

from decimal import Decimal

import pytest

from service.finding import Status
from tests.unit.record.facts_in_python import ICD, LOINC, condition, fact, find, measured, notes, observation, source

WEEKS = fact(
    "gestation", source("Observation", "obs-gestational-age"), source("Condition", "cond-pregnancy"), unit="wk"
)
AGE = (LOINC, "18185-9", "Gestational age")
DELIVERY = (LOINC, "11778-8", "Delivery date Estimated")
PERIOD = (LOINC, "8665-2", "Last menstrual period start date")


@pytest.mark.parametrize(
    ("value", "unit", "on", "weeks"),
    [
        (20, "wk", "2026-11-24", "20"),
        (20, "wk", "2026-11-10", "22"),
        (19, "wk", "2026-11-18", "19.857"),  # 19 weeks and 6 days
        (19, "wk", "2026-11-17", "20"),
        (140, "d", "2026-11-24", "20"),
    ],
)
def test_a_recorded_age_is_advanced_to_now(value: int, unit: str, on: str, weeks: str) -> None:
    finding = find(WEEKS, measured(AGE, value, unit, on))
    assert finding.value == Decimal(weeks)
    assert finding.unit == "wk"


def test_an_undated_age_cannot_be_advanced() -> None:
    assert find(WEEKS, measured(AGE, 20, "wk", None)).status is Status.UNKNOWN


def test_a_delivery_date_is_forty_weeks() -> None:
    finding = find(WEEKS, observation(DELIVERY, valueDateTime="2027-04-13", effectiveDateTime="2026-09-01"))
    assert finding.value == 20
    assert "computed from the estimated delivery date" in notes(finding)


def test_a_last_period_is_the_start() -> None:
    finding = find(WEEKS, observation(PERIOD, valueDateTime="2026-07-07", effectiveDateTime="2026-09-01"))
    assert finding.value == 20
    partial = find(WEEKS, observation(PERIOD, valueDateTime="2026-07", effectiveDateTime="2026-09-01"))
    assert (partial.low, partial.high) == (Decimal("16.571"), Decimal("20.857"))


def test_a_week_of_gestation_in_icd_10_cm_counts_from_the_day_it_was_recorded() -> None:
    coded = condition((ICD, "Z3A.20", "20 weeks gestation of pregnancy"), recordedDate="2026-11-24")
    finding = find(WEEKS, coded)
    assert (finding.low, finding.high) == (20, Decimal("20.857"))
    unspecified = condition((ICD, "Z3A.00", "Weeks of gestation not specified"), recordedDate="2026-11-24")
    assert find(WEEKS, unspecified).status is Status.UNKNOWN


def test_the_newest_statement_counts() -> None:
    early = measured(AGE, 10, "wk", "2026-09-15", "a")
    late = measured(AGE, 18, "wk", "2026-11-10", "b")
    assert find(WEEKS, early, late).value == 20


def test_more_weeks_than_a_pregnancy_has_tell_of_an_earlier_one() -> None:
    finding = find(WEEKS, measured(AGE, 20, "wk", "2025-01-01"))
    assert finding.status is Status.UNKNOWN
    assert "Observation/o1: tells of an earlier pregnancy" in finding.notes


def test_nothing_recorded_is_unknown_and_never_absent() -> None:
    assert find(WEEKS, complete=["Observation", "Condition"]).status is Status.UNKNOWN
    assert find(WEEKS, measured(AGE, 20, "wk", "2026-11-24", status="preliminary")).status is Status.UNKNOWN
