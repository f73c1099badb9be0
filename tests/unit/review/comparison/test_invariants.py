"""Invariants of a comparison: what a change breaks is told with a patient, what was broken before is told apart."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from service.knowledge.invariants import FILE
from service.knowledge.model import Knowledge, Recommendation
from service.review.comparison.comparing import compare
from service.review.comparison.invariants import with_invariants
from service.review.comparison.origin import RuleSet
from service.review.comparison.report import Report
from service.review.comparison.terminal import headline
from service.review.comparison.wording import Wording
from service.web.comparing import State, compared
from service.web.pages.compare import compare_page
from tests.unit.review.comparison.small_rules import WEAK, changed, small, with_test

INVARIANTS = f"""
never_suggested: []
always_warned:
  - id: weak-kidneys-alarm
    says: Weak kidneys with a weak defence always give a critical card.
    hooks: [patient-view]
    indicator: critical
    when:
      all:
        - {WEAK}: present
        - egfr: {{less_than: 30}}
no_hidden_conflict: {{id: no-hidden-conflict, says: No conflict is hidden.}}
every_part_matters: {{id: every-part-matters, says: Every test makes a difference.}}
missing_data_never_silences: {{id: missing-data, says: Missing data never silence a warning., except: []}}
no_abrupt_stop: {{id: no-abrupt-stop, says: Nothing is stopped at once., drugs: [opioid], forbidden: [stop at once]}}
"""


def advising(knowledge: Knowledge) -> Knowledge:
    """The rules with a topic for every card, as the prover asks for."""
    topic = Recommendation("kidney", "ask", "avoid", "guideline")
    for rule in knowledge.rules:
        if rule.card is not None:
            knowledge = changed(knowledge, rule.id, lambda rule: replace(rule, recommendation=topic))
    return knowledge


def rule_set(knowledge: Knowledge) -> RuleSet:
    return RuleSet("rules", knowledge, {FILE: INVARIANTS.encode()})


def limit_of_severe(limit: int) -> Knowledge:
    return changed(advising(small()), "loud", with_test("egfr", lambda leaf: replace(leaf, less_than=Decimal(limit))))


def test_an_invariant_that_falls_is_told_with_a_patient() -> None:
    after = limit_of_severe(20)
    comparison = with_invariants(compare(advising(small()), after), rule_set(advising(small())), rule_set(after))
    report = Report(Wording(after, after)).of(comparison)
    (broken,) = report["invariants"]["broken"]
    assert broken["id"] == "weak-kidneys-alarm"
    assert any(line.startswith("eGFR: ") for line in broken["patient"])
    assert "1 invariants NO LONGER HOLD" in headline(report)


def test_the_page_names_the_invariant_that_falls_or_says_that_it_did_not_ask() -> None:
    before, after = rule_set(advising(small())), rule_set(limit_of_severe(20))
    asked = compare_page([], {}, State(compared(before, after)), {}, waiting=False)["report"]["invariants"]
    assert [one["id"] for one in asked["broken"]] == ["weak-kidneys-alarm"]
    not_asked = compare_page([], {}, State(compared(before, after, most_seconds=0)), {}, waiting=False)["report"]
    assert not_asked["invariants"]["asked"] is None


def test_what_did_not_hold_before_either_is_told_apart() -> None:
    """The conclusion of the small rules has a test that makes no difference, and keeps it."""

    def move(leaf):
        return replace(leaf, less_than=Decimal(50)) if leaf.less_than == 60 else leaf

    before = advising(small())
    after = changed(before, "at-risk", with_test("egfr", move))
    comparison = with_invariants(compare(before, after), rule_set(before), rule_set(after))
    report = Report(Wording(before, after)).of(comparison)
    assert report["invariants"]["broken"] == []
    assert report["invariants"]["brokenBefore"] == ["every-part-matters"]
    assert "1 did not hold before either" in headline(report)


def test_an_invariant_that_still_holds_is_proved_again() -> None:
    after = limit_of_severe(40)
    comparison = with_invariants(compare(advising(small()), after), rule_set(advising(small())), rule_set(after))
    assert [one.id for one in comparison.broken if not one.already] == []
    assert comparison.invariants == 6


def test_nothing_is_asked_where_nothing_differs() -> None:
    same = advising(small())
    comparison = with_invariants(compare(same, same), rule_set(same), rule_set(same))
    assert comparison.invariants is None
