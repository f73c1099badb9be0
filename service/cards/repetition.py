"""Repetition: advice shown to this patient before is not shown again until something changed (product choice no. 45).

What was shown comes from the decision log and is stored with the decision, so that replay comes to the same cards.
Where it is not known, everything is shown: unknown never suppresses. Red flags are always shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from service.decision import Advice, Decision
from service.finding import Finding, ShownBefore
from service.knowledge.hooks import HOOKS
from service.knowledge.model import FactDefinition, FactKind, Indicator, Knowledge, Rule

# Product choices: for how many days advice is not repeated, a warning that goes on, and what was overridden with a
# reason.
INFO_DAYS, WARNING_DAYS, OVERRIDDEN_DAYS = 14, 30, 90

_RED_FLAGS = "1_red_flags"
_ORDER = FactKind.ORDER

Earlier = Callable[[str, Knowledge, Decision], Mapping[str, ShownBefore] | None]
"""What was shown to a patient before, by rule; None where that is not known."""


def without_repeated(decision: Decision, shown: Mapping[str, ShownBefore] | None) -> Decision:
    """The decision without what was shown lately, with what is lowered to a warning, and with what was shown before."""
    if shown is None:
        return decision
    left: list[Advice] = []
    for advice in decision.advice:
        again = _again(decision, advice, shown.get(advice.rule.id))
        if again is not None:
            left.append(again)
    asked = {advice.rule.id for advice in decision.advice}
    earlier = {rule: before for rule, before in shown.items() if rule in asked}
    return replace(decision, advice=tuple(left), shown_before=earlier)


def _again(decision: Decision, advice: Advice, before: ShownBefore | None) -> Advice | None:
    """The advice as it is shown now, or None while it is not repeated."""
    rule = advice.rule
    indicator = advice.indicator
    if before is None or not before.unchanged:
        return advice
    if rule.phase == _RED_FLAGS and indicator is not Indicator.INFO:
        return advice
    overridden = before.overridden
    if overridden is not None and _within(decision.now, overridden, OVERRIDDEN_DAYS):
        if indicator is not Indicator.CRITICAL:
            return None
        # Once more as a warning; after that the answer stands.
        return None if before.at > overridden else replace(advice, indicator=Indicator.WARNING, lowered=True)
    if indicator is Indicator.INFO:
        days = _rest(rule, INFO_DAYS)
    elif indicator is Indicator.WARNING and not HOOKS[decision.hook].has_orders:
        days = _rest(rule, WARNING_DAYS)
    else:
        return advice
    return None if _within(decision.now, before.at, days) else advice


def _rest(rule: Rule, usual: int) -> int:
    """For how many days advice rests once it was shown; 0 where it does not."""
    return usual if rule.repeat_after is None else rule.repeat_after


def _within(now: datetime, then: datetime, days: int) -> bool:
    return now - then < timedelta(days=days)


def grounds(knowledge: Knowledge, shown: Iterable[Advice], keyed: Callable[[str], str]) -> dict[str, str]:
    """By rule, a keyed digest of what advice depends on: entries and their dates, of orders of the call their words.

    A duration that grows from day to day depends on the same entry, and is no change.
    """
    facts, parts, found = knowledge.facts, dict[str, str](), dict[str, str]()
    for advice in shown:
        # One finding decides for many rules.
        for finding in advice.deciding:
            if finding.name not in parts:
                parts[finding.name] = _entries(finding, facts.get(finding.name))
        found[advice.rule.id] = keyed("\n".join(sorted([parts[finding.name] for finding in advice.deciding])))
    return found


def _entries(finding: Finding, fact: FactDefinition | None) -> str:
    if fact is not None and fact.kind is _ORDER:
        entries = [f"words {item.text.lower()}" for item in finding.evidence]
    else:
        entries = [f"{item.resource} {item.date}" for item in finding.evidence]
    return f"{finding.name}: {'; '.join(sorted(entries))}"
