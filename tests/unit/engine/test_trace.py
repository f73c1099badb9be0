"""Why, why not, and what would have to be different."""

from __future__ import annotations

from service.engine.trace import InOrder, Outcomes, Result, least_change, read_plainly, supports
from service.finding import Evidence, Finding
from service.knowledge.model import Rule
from tests.rules_in_python import PRESENT, a_rule, all_of, any_of, found, is_, measured, number

RULE = a_rule("nsaid-renal", all_of(is_("nsaid-ordered"), any_of(number("egfr", less_than=30), is_("dialysis"))))


def read(rule: Rule, *findings: Finding) -> tuple[Result, tuple[str, ...]]:
    reading = read_plainly([(rule,)], {finding.name: finding for finding in findings})
    (told,) = Outcomes(InOrder([rule]), bytes([reading.truths[rule.id]]), reading.findings, {})
    return told.result, told.stopped_by


def test_a_fired_rule_is_stopped_by_nothing() -> None:
    assert read(RULE, found("nsaid-ordered"), measured("egfr", 25), found("dialysis", "absent")) == (Result.FIRED, ())


def test_a_rule_that_is_not_met_names_the_tests_that_stopped_it() -> None:
    result, stopped_by = read(RULE, found("nsaid-ordered"), measured("egfr", 30), found("dialysis", "absent"))
    assert result is Result.NOT_MET
    assert stopped_by == ("egfr less than 30", "dialysis present")


def test_a_rule_without_enough_data_names_only_what_is_missing() -> None:
    result, stopped_by = read(RULE, found("nsaid-ordered"), found("egfr", "unknown"), found("dialysis", "absent"))
    assert result is Result.NOT_ENOUGH_DATA
    assert stopped_by == ("egfr less than 30",)


def test_missing_data_does_not_count_when_something_else_already_stops_the_rule() -> None:
    findings = (found("nsaid-ordered", "absent"), found("egfr", "unknown"), found("dialysis", "unknown"))
    assert read(RULE, *findings) == (Result.NOT_MET, ("nsaid-ordered present",))


def test_a_conclusion_carries_the_evidence_of_what_it_was_drawn_from() -> None:
    stool = Evidence("Condition/1", "Melaena", "2026-01-02")
    rule = a_rule("c", is_("gi-bleed"), concludes="nsaid-contraindicated")
    reading = read_plainly([(rule,)], {"gi-bleed": Finding("gi-bleed", PRESENT, evidence=(stool,))})
    assert reading.findings["nsaid-contraindicated"].evidence == (stool,)


def test_only_present_findings_that_make_the_condition_true_support_it() -> None:
    findings = {f.name: f for f in (found("nsaid-ordered"), measured("egfr", 25), found("dialysis", "absent"))}
    assert [finding.name for finding in supports(RULE.when, findings)] == ["nsaid-ordered", "egfr"]


def test_the_least_change_that_would_fire_a_rule_takes_the_shortest_way() -> None:
    findings = {f.name: f for f in (found("nsaid-ordered"), measured("egfr", 45), found("dialysis", "absent"))}
    (change,) = least_change(RULE.when, findings)
    assert str(change) == "'egfr less than 30' would have to hold"


def test_the_least_change_that_would_stop_a_fired_rule() -> None:
    findings = {f.name: f for f in (found("nsaid-ordered"), measured("egfr", 25), found("dialysis"))}
    (change,) = least_change(RULE.when, findings)
    assert str(change) == "'nsaid-ordered present' would have to not hold"
