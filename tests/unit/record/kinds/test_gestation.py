"""Gestation: weeks of the current pregnancy."""

from __future__ import annotations

from decimal import Decimal

import pytest

from service.finding import Status
from tests.unit.record.facts_in_python import (
    ICD,
    LOINC,
    SNOMED,
    condition,
    fact,
    find,
    measured,
    notes,
    observation,
    procedure,
    said,
    source,
)

WEEKS = fact(
    "gestation", source("Observation", "obs-gestational-age"), source("Condition", "cond-pregnancy"), unit="wk"
)
ENDING = fact(
    "gestation",
    source("Observation", "obs-gestational-age", ended_by=("local-pregnancy-ended",)),
    unit="wk",
)
AGE = (LOINC, "18185-9", "Gestational age")
DELIVERY = (LOINC, "11778-8", "Delivery date Estimated")
PERIOD = (LOINC, "8665-2", "Last menstrual period start date")


@pytest.mark.parametrize(
    ("value", "unit", "on", "least", "most"),
    [
        (20, "wk", "2026-11-24", "20", "20.857"),  # completed weeks: 20 weeks and up to 6 days
        (20, "wk", "2026-11-10", "22", "22.857"),
        (19, "wk", "2026-11-24", "19", "19.857"),
        (19, "wk", "2026-11-23", "19.143", "20"),  # touches 20 weeks (decision 29)
        (19.5, "wk", "2026-11-24", "19.5", "19.5"),
        (140, "d", "2026-11-24", "20", "20"),
        (139, "d", "2026-11-24", "19.857", "19.857"),
    ],
)
def test_a_recorded_age_is_advanced_to_now(value: float, unit: str, on: str, least: str, most: str) -> None:
    finding = find(WEEKS, measured(AGE, value, unit, on))
    assert (finding.low, finding.high) == (Decimal(least), Decimal(most))
    assert finding.unit == "wk"


@pytest.mark.parametrize(("value", "unit"), [(0.1, "wk"), (0, "wk"), (0.99, "wk"), (6, "d")])
def test_an_age_below_one_week_is_a_typing_error(value: float, unit: str) -> None:
    finding = find(WEEKS, measured(AGE, value, unit, "2026-11-24"))
    assert finding.status is Status.UNKNOWN
    assert "Observation/o1: no gestational age that can be used" in said(finding)


@pytest.mark.parametrize(("value", "unit"), [(1, "wk"), (1.01, "wk"), (7, "d")])
def test_an_age_of_one_week_and_more_counts(value: float, unit: str) -> None:
    assert find(WEEKS, measured(AGE, value, unit, "2026-11-24")).low is not None


def test_a_delivery_ends_the_weeks_recorded_until_then() -> None:
    recorded = measured(AGE, 30, "wk", "2026-11-01")
    delivered = procedure((SNOMED, "66348005", "Childbirth"), performedDateTime="2026-11-10")
    earlier = procedure((SNOMED, "66348005", "Childbirth"), performedDateTime="2024-11-10")
    assert find(ENDING, recorded, delivered).status is Status.UNKNOWN
    assert "Observation/o1: tells of an earlier pregnancy" in said(find(ENDING, recorded, delivered))
    assert find(ENDING, recorded, earlier).low is not None
    # Told in words only, or without a date, it may be over and may not be: the weeks still count.
    result = procedure("Vaginal delivery", performedDateTime="2026-11-10")
    assert find(ENDING, recorded, result).low is not None


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
    assert find(WEEKS, early, late).low == 20


def test_more_weeks_than_a_pregnancy_has_tell_of_an_earlier_one() -> None:
    finding = find(WEEKS, measured(AGE, 20, "wk", "2025-01-01"))
    assert finding.status is Status.UNKNOWN
    assert "Observation/o1: tells of an earlier pregnancy" in said(finding)


def test_nothing_recorded_is_unknown_and_never_absent() -> None:
    assert find(WEEKS, complete=["Observation", "Condition"]).status is Status.UNKNOWN
    assert find(WEEKS, measured(AGE, 20, "wk", "2026-11-24", status="preliminary")).status is Status.UNKNOWN
