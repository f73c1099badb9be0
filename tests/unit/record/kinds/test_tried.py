"""What was tried: days since the first course of a drug in the episode, whether it is over or not (decision 36)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.record.facts_in_python import RXNORM, condition, fact, find, medication, notes

RELAXANT = (RXNORM, "828348", "cyclobenzaprine hydrochloride 10 MG Oral Tablet")
LIST = ("MedicationRequest",)
TRIED = fact("course", classes=("med-relaxant",), measure="episode", unit="d", complete=LIST)
PAIN = condition(onsetDateTime="2026-10-01")


def course(status: str, on: str | None, name: str = "m1") -> dict[str, Any]:
    supply = {"dispenseRequest": {"expectedSupplyDuration": {"value": 10, "unit": "days", "code": "d"}}}
    return medication(RELAXANT, status, name, **({"authoredOn": on} if on else {}), **supply)


def tried(*entries: dict[str, Any], whole: bool = True, pain: dict[str, Any] = PAIN) -> tuple[object, ...]:
    finding = find(TRIED, pain, *entries, complete=LIST if whole else ())
    return finding.status.value, finding.low, finding.high


@pytest.mark.parametrize("status", ["active", "completed", "stopped"])
def test_a_course_of_the_episode_stays_tried_when_it_is_over(status: str) -> None:
    assert tried(course(status, "2026-10-13")) == ("present", 42, 42)


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error", "draft"])
def test_what_was_never_taken_was_not_tried(status: str) -> None:
    assert tried(course(status, "2026-10-13")) == ("absent", None, None)


def test_the_days_run_from_the_first_course() -> None:
    assert tried(course("completed", "2026-10-13"), course("active", "2026-11-20", "m2")) == ("present", 42, 42)


def test_a_course_on_the_day_of_the_onset_counts_and_one_of_the_day_before_that_is_over_does_not() -> None:
    assert tried(course("completed", "2026-10-01")) == ("present", 54, 54)
    assert tried(course("completed", "2026-09-30")) == ("absent", None, None)


def test_a_course_of_earlier_that_goes_on_counts_from_the_start_of_the_episode() -> None:
    assert tried(course("active", "2024-01-01")) == ("present", 54, 54)


def test_without_a_start_of_the_episode_or_of_the_course_it_is_unknown() -> None:
    assert tried(course("completed", None))[0] == "unknown"
    undated = find(TRIED, condition(), course("completed", "2026-10-13"), complete=LIST)
    assert undated.status.value == "unknown"
    assert "start of the episode not known" in notes(undated)


def test_where_the_list_is_not_whole_an_earlier_course_may_be_missing() -> None:
    assert tried(course("completed", "2026-10-13"), whole=False) == ("present", 42, None)
    assert tried(whole=False)[0] == "unknown"
