"""Unread: what of a call could not be read, counted, so that the answer can say it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from service.finding import Finding, Status
from service.knowledge.model import FactDefinition, FactKind
from service.note import NoteCode, holds
from service.record.chart.answers import ANSWERED
from service.record.chart.measure import PRELIMINARY
from service.record.medication.entry import MEDICATION_TYPES
from service.record.model import Record, Unread

_NOT_CHECKED = frozenset({NoteCode.ORDER_NOT_RECOGNISED})
_NOT_USED = frozenset({NoteCode.RESULT_NOT_USED})
_NOT_FINAL = PRELIMINARY | {NoteCode.PRELIMINARY_NOT_USED}
_IN_FUTURE = frozenset({NoteCode.IN_FUTURE})
_PROBLEM = "Condition"
_READ = frozenset({NoteCode.PRELIMINARY_NOT_USED, NoteCode.EARLIER_PREGNANCY})
"""Why an entry that could be read is not used."""


def unread_of(record: Record, facts: Mapping[str, Finding], definitions: Sequence[FactDefinition]) -> Unread:
    """The entries that could not be read, by type, and how many orders could not be reviewed.

    Counted are entries whose shape cannot be read, entries that lie in a value set and hold no answer and no number
    that can be used, and orders that were not recognised. ``definitions`` are those of the facts that something on the
    chart concerns; those that are known from an older result while a newer one could not be used are all ``doubted``,
    and none is ``pressing`` yet.
    """
    entries = Counter(record.unread)
    unused: set[str] = set()
    not_final, doubted = [], []
    for definition in definitions:
        finding = facts[definition.id]
        if not finding.notes or not _passes_over(finding, definition):
            continue
        passed_over = {*_unused(finding), *_to_come(finding)}
        unused |= passed_over
        is_waiting = _waits(finding)
        not_final += [definition.id] if is_waiting else []
        doubted += [definition.id] if finding.status is Status.PRESENT and passed_over else []
    if unused:
        entries.update(_types_of(unused, record))
    orders = _not_reviewed(record, facts, definitions)
    total = len({entry.reference for entry in record.orders} | orders.keys())
    counted = dict(sorted(entries.items()))
    return Unread(counted, len(orders), total if orders else 0, not_final=tuple(not_final), doubted=tuple(doubted))


def _not_reviewed(
    record: Record, facts: Mapping[str, Finding], definitions: Sequence[FactDefinition]
) -> dict[str, None]:
    """The orders that could not be reviewed, by reference or path."""
    orders = dict.fromkeys(record.unread_orders)
    if record.orders:
        orders |= dict.fromkeys(
            evidence.resource
            for definition in definitions
            if definition.kind is FactKind.ORDER
            for evidence in facts[definition.id].evidence
            if holds(evidence.note, _NOT_CHECKED)
        )
    return orders


def _passes_over(finding: Finding, definition: FactDefinition) -> bool:
    """Whether the notes of a finding name entries that might have made it another.

    A number that is known keeps those only that are newer than itself.
    """
    return finding.status is Status.UNKNOWN or (
        finding.status is Status.PRESENT and definition.kind is FactKind.QUANTITY
    )


def _waits(finding: Finding) -> bool:
    """Whether a finding passed over a result or an answer that is not final."""
    return any(holds(note, _NOT_FINAL) for note in finding.notes) or (
        finding.status is Status.UNKNOWN and any(holds(item.note, _NOT_USED) for item in finding.evidence)
    )


def _unused(finding: Finding) -> Iterator[str]:
    """The entries that a finding passed over because of what they hold."""
    for note in finding.notes:
        is_passed_over = note.code is NoteCode.OF_ENTRY and not holds(note, _READ)
        if note.reference is not None and (is_passed_over or note.code is NoteCode.NO_ANSWER):
            yield note.reference


def _to_come(finding: Finding) -> Iterator[str]:
    """The problems that leave a finding unknown because they bear a date that has not come: a typing error."""
    for item in finding.evidence if finding.status is Status.UNKNOWN else ():
        if item.resource.startswith(f"{_PROBLEM}/") and holds(item.note, _IN_FUTURE):
            yield item.resource


def _types_of(references: set[str], record: Record) -> Iterator[str]:
    """The types of the entries named, without those that are counted already because of their shape."""
    paths = tuple(problem.path for problem in record.problems if problem.unread is not None)
    for type_ in (*ANSWERED, *MEDICATION_TYPES, _PROBLEM):
        for entry in record.of_type(type_):
            if entry.reference in references and not any(path.startswith(f"{entry.path}.") for path in paths):
                yield type_
