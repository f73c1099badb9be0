"""Unread: what of a call could not be read, counted, so that the answer can say it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from service.finding import Finding, Status
from service.knowledge.model import FactDefinition, FactKind
from service.note import NoteCode, holds
from service.record.chart.answers import ANSWERED
from service.record.medication.entry import MEDICATION_TYPES
from service.record.model import Record, Unread

_NOT_CHECKED = frozenset({NoteCode.ORDER_NOT_RECOGNISED})
_READ = frozenset({NoteCode.PRELIMINARY_NOT_USED, NoteCode.EARLIER_PREGNANCY})
"""Why an entry that could be read is not used."""


def unread_of(record: Record, facts: Mapping[str, Finding], definitions: Sequence[FactDefinition]) -> Unread:
    """The entries that could not be read, by type, and how many orders could not be reviewed.

    Counted are entries whose shape cannot be read, entries that lie in a value set and hold no answer and no number
    that can be used, and orders that were not recognised. ``definitions`` are those of ``facts``.
    """
    entries = Counter(record.unread)
    unused = {
        reference
        for finding in facts.values()
        if finding.notes and finding.status is Status.UNKNOWN
        for reference in _unused(finding)
    }
    if unused:
        entries.update(_types_of(unused, record))
    orders = dict.fromkeys(record.unread_orders)
    if record.orders:
        orders |= dict.fromkeys(
            evidence.resource
            for definition in definitions
            if definition.kind is FactKind.ORDER
            for evidence in facts[definition.id].evidence
            if holds(evidence.note, _NOT_CHECKED)
        )
    reviewed = {entry.reference for entry in record.orders}
    total = len(reviewed | orders.keys())
    return Unread(dict(sorted(entries.items())), len(orders), total if orders else 0)


def _unused(finding: Finding) -> Iterator[str]:
    """The entries that an unknown finding passed over because of what they hold."""
    if finding.status is Status.UNKNOWN:
        for note in finding.notes:
            is_passed_over = note.code is NoteCode.OF_ENTRY and not holds(note, _READ)
            if note.reference is not None and (is_passed_over or note.code is NoteCode.NO_ANSWER):
                yield note.reference


def _types_of(references: set[str], record: Record) -> Iterator[str]:
    """The types of the entries named, without those that are counted already because of their shape."""
    paths = tuple(problem.path for problem in record.problems if problem.unread is not None)
    for type_ in (*ANSWERED, *MEDICATION_TYPES):
        for entry in record.of_type(type_):
            if entry.reference in references and not any(path.startswith(f"{entry.path}.") for path in paths):
                yield type_
