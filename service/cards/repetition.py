"""Said once: advice that was shown to this patient before rests until something changed (product choice no. 45).

What was shown comes from the decision log and is kept with the decision, so that replay comes to the same cards. Where
it is not known, nothing rests: unknown never suppresses. Red flags never rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from service.decision import Advice, Decision
from service.finding import ShownBefore
from service.knowledge.hooks import HOOKS
from service.knowledge.model import FactKind, Indicator, Knowledge

# Product choices: how many days advice rests, a standing warning, and what was set aside with a reason.
INFO_RESTS, WARNING_RESTS, OVERRIDDEN_RESTS = 14, 30, 90

_RED_FLAGS = "1_red_flags"

Earlier = Callable[[str, Knowledge, Decision], Mapping[str, ShownBefore] | None]
"""What was shown to a patient before, by rule; None where that is not known."""


def rested(decision: Decision, shown: Mapping[str, ShownBefore] | None) -> Decision:
    """The decision without what rests, with what is quieter than it was, and with what it was told of the past."""
    if shown is None:
        return decision
    left: list[Advice] = []
    resting: list[str] = []
    for advice in decision.advice:
        again = _again(decision, advice, shown.get(advice.rule.id))
        if again is None:
            resting.append(advice.rule.id)
        else:
            left.append(again)
    asked = {advice.rule.id for advice in decision.advice}
    earlier = {rule: before for rule, before in shown.items() if rule in asked}
    return replace(decision, advice=tuple(left), resting=tuple(resting), shown_before=earlier)


def _again(decision: Decision, advice: Advice, before: ShownBefore | None) -> Advice | None:
    """The advice as it is shown now, or None while it rests."""
    rule = advice.rule
    indicator = advice.indicator
    if before is None or not before.unchanged:
        return advice
    if rule.phase == _RED_FLAGS and indicator is not Indicator.INFO:
        return advice
    overridden = before.overridden
    if overridden is not None and _within(decision.now, overridden, OVERRIDDEN_RESTS):
        if indicator is not Indicator.CRITICAL:
            return None
        # Once more as a warning; after that the answer stands.
        return None if before.at > overridden else replace(advice, lowered=True)
    if indicator is Indicator.INFO:
        days = rule.repeat_after or INFO_RESTS
    elif indicator is Indicator.WARNING and not HOOKS[decision.hook].has_orders:
        days = rule.repeat_after or WARNING_RESTS
    else:
        return advice
    return None if _within(decision.now, before.at, days) else advice


def _within(now: datetime, then: datetime, days: int) -> bool:
    return now - then < timedelta(days=days)


def grounds(knowledge: Knowledge, advice: Advice, keyed: Callable[[str], str]) -> str:
    """A keyed digest of what a piece of advice rests on: entries and their dates, of orders of the call their words.

    A duration that grows from day to day rests on the same entry, and is no change.
    """
    parts = []
    for finding in advice.deciding:
        fact = knowledge.facts.get(finding.name)
        ordered = fact is not None and fact.kind is FactKind.ORDER
        entries = sorted(
            f"words {item.text.lower()}" if ordered else f"{item.resource} {item.date}" for item in finding.evidence
        )
        parts.append(f"{finding.name}: {'; '.join(entries)}")
    return keyed("\n".join(sorted(parts)))
