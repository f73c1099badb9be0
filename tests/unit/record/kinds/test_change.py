"""Change facts: how much better a score is than at the start of the episode."""

from __future__ import annotations

from decimal import Decimal

from service.finding import Status
from tests.unit.record.facts_in_python import PAIN, condition, fact, find, measured, said, source

POINTS = fact("change", source("Observation", "obs-pain-severity-nrs"), measure="points", unit="{score}")
PERCENT = fact("change", source("Observation", "obs-pain-severity-nrs"), measure="percent", unit="{score}")
EPISODE = condition(onsetDateTime="2026-09-01")


def pain(value: float, on: str, name: str, **elements: object) -> dict[str, object]:
    return measured(PAIN, value, "{score}", on, name, **elements)


def test_less_pain_is_a_positive_change() -> None:
    scores = [pain(8, "2026-09-02", "a"), pain(6, "2026-10-01", "b"), pain(5, "2026-11-01", "c")]
    finding = find(POINTS, EPISODE, *scores)
    assert finding.value == 3
    assert [item.resource for item in finding.evidence] == ["Observation/c", "Observation/a"]
    assert find(PERCENT, EPISODE, *scores).value == Decimal("37.5")


def test_more_pain_is_a_negative_change() -> None:
    assert find(POINTS, EPISODE, pain(4, "2026-09-02", "a"), pain(6, "2026-11-01", "b")).value == -2


def test_scores_before_the_episode_are_no_baseline() -> None:
    finding = find(POINTS, EPISODE, pain(2, "2026-08-31", "z"), pain(8, "2026-09-01", "a"), pain(5, "2026-11-01", "b"))
    assert finding.value == 3


def test_one_score_is_no_change() -> None:
    finding = find(POINTS, EPISODE, pain(8, "2026-09-02", "a"))
    assert finding.status is Status.UNKNOWN
    assert "only one value in this episode: no change can be told" in said(finding)
    before = find(POINTS, EPISODE, pain(2, "2026-08-01", "z"), pain(8, "2026-09-02", "a"))
    assert before.status is Status.UNKNOWN


def test_without_a_start_of_the_episode_there_is_no_baseline() -> None:
    finding = find(POINTS, pain(8, "2026-09-02", "a"), pain(5, "2026-11-01", "b"))
    assert finding.status is Status.UNKNOWN
    assert "start of the episode not known" in said(finding)


def test_where_the_start_is_partial_every_possible_baseline_counts() -> None:
    finding = find(
        POINTS,
        condition(onsetDateTime="2026-09"),
        pain(9, "2026-09-05", "a"),
        pain(8, "2026-10-01", "b"),
        pain(5, "2026-11-01", "c"),
    )
    assert (finding.low, finding.high) == (3, 4)


def test_a_preliminary_score_is_not_used() -> None:
    finding = find(POINTS, EPISODE, pain(8, "2026-09-02", "a"), pain(1, "2026-11-01", "b", status="preliminary"))
    assert finding.status is Status.UNKNOWN


def test_a_percent_of_nothing_cannot_be_told() -> None:
    finding = find(PERCENT, EPISODE, pain(0, "2026-09-02", "a"), pain(5, "2026-11-01", "b"))
    assert finding.status is Status.UNKNOWN


def test_nothing_scored_is_unknown() -> None:
    assert said(find(POINTS, EPISODE)) == ("Observation list not sent",)


STRENGTH = fact(
    "change",
    source("Observation", "obs-pain-severity-nrs"),
    measure="points",
    unit="{score}",
    against="highest",
    prefer="lowest",
)


def test_a_loss_after_a_recovery_counts_against_the_best_earlier_day() -> None:
    grades = [pain(4, "2026-09-02", "a"), pain(5, "2026-10-01", "b"), pain(4, "2026-11-01", "c")]
    finding = find(STRENGTH, EPISODE, *grades)
    assert finding.value == 1
    assert [item.resource for item in finding.evidence] == ["Observation/c", "Observation/b"]


def test_of_several_muscles_on_a_day_the_weakest_is_compared() -> None:
    stable = [
        pain(5, "2026-10-01", "quadriceps-1"),
        pain(4, "2026-10-01", "toe-1"),
        pain(5, "2026-11-01", "quadriceps-2"),
        pain(4, "2026-11-01", "toe-2"),
    ]
    assert find(STRENGTH, EPISODE, *stable).value == 0


def test_a_recovery_is_no_loss() -> None:
    assert find(STRENGTH, EPISODE, pain(3, "2026-09-02", "a"), pain(5, "2026-11-01", "b")).value == -2


def test_grades_of_one_day_only_are_no_change() -> None:
    finding = find(STRENGTH, EPISODE, pain(5, "2026-11-01", "a"), pain(4, "2026-11-01", "b"))
    assert finding.status is Status.UNKNOWN
