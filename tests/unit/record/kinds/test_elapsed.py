"""Elapsed facts: days since something began."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from service.finding import Status
from tests.unit.record.facts_in_python import (
    LOCAL,
    SCIATICA,
    caveat,
    condition,
    fact,
    find,
    notes,
    observation,
    said,
    source,
)

LATEST = fact(
    "elapsed", source("Condition", "cond-sciatica"), source("Observation", "obs-onset"), pick="latest", unit="d"
)
EARLIEST = fact("elapsed", source("Condition", "cond-sciatica"), pick="earliest", unit="d")
SETTLED = fact(
    "elapsed", source("Condition", "cond-sciatica", unconfirmed=False), pick="latest", complete=("Condition",)
)


@pytest.mark.parametrize(
    ("onset", "low", "high"),
    [
        ("2026-11-24", 0, 0),
        ("2026-10-14", 41, 41),
        ("2026-10-13", 42, 42),
        ("2026-10-12", 43, 43),
        ("2026-10", 24, 54),
        ("2025", 328, 692),
    ],
)
def test_days_since_an_onset_are_whole_calendar_days_or_an_interval(onset: str, low: int, high: int) -> None:
    finding = find(LATEST, condition(onsetDateTime=onset))
    assert (finding.status, finding.low, finding.high, finding.unit) == (Status.PRESENT, low, high, "d")


def test_times_at_both_ends_count_instants() -> None:
    onset = condition(onsetDateTime="2026-10-13T12:00:00Z")
    now = datetime(2026, 11, 24, 11, 59, tzinfo=UTC)
    just_under = find(LATEST, onset, now=now)
    assert just_under.value is not None
    assert 41 < just_under.value < 42
    assert find(LATEST, onset, now=now.replace(hour=12, minute=0)).value == 42


def test_a_first_record_is_a_latest_possible_start() -> None:
    finding = find(LATEST, condition(recordedDate="2026-10-13"))
    assert (finding.low, finding.high) == (42, None)
    assert "first recorded" in notes(finding)


def test_without_any_date_it_is_unknown_and_names_the_entry() -> None:
    finding = find(LATEST, condition())
    assert finding.status is Status.UNKNOWN
    assert "recorded without a date" in said(finding)
    assert finding.evidence[0].resource == "Condition/c1"


def test_a_date_to_come_tells_nothing() -> None:
    assert find(LATEST, condition(onsetDateTime="2027-05-01")).status is Status.UNKNOWN


def test_the_latest_or_the_earliest_of_several_counts() -> None:
    old, new = condition(onsetDateTime="2026-01-01", id="a"), condition(onsetDateTime="2026-11-01", id="b")
    assert find(LATEST, old, new).value == 23
    assert find(EARLIEST, old, new).value == 327


def test_an_undated_entry_beside_a_dated_one_leaves_a_side_open() -> None:
    dated, undated = condition(onsetDateTime="2026-11-01", id="a"), condition(id="b")
    earliest = find(EARLIEST, dated, undated)
    assert (earliest.low, earliest.high) == (23, None)
    latest = find(LATEST, dated, undated)
    assert (latest.low, latest.high) == (0, 23)


def test_a_stated_date_of_onset_counts() -> None:
    stated = observation(
        (LOCAL, "onset-date", "Date of onset"), valueDateTime="2026-11-14", effectiveDateTime="2026-11-20"
    )
    assert find(LATEST, stated).value == 10


@pytest.mark.parametrize(
    ("problem", "answered", "low", "high"),
    [
        ({}, "2026-11-24", 45, 45),
        ({}, "2025-11-25", 45, 45),
        ({}, "2025-11-20", 0, 45),
        ({"recordedDate": "2026-11-22"}, "2026-11-24", 45, 45),
        ({"recordedDate": "2026-11-22"}, "2026-11-22", 45, 45),
        ({"recordedDate": "2026-11-22"}, "2026-11-21", 2, 45),
        ({"recordedDate": "2026-05-01"}, "2026-11-24", 45, 45),
        ({"onsetDateTime": "2026-11-22"}, "2026-11-24", 2, 2),
    ],
    ids=[
        "undated problem",
        "a year ago",
        "an older answer",
        "recorded before the answer",
        "recorded that day",
        "recorded later",
        "recorded long ago",
        "the problem has an onset of its own",
    ],
)
def test_a_stated_onset_tells_when_a_problem_began_that_does_not_say_it(
    problem: dict[str, str], answered: str, low: int, high: int
) -> None:
    stated = observation((LOCAL, "onset-date", "Date of onset"), valueDateTime="2026-10-10", effectiveDateTime=answered)
    finding = find(LATEST, condition(**problem), stated)
    assert (finding.low, finding.high) == (low, high)


def test_a_suspected_entry_alone_settles_nothing_where_the_fact_says_so() -> None:
    suspected = condition(verification="provisional", onsetDateTime="2026-11-01", id="a")
    assert find(SETTLED, suspected).status is Status.UNKNOWN
    sure = condition(onsetDateTime="2026-10-01", id="b")
    beside = find(SETTLED, suspected, sure)
    assert (beside.low, beside.high) == (23, 54)


def test_silence_is_absent_only_in_a_whole_list_that_the_fact_names() -> None:
    assert find(SETTLED, complete=["Condition"]).status is Status.ABSENT
    assert find(SETTLED).status is Status.UNKNOWN
    assert find(LATEST, complete=["Condition"]).status is Status.UNKNOWN


def test_a_refuted_problem_says_nothing_of_how_long_another_has_lasted() -> None:
    found = find(LATEST, condition(verification="refuted"))
    assert found.status is Status.UNKNOWN
    assert "only entries that say it is not so" in said(found)
    assert [caveat(one) for one in found.evidence] == ["recorded as refuted"]


def test_a_recorded_no_makes_a_duration_absent_only_where_its_definition_says_so() -> None:
    opted_in = replace(LATEST, absent_by_answer=True)
    assert find(opted_in, condition(verification="refuted")).status is Status.ABSENT
    assert find(opted_in).status is Status.UNKNOWN


def test_a_resolved_problem_does_not_count() -> None:
    over = condition(SCIATICA, clinical="resolved", onsetDateTime="2026-11-01")
    assert find(LATEST, over).status is Status.UNKNOWN
