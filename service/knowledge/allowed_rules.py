"""Which rules may be shown where only approved rules are served (setting ``REQUIRE_APPROVED``)."""

from __future__ import annotations

from service.knowledge.model import Knowledge, Rule
from service.knowledge.strata import concluding_rules


def wholly_approved(knowledge: Knowledge) -> frozenset[str]:
    """The ids of card rules that are approved together with every conclusion rule they depend on.

    An approved card on top of an unapproved contraindication would carry a judgement nobody signed.
    """
    return frozenset(
        rule.id for rule in knowledge.rules if rule.card is not None and not unapproved_behind(knowledge, rule)
    )


def unapproved_behind(knowledge: Knowledge, rule: Rule) -> frozenset[str]:
    """The rules, by id, that keep a rule from being shown where approval is required: itself or what it depends on."""
    return frozenset(_behind(knowledge, rule) - knowledge.approved)


def withheld(knowledge: Knowledge, allowed: frozenset[str] | None) -> tuple[Rule, ...]:
    """The rules with a card that may not be shown; none where all may."""
    if allowed is None:
        return ()
    return tuple(rule for rule in knowledge.rules if rule.card is not None and rule.id not in allowed)


def _behind(knowledge: Knowledge, rule: Rule) -> set[str]:
    """The rule itself and the conclusion rules behind what it reads, down to the facts."""
    concluding = concluding_rules(knowledge.rules)
    seen: set[str] = set()
    waiting = [rule]
    while waiting:
        found = waiting.pop()
        if found.id not in seen:
            seen.add(found.id)
            waiting += [other for name in found.reads for other in concluding.get(name, ())]
    return seen
