"""Evidence per entry: what single entries of the record say about one fact, and what they make of it together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from functools import cache

from msgspec import Struct

from service.bounded import Bounded
from service.finding import Evidence, Finding, Status
from service.knowledge.model import FactDefinition
from service.note import Note, NoteCode, joined
from service.record.model import Completeness, Entry, Record
from service.record.notes import text_of
from service.record.values.concept import concept_text
from service.record.values.dates import When
from service.record.values.statuses import Counts


class Support(IntEnum):
    """What one entry says: no, perhaps, yes."""

    NO = 0
    MAYBE = 1
    YES = 2


class EntryEvidence(Struct, frozen=True):
    """One entry, what it says, when it began and when it ended (or was last recorded).

    ``latest_start`` says that the beginning is a latest possible one: only the first record is dated.
    """

    support: Support
    evidence: Evidence
    when: When | None = None
    began: When | None = None
    latest_start: bool = False


def ordered(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Evidence each once, newest first, the same whatever the order of the record."""
    listed = tuple(evidence)
    if len(listed) < 2:  # noqa: PLR2004  # nothing to put in order
        return listed
    distinct = list(dict.fromkeys(listed))
    if len({item.date or "" for item in distinct}) < len(distinct):
        # Names are written out only where a date does not tell two apart.
        distinct.sort(key=_by_name)
    distinct.sort(key=_date, reverse=True)
    return tuple(distinct)


def _date(item: Evidence) -> str:
    return item.date or ""


_MOST_NOTES = 6


def _by_name(item: Evidence) -> tuple[str, str, str, str]:
    """By the resource, or by what it says where it has no id: its place in the Bundle is no name, and may be any."""
    is_place = "[" in item.resource
    return "" if is_place else item.resource, item.text, text_of(item.note) if item.note else "", item.resource


def distinct_notes(notes: Iterable[Note | None]) -> tuple[Note, ...]:
    """Notes each once, in a fixed order; of very many the first few, and how many more there are.

    Whatever language they are told in, the order is that of their English text.
    """
    told = tuple(filter(None, notes))
    if len(told) < 2:  # noqa: PLR2004  # nothing to put in order
        return told
    distinct = dict.fromkeys(told)
    in_order = sorted(distinct, key=text_of)
    more = len(in_order) - _MOST_NOTES
    return (*in_order[:_MOST_NOTES], Note(NoteCode.MORE_NOTES, number=more)) if more > 0 else tuple(in_order)


def shortfalls(types: Iterable[str], record: Record) -> tuple[Note, ...]:
    """For each resource type whose list is not whole, why."""
    return tuple(
        _shortfall(name, state)
        for name in dict.fromkeys(types)
        if (state := record.completeness_of(name)) is not Completeness.COMPLETE
    )


@cache
def _shortfall(name: str, state: Completeness) -> Note:
    if state is Completeness.NOT_SENT:
        return Note(NoteCode.LIST_NOT_SENT, types=(name,))
    if state is Completeness.PARTIAL:
        return Note(NoteCode.LIST_IN_PART, types=(name,))
    return Note(NoteCode.LIST_NOT_FETCHED, types=(name,))


def _has_entries(name: str, record: Record) -> bool:
    return any(entry.status_class.counts is not Counts.NEVER for entry in record.of_type(name))


def not_understood(types: Iterable[str], record: Record) -> tuple[Note, ...]:
    """For each resource type with entries that could not be read, how many they are."""
    if not record.not_understood:
        return ()
    counts = {name: len(record.not_understood.get(name, ())) for name in types}
    return tuple(
        Note(NoteCode.ENTRY_NOT_READ, types=(name,))
        if count == 1
        else Note(NoteCode.ENTRIES_NOT_READ, types=(name,), number=count)
        for name, count in counts.items()
        if count
    )


