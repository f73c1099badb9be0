"""No rule changes its meaning unseen: every one means what the lock beside this test says."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from service.knowledge.model import AllOf, Condition, Knowledge, Leaf, Phase
from service.review.meaning import as_lock, differences, meanings, read_lock

LOCK = Path(__file__).with_name("meaning.yaml")


def with_condition(knowledge: Knowledge, rule_id: str, when: Condition) -> Knowledge:
    def changed(phase: Phase) -> Phase:
        return replace(phase, rules=tuple(replace(r, when=when) if r.id == rule_id else r for r in phase.rules))

    return replace(knowledge, phases=tuple(map(changed, knowledge.phases)))


def test_every_rule_means_what_is_locked(knowledge: Knowledge) -> None:
    result = list(differences(knowledge, read_lock(LOCK.read_text(encoding="utf-8"))))
    hint = "meant so? sciatica-cds table --lock tests/rules/meaning.yaml, and commit it with the rule"
    assert result == [], "\n".join([*result, hint])


def test_a_limit_that_moves_is_shown_with_the_cases_before_and_after(knowledge: Knowledge) -> None:
    rule = next(rule for rule in knowledge.rules if rule.id == "sf-nsaid-egfr-below-30")
    moved = str(rule.when)
    assert "less_than=Decimal('30')" in moved

    def at_31(condition: Condition) -> Condition:
        if isinstance(condition, Leaf):
            return replace(condition, less_than=Decimal(31)) if condition.less_than == Decimal(30) else condition
        return replace(condition, parts=tuple(map(at_31, condition.parts)))

    changed = with_condition(knowledge, rule.id, at_31(rule.when))
    result = "\n".join(differences(changed, meanings(knowledge)))
    assert "sf-nsaid-egfr-below-30: its condition differs" in result
    assert "egfr 30, nsaid-now-ordered present: silent before, fires now" in result
    assert result.count("its condition differs") == 1


def test_a_rule_written_in_another_order_means_the_same(knowledge: Knowledge) -> None:
    rule = next(rule for rule in knowledge.rules if isinstance(rule.when, AllOf))
    assert isinstance(rule.when, AllOf)
    turned = with_condition(knowledge, rule.id, AllOf(tuple(reversed(rule.when.parts))))
    assert list(differences(turned, meanings(knowledge))) == []


def test_the_order_of_a_family_is_locked(knowledge: Knowledge) -> None:
    locked = meanings(knowledge)
    pvr = locked["rf-pvr-200-or-more"]
    assert pvr.after == ("rf-cauda-equina-suspected",)
    result = list(differences(knowledge, {**locked, pvr.rule: replace(pvr, after=())}))
    assert result == [
        "rf-pvr-200-or-more: nothing went before it in its family, now rf-cauda-equina-suspected",
    ]


def test_a_lock_is_read_as_it_was_written(knowledge: Knowledge) -> None:
    read = read_lock(as_lock(knowledge))
    assert list(differences(knowledge, read)) == []
    assert read.keys() == {rule.id for rule in knowledge.rules}
