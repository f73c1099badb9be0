"""Faults that no patient could show are told apart from gaps of the charts, by proof."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from service.knowledge.model import Rule
from service.review.equivalence import Equivalence
from service.review.mutation import Mutant, mutants
from tests.shipped import shipped_knowledge


@cache
def proved(rule_id: str) -> dict[str, bool]:
    """Each fault of a shipped rule, and whether it is proved to change nothing."""
    found = _faults(rule_id)
    equivalence = Equivalence(shipped_knowledge(), found)
    return {mutant.fault: equivalence.holds(mutant) for mutant in found}


def _faults(rule_id: str) -> list[Mutant]:
    return list(mutants(_rule(rule_id)))


def _rule(rule_id: str) -> Rule:
    return next(rule for rule in shipped_knowledge().rules if rule.id == rule_id)


def test_a_conclusion_that_is_never_unknown_reads_the_same_as_not_absent() -> None:
    assert proved("sf-nsaid-heart-failure")["'drug-safety-applies present' turned to not absent"]


def test_a_fault_that_some_patient_shows_is_never_taken_for_the_same() -> None:
    faults = proved("sf-nsaid-heart-failure")
    assert not faults["'heart-failure present' dropped"]
    assert not faults["'heart-failure present' turned to not absent"]
    assert not faults["'drug-safety-applies present' dropped"]


def test_an_order_of_a_relaxant_is_always_in_the_scope_of_drug_safety() -> None:
    assert proved("sf-cyclo-maoi")["'drug-safety-applies present' dropped"]


def test_a_diagnosis_whose_codes_another_one_holds_adds_nothing_beside_it() -> None:
    faults = proved("sf-cyclo-cardiac-thyroid")
    assert faults["'long-qt present' dropped"]
    assert not faults["'hyperthyroidism present' dropped"]


def test_two_nsaids_counted_where_none_is_ordered_are_taken() -> None:
    found = _faults("mo-duplicate-nsaid-running")
    equivalence = Equivalence(shipped_knowledge(), found)
    by_count, beside_aspirin = (mutant for mutant in found if mutant.fault == "'nsaid-active present' dropped")
    assert equivalence.holds(by_count)
    assert not equivalence.holds(beside_aspirin)


def test_two_nsaids_counted_at_an_order_may_both_be_ordered() -> None:
    """The same rule, asked where orders are signed: two drafts count, and neither is taken yet."""
    running = _rule("mo-duplicate-nsaid-running")
    found = list(mutants(replace(running, hooks=("order-sign",))))
    dropped = next(mutant for mutant in found if mutant.fault == "'nsaid-active present' dropped")
    assert not Equivalence(shipped_knowledge(), found).holds(dropped)
