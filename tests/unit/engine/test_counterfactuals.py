"""What one finding alone would have to be for a card not to come."""

from __future__ import annotations

from service.engine.counterfactuals import Counterfactual, counterfactuals
from service.finding import Finding, Status
from service.knowledge.model import Condition
from tests.rules_in_python import all_of, any_of, found, is_, measured, number

WHEN = all_of(is_("nsaid-ordered"), any_of(number("egfr", less_than=30), is_("dialysis")))


def result(condition: Condition, *findings: Finding) -> list[str]:
    return [_words(one) for one in counterfactuals(condition, {one.name: one for one in findings})]


def _words(one_change: Counterfactual) -> str:
    return (
        f"{one_change.finding} {one_change.side} {one_change.limit}"
        if one_change.limit is not None
        else f"{one_change.finding} {one_change.status}"
    )


def test_a_number_turns_at_its_limit_and_a_state_at_its_opposite() -> None:
    findings = (found("nsaid-ordered"), measured("egfr", 25), found("dialysis", "absent"))
    assert result(WHEN, *findings) == ["nsaid-ordered absent", "egfr at least 30"]


def test_what_two_findings_hold_up_neither_turns_alone() -> None:
    findings = (found("nsaid-ordered"), measured("egfr", 25), found("dialysis"))
    assert result(WHEN, *findings) == ["nsaid-ordered absent"]


def test_the_nearest_number_that_would_do_is_told_with_its_side() -> None:
    between = number("weeks", at_least=6, less_than=12)
    assert result(between, measured("weeks", 7)) == ["weeks below 6"]
    assert result(between, measured("weeks", 11)) == ["weeks at least 12"]
    assert result(number("age", more_than=60), measured("age", 70)) == ["age at most 60"]


def test_a_finding_that_several_tests_ask_about_turns_them_together() -> None:
    when = any_of(number("egfr", less_than=30), all_of(number("egfr", less_than=60), is_("old")))
    assert result(when, measured("egfr", 25), found("old")) == ["egfr at least 60"]


def test_what_does_not_hold_is_turned_by_nothing_and_what_is_missing_by_being_known() -> None:
    assert result(WHEN, found("nsaid-ordered", "absent"), measured("egfr", 25), found("dialysis")) == []
    screen = is_("screen-documented", "not present")
    assert result(screen, Finding("screen-documented", Status.UNKNOWN)) == ["screen-documented present"]
