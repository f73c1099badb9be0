"""Counterfactuals: what one finding alone would have to be for a rule that fired not to fire.

A finding that several tests ask about changes them all at once, which is what a clinician means by "if the eGFR were
30".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from service.finding import Finding, Status
from service.knowledge.conditions import Truth, truth
from service.knowledge.model import Condition, leaves

# Finer than any limit of a rule, so that what lies just beyond one is told from the limit itself.
_JUST = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """One finding as it would have to be: of another ``status``, or a number ``side`` the ``limit``."""

    finding: str
    status: Status
    limit: Decimal | None = None
    side: str = ""


def counterfactuals(condition: Condition, findings: Mapping[str, Finding]) -> tuple[Counterfactual, ...]:
    """For a condition that holds: each finding that alone would end that, in the order the condition names them.

    A number is changed to the nearest one that would do. Nothing for a condition that does not hold.
    """
    if truth(condition, findings) is not Truth.TRUE:
        return ()
    names = dict.fromkeys(leaf.finding for leaf in leaves(condition))
    found = (_counterfactual(condition, findings, name) for name in names)
    return tuple(one for one in found if one is not None)


def _counterfactual(condition: Condition, findings: Mapping[str, Finding], name: str) -> Counterfactual | None:
    now = findings[name]
    limits = sorted({limit for leaf in leaves(condition) if leaf.finding == name for limit in leaf.limits()})
    if limits:
        return _number(condition, findings, name, limits)
    for status in (Status.PRESENT, Status.ABSENT):
        if status is not now.status and _ends(condition, findings, Finding(name, status)):
            return Counterfactual(name, status)
    return None


def _number(
    condition: Condition, findings: Mapping[str, Finding], name: str, limits: Iterable[Decimal]
) -> Counterfactual | None:
    now = findings[name].value
    if now is None:
        return None
    tried = sorted(_beyond(limits, now), key=lambda pair: abs(pair[0] - now))
    for value, one_change in tried:
        other = Finding(name, Status.PRESENT, value, value, findings[name].unit)
        if _ends(condition, findings, other):
            return replace(one_change, finding=name)
    return None


def _beyond(limits: Iterable[Decimal], now: Decimal) -> Iterator[tuple[Decimal, Counterfactual]]:
    """Each limit and what lies just beyond it, seen from the number as it is."""
    for limit in limits:
        if limit >= now:
            yield limit, Counterfactual("", Status.PRESENT, limit, "at least")
            yield limit + _JUST, Counterfactual("", Status.PRESENT, limit, "above")
        if limit <= now:
            yield limit, Counterfactual("", Status.PRESENT, limit, "at most")
            yield limit - _JUST, Counterfactual("", Status.PRESENT, limit, "below")


def _ends(condition: Condition, findings: Mapping[str, Finding], other: Finding) -> bool:
    return truth(condition, {**findings, other.name: other}) is not Truth.TRUE