NOT_RECOGNISED = Note(NoteCode.NOT_RECOGNISED)
NOT_RECORDED = Note(NoteCode.NOT_RECORDED)
_LIST_EMPTY = Note(NoteCode.LIST_EMPTY)
LONGEST_TEXT = 80
_LOOKED_AT = 1000
"""So many letters of an entry hold what is named of it, with blanks and marks that are not."""
_MOST_NAMED = 5
_IN_CONTEXT = "context."
"""Where the path of an entry begins that the context of a call brings."""
_BROUGHT_NOW = joined(NOT_RECOGNISED, Note(NoteCode.BEING_ENTERED))


def named_entries(entries: Iterable[Entry]) -> Iterator[Evidence]:
    """Entries that could not be read, each by its own words, cut to what fits a line of a card."""
    for entry in entries:
        text = " ".join(concept_text(entry.resource.get("code"), _LOOKED_AT).split())
        said = text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"
        note = _BROUGHT_NOW if entry.path.startswith(_IN_CONTEXT) else NOT_RECOGNISED
        yield Evidence(entry.reference, said or entry.type, note=note)


def in_order_of_names(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Entries that could not be read in the order in which they are named, so that the first of them are enough."""
    return tuple(entry for _, entry in sorted(zip(named_entries(entries), entries, strict=True), key=_by_named))


def _by_named(pair: tuple[Evidence, Entry]) -> tuple[str, str, str, str]:
    return _by_name(pair[0])


def first_named(types: Iterable[str], record: Record, most: int) -> tuple[Evidence, ...]:
    """The first so many entries of some lists that could not be read, each by its own words."""
    return ordered(named_entries(entry for name in types for entry in record.not_understood.get(name, ())[:most]))[
        :most
    ]


def _doubtful(definition: FactDefinition, record: Record) -> tuple[Evidence, ...]:
    if not record.not_understood:
        return ()
    return first_named(definition.complete, record, _MOST_NAMED)


def lists_are_complete(definition: FactDefinition, record: Record) -> bool:
    """Whether silence counts as absent: the definition allows it, the lists it names were sent whole and all read."""
    asked = (definition.complete, definition.complete_nonempty)
    known = record.silence.get(asked)
    if known is None:
        known = record.silence[asked] = _are_complete(definition, record)
    return known


def _are_complete(definition: FactDefinition, record: Record) -> bool:
    if (
        not definition.complete
        or shortfalls(definition.complete, record)
        or not_understood(definition.complete, record)
    ):
        return False
    return _hold_enough(definition, record)


def _hold_enough(definition: FactDefinition, record: Record) -> bool:
    """Whether the lists of a fact hold an entry each, where it is only then that their silence counts."""
    return not definition.complete_nonempty or all(_has_entries(name, record) for name in definition.complete)


def read_types(definition: FactDefinition) -> tuple[str, ...]:
    """The resource types a fact looks at, in the order written."""
    return tuple(dict.fromkeys((*definition.complete, *(source.resource for source in definition.sources))))


def no_matching_data(definition: FactDefinition, record: Record, notes: Sequence[Note | None] = ()) -> Finding:
    """What finding nothing means: absent when the definition allows it, else unknown with the reasons."""
    if notes:
        return _nothing_found(definition, record, notes)
    # It depends on how the lists came, and on whether they hold anything, alone; callers send the same few states.
    of, types, found = _SILENT.get(id(definition)) or _NO_FACT
    if of is not definition:
        _, types, found = _SILENT[id(definition)] = (definition, read_types(definition), Bounded(_STATES))
    if record.not_understood:
        return _silence_of(definition, types, record)
    states = tuple(map(record.completeness_of, types)), _hold_enough(definition, record)
    finding = found.get(states)
    if finding is None:
        finding = found[states] = _nothing_found(definition, record, ())
    return finding


_STATES = 16
_Silence = tuple[FactDefinition | None, tuple[str, ...], Bounded[tuple[tuple[Completeness, ...], bool], Finding]]
_NO_FACT: _Silence = (None, (), Bounded(1))
_SILENT: Bounded[int, _Silence] = Bounded(2048)
"""What finding nothing means for a fact in some states of its lists, by the address of the fact, which is kept too."""


def _silence_of(definition: FactDefinition, types: tuple[str, ...], record: Record) -> Finding:
    """The same for a record with entries that could not be read: alike for all facts that go by the same lists."""
    on = types, definition.complete, definition.complete_nonempty
    known = record.silences.get(on)
    if known is None:
        known = record.silences[on] = _nothing_found(definition, record, ())
    return Finding(definition.id, known.status, evidence=known.evidence, notes=known.notes)


def _nothing_found(definition: FactDefinition, record: Record, notes: Sequence[Note | None]) -> Finding:
    if lists_are_complete(definition, record):
        said = Note(NoteCode.NOTHING_FOUND, types=definition.complete)
        return Finding(definition.id, Status.ABSENT, notes=(*distinct_notes(notes), said))
    reasons = (*shortfalls(read_types(definition), record), *not_understood(definition.complete, record))
    if definition.complete_nonempty and not reasons:
        reasons = (_LIST_EMPTY,)
    doubtful = _doubtful(definition, record)
    why = (*distinct_notes(notes), *(reasons or (NOT_RECORDED,)))
    return Finding(definition.id, Status.UNKNOWN, evidence=doubtful, notes=why)


def combine(
    definition: FactDefinition, per_entry: Sequence[EntryEvidence], record: Record, notes: Sequence[Note | None] = ()
) -> Finding:
    """What all entries say together: any yes wins; a perhaps beats a no; without an entry, the absence of data decides.

    With ``newest_wins`` only the entries that may be the newest count.
    """
    heard = newest(per_entry) if definition.newest_wins else per_entry
    if not heard:
        return no_matching_data(definition, record, notes)
    if len(per_entry) == 1 and heard[0].support is Support.YES:
        # As most facts are that are present at all.
        return Finding(definition.id, Status.PRESENT, evidence=(heard[0].evidence,), notes=distinct_notes(notes))
    best = max([entry_evidence.support for entry_evidence in heard])
    evidence = ordered([entry_evidence.evidence for entry_evidence in heard if entry_evidence.support is best])
    if best is Support.YES:
        doubts = [
            Note(NoteCode.ALSO_NO, reference=entry_evidence.evidence.resource)
            for entry_evidence in per_entry
            if entry_evidence.support is Support.NO
        ]
        return Finding(definition.id, Status.PRESENT, evidence=evidence, notes=distinct_notes((*notes, *doubts)))
    if best is Support.MAYBE:
        reasons = [entry_evidence.evidence.note for entry_evidence in heard if entry_evidence.support is best]
        return Finding(definition.id, Status.UNKNOWN, evidence=evidence, notes=distinct_notes((*notes, *reasons)))
    if unread := not_understood(definition.complete, record):
        doubtful = _doubtful(definition, record)
        return Finding(definition.id, Status.UNKNOWN, evidence=doubtful, notes=distinct_notes((*notes, *unread)))
    doubts = [
        Note(NoteCode.FORMERLY_YES, reference=entry_evidence.evidence.resource)
        for entry_evidence in per_entry
        if entry_evidence.support is Support.YES
    ]
    return Finding(definition.id, Status.ABSENT, evidence=evidence, notes=distinct_notes((*notes, *doubts)))


def newest(per_entry: Sequence[EntryEvidence]) -> list[EntryEvidence]:
    """What the entries say that may be the newest. An undated no is taken for old, an undated yes for new: caution."""
    dated = [entry_evidence.when for entry_evidence in per_entry if entry_evidence.when is not None]
    if not dated:
        return list(per_entry)
    surely = max(when.first for when in dated)
    sure_day = max(when.first_day for when in dated)

    def may_be_newest(entry_evidence: EntryEvidence) -> bool:
        if entry_evidence.when is None:
            return entry_evidence.support is not Support.NO
        return (
            entry_evidence.when.last >= surely
            if entry_evidence.when.timed
            else entry_evidence.when.last_day >= sure_day
        )

    return [entry_evidence for entry_evidence in per_entry if may_be_newest(entry_evidence)]
