"""Denials: entries which say that there is none ("no known allergy"), and those that were taken back."""

from __future__ import annotations

from collections.abc import Container, Mapping

from service.knowledge.model import Knowledge
from service.note import NoteCode, holds
from service.record.model import Entry
from service.record.values.statuses import Counts, status_word

__all__ = ["denials_of", "is_in_doubt", "is_over"]

_OVER = frozenset({Counts.ANSWERED_NO, Counts.HISTORY})
_VERIFICATIONS = frozenset(
    {None, "confirmed", "unconfirmed", "provisional", "differential", "presumed", "refuted", "entered-in-error"}
)
_NOT_UNDERSTOOD = frozenset({NoteCode.STATUS_NOT_UNDERSTOOD})


def denials_of(knowledge: Knowledge, lists: Container[str]) -> Mapping[str, frozenset[str]]:
    """By type of list, the value sets of entries which say that there is none."""
    found: dict[str, set[str]] = {}
    for fact in knowledge.facts.values():
        for source in fact.sources:
            if source.resource in lists and source.no:
                found.setdefault(source.resource, set()).update(source.no)
    return {name: frozenset(sets) for name, sets in found.items()}


def is_in_doubt(entry: Entry) -> bool:
    """Whether something about an entry that says that there is none cannot be read, and may turn what it says.

    That is a status of no known word, or a modifying extension, which nobody may pass over.
    """
    resource = entry.resource
    return (
        bool(resource.get("modifierExtension"))
        or status_word(resource.get("verificationStatus")) not in _VERIFICATIONS
        or holds(entry.status_class.note, _NOT_UNDERSTOOD)
    )


def is_over(entry: Entry) -> bool:
    """Whether what an entry says is no longer so: one that said that there is none was taken back, for any reason."""
    return entry.status_class.counts in _OVER
