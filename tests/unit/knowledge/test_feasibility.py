"""Whether conditions can hold together; compared with trying every patient of a small world."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from service.finding import Finding, Status
from service.knowledge.checks.feasibility import can_hold_together
from service.knowledge.conditions import Truth, truth
from service.knowledge.loader import load
from service.knowledge.model import AllOf, AnyOf, Condition, Knowledge, Phase, Word
from tests.rules_in_python import all_of, any_of, is_, number
from tests.unit.knowledge.rule_folders import VALID

KNOWLEDGE = load(VALID)
FACTS = ("sciatica-active", "anticoagulant-active", "nsaid-ordered")
leaf = st.builds(
    is_, st.sampled_from([*FACTS, "nsaid-contraindicated"]), st.sampled_from([word.value for word in Word])
)
plain = st.builds(is_, st.sampled_from(FACTS), st.sampled_from([word.value for word in Word]))


def trees(leaves: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, min_size=2, max_size=3).flatmap(
            lambda parts: st.sampled_from([AllOf(tuple(parts)), AnyOf(tuple(parts))])
        ),
        max_leaves=6,
    )


def world(drawn_when: Condition) -> Knowledge:
    """The small rules, with one rule that draws the conclusion when ``drawn_when`` holds."""
    drawer = replace(KNOWLEDGE.rules[0], when=drawn_when)
    return replace(KNOWLEDGE, phases=(Phase("3_safety", "Safety", (drawer,)),))


def some_patient_meets(condition: Condition, drawn_when: Condition) -> bool:
    for statuses in product(Status, repeat=len(FACTS)):
        findings = {name: Finding(name, status) for name, status in zip(FACTS, statuses, strict=True)}
        drawn = truth(drawn_when, findings)
        closed = {Truth.TRUE: Status.PRESENT, Truth.UNKNOWN: Status.UNKNOWN, Truth.FALSE: Status.ABSENT}[drawn]
        findings["nsaid-contraindicated"] = Finding("nsaid-contraindicated", closed)
        if truth(condition, findings) is Truth.TRUE:
            return True
    return False


@given(trees(leaf), trees(plain))
def test_what_is_called_impossible_no_patient_meets(condition: Condition, drawn_when: Condition) -> None:
    if not can_hold_together(world(drawn_when), (condition,)):
        assert not some_patient_meets(condition, drawn_when)


@given(trees(plain))
def test_without_conclusions_the_answer_is_exact(condition: Condition) -> None:
    assert can_hold_together(KNOWLEDGE, (condition,)) == some_patient_meets(condition, is_("nsaid-ordered"))


def test_limits_that_do_not_overlap_exclude_each_other() -> None:
    assert not can_hold_together(KNOWLEDGE, (number("egfr", less_than=30), number("egfr", at_least=30)))
    assert not can_hold_together(KNOWLEDGE, (number("egfr", less_than=30), number("egfr", more_than=30)))
    assert can_hold_together(KNOWLEDGE, (number("egfr", less_than=31), number("egfr", at_least=30)))
    assert not can_hold_together(KNOWLEDGE, (number("egfr", less_than=31), is_("egfr", "unknown")))


def test_a_conclusion_is_followed_to_what_draws_it() -> None:
    needs = all_of(is_("nsaid-contraindicated"), is_("anticoagulant-active", "absent"))
    assert can_hold_together(KNOWLEDGE, (needs,))
    assert not can_hold_together(KNOWLEDGE, (needs, number("egfr", at_least=30)))


def test_a_conclusion_that_is_certainly_drawn_cannot_be_away() -> None:
    away = is_("nsaid-contraindicated", "absent")
    assert not can_hold_together(KNOWLEDGE, (away, is_("anticoagulant-active")))
    assert not can_hold_together(KNOWLEDGE, (away, any_of(is_("anticoagulant-active"), number("egfr", less_than=20))))
    assert can_hold_together(KNOWLEDGE, (away, number("egfr", less_than=31)))
