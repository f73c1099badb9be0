"""Demographics: the groups of age and sex in which patients are counted, and which counts are too small to be shown."""

from __future__ import annotations

from collections.abc import Mapping

from service.finding import Finding, Status
from service.knowledge.model import FactKind, Knowledge

AGES = ((18, "under 18"), (40, "18 to 39"), (65, "40 to 64"), (80, "65 to 79"))
OLDEST, UNKNOWN = "80 and over", "not known"
SMALL = 11
"""Counts of real patients by age or sex that are smaller could point at one of them (product choice)."""


def age_band(knowledge: Knowledge, facts: Mapping[str, Finding]) -> str:
    """The group of age of a patient, by the fact that reads it; ``not known`` without one."""
    for fact in knowledge.facts.values():
        if fact.kind is FactKind.AGE and (age := facts[fact.id]).low is not None:
            return next((band for limit, band in AGES if age.low < limit), OLDEST)
    return UNKNOWN


def sex_group(knowledge: Knowledge, facts: Mapping[str, Finding]) -> str:
    """The sex of a patient, by the first fact that knows it; ``not known`` without one."""
    for fact in knowledge.facts.values():
        if fact.kind is FactKind.SEX and fact.gender is not None and fact.id in facts:
            status = facts[fact.id].status
            if status is Status.PRESENT:
                return fact.gender
            if status is Status.ABSENT:
                return f"not {fact.gender}"
    return UNKNOWN


def hidden_groups(totals: Mapping[str, int], hide_below: int) -> frozenset[str]:
    """The groups whose counts are not shown: those that are smaller, and one more where one could be worked out."""
    hidden = {name for name, total in totals.items() if total < hide_below}
    if len(hidden) == 1 and len(totals) > 1:
        # One hidden count is the total less the others, so the next smallest is hidden with it.
        hidden.add(min((name for name in totals if name not in hidden), key=totals.__getitem__))
    return frozenset(hidden)
