"""Denials: entries which say that there is none ("no known allergy"), and those that were taken back."""

from __future__ import annotations

from collections.abc import Container, Mapping

from service.knowledge.model import Knowledge
from service.record.model import Entry
from service.record.values.statuses import Counts

__all__ = ["denials_of", "is_over"]

_OVER = frozenset({Counts.ANSWERED_NO, Counts.HISTORY})


def denials_of(knowledge: Knowledge, lists: Container[str]) -> Mapping[str, frozenset[str]]:
    """By type of list, the value sets of entries which say that there is none."""
    found: dict[str, set[str]] = {}
    for fact in knowledge.facts.values():
        for source in fact.sources:
            if source.resource in lists and source.no:
                found.setdefault(source.resource, set()).update(source.no)
    return {name: frozenset(sets) for name, sets in found.items()}


def is_over(entry: Entry) -> bool:
    """Whether what an entry says is no longer so: one that said that there is none was taken back, for any reason."""
    return entry.status_class.counts in _OVER
