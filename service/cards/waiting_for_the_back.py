"""Which alarms wait for nothing but whether the patient has back or leg pain, where an unread problem may be that."""

from __future__ import annotations

from service.cards.of_rules import of_rule_set
from service.decision import Decision
from service.engine.trace import Result
from service.knowledge.concern import concerning, read_for_concern
from service.knowledge.model import Indicator, Knowledge


def waiting_for_the_back(knowledge: Knowledge, decision: Decision) -> list[str]:
    """The titles of the critical rules of which all else is there; in the order of the rules."""
    of_the_back = _of_the_back(knowledge)
    return [
        outcome.rule.title
        for outcome in decision.outcomes
        if outcome.result is Result.NOT_ENOUGH_DATA
        and outcome.rule.card is not None
        and outcome.rule.card.indicator is Indicator.CRITICAL
        and of_the_back.issuperset(leaf.finding for leaf in outcome.keeping)
    ]


@of_rule_set
def _of_the_back(knowledge: Knowledge) -> frozenset[str]:
    """The findings that tell whether a chart is about the back: conclusions, and what they read."""
    return read_for_concern(knowledge).union(concerning(knowledge))
