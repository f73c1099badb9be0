"""Denials: entries which say that there is none ("no known allergy"), and those that were taken back."""

from __future__ import annotations

from collections.abc import Container, Mapping

from service.knowledge.model import Knowledge
from service.record.model import Entry
from service.record.values.coding import CodeIndex
from service.record.values.statuses import Counts

__all__ = ["denials_of", "is_taken_back"]

_OVER = frozenset({Counts.ANSWERED_NO, Counts.HISTORY})


def denials_of(knowledge: Knowledge, lists: Container[str]) -> Mapping[str, frozenset[str]]:
    """By type of list, the value sets of entries which say that there is none."""
    found: dict[str, set[str]] = {}
    for fact in knowledge.facts.values():
        for source in fact.sources:
            if source.resource in lists and source.no:
                found.setdefault(source.resource, set()).update(source.no)
    return {name: frozenset(sets) for name, sets in found.items()}


def is_taken_back(entry: Entry, denials: Mapping[str, frozenset[str]], index: CodeIndex) -> bool:
    """Whether an entry said that there is none, and no longer does: somebody found one, which may be any."""
    sets = denials.get(entry.type)
    if not sets or entry.status_class.counts not in _OVER:
        return False
    return not index.match(entry.resource.get("code")).sets.isdisjoint(sets)
