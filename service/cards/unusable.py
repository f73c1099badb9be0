"""What was sent and could not be used, each by what it measures and why: ``eGFR: no date given, 22 mL/min``."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from service.cards.finding_words import asked, unit_in_words
from service.cards.layout import unknown_line
from service.cards.markdown import escaped
from service.cards.redaction import mark_quoted
from service.decision import Decision
from service.finding import Finding, Status
from service.knowledge.model import FactDefinition, FactKind, Knowledge
from service.note import Note, NoteCode, holds
from service.record.chart.measure import PRELIMINARY
from service.record.notes import text_of

_MOST = 3
_OF_UNITS = frozenset(
    {
        *(NoteCode.UNIT_NOT_GIVEN, NoteCode.UNIT_NOT_KNOWN, NoteCode.UNIT_DOES_NOT_CONVERT),
        NoteCode.UNITS_DISAGREE,
    }
)
_WITH_VALUE = _OF_UNITS | {NoteCode.DATE_NOT_GIVEN, NoteCode.INEXACT_DATE}
_NOT_USED = frozenset({NoteCode.RESULT_NOT_USED})
_ASKED_FOR = ("Observation/", "QuestionnaireResponse/")


def unusable(knowledge: Knowledge, decision: Decision) -> str:
    """The first results and answers that could not be used, in brackets, marked as a quotation even when empty.

    The store holds no notes of findings that are unknown, so that a decision made again has none to tell.
    """
    found: dict[str, str] = {}
    for fact in knowledge.facts.values():
        finding = decision.findings[fact.id]
        if finding.status is not Status.UNKNOWN and fact.id not in decision.unread.doubted:
            continue
        for reference, why in _reasons(finding, fact):
            found.setdefault(reference, f"{asked(knowledge, [fact.id])[0]}: {why}")
    named = list(dict.fromkeys(found.values()))
    more = f"; and {len(named) - _MOST} more" if len(named) > _MOST else ""
    return mark_quoted(f" ({'; '.join(named[:_MOST])}{more})" if named else "")


def not_final(knowledge: Knowledge, decision: Decision, names: Collection[str]) -> str:
    """What was set aside because it is not final: what it tells of, and in brackets, marked, what it says and when."""
    facts = [name for name in decision.unread.not_final if name in names]
    said = list(dict.fromkeys(value for name in facts for value in waiting(knowledge, decision, name)))
    quoted = mark_quoted(f" ({'; '.join(map(escaped, said[:_MOST]))})" if said else "")
    return f"Not final, not used: {unknown_line(asked(knowledge, facts))}{quoted}."


def waiting(knowledge: Knowledge, decision: Decision, name: str) -> Iterator[str]:
    """The values and answers of one fact that are not final, each with its date."""
    finding, unit = decision.findings[name], knowledge.facts[name].unit or ""
    for note in finding.notes:
        words = (note.words or "").replace(unit, unit_in_words(unit)) if unit else note.words
        if note.code is NoteCode.PRELIMINARY_VALUE:
            yield f"{words} on {note.date}"
        elif note.code is NoteCode.PRELIMINARY_VALUE_UNDATED:
            yield f"{words}, undated"
    for item in finding.evidence if finding.status is Status.UNKNOWN else ():
        if holds(item.note, _NOT_USED):
            yield f"{item.text} on {item.date}" if item.date else item.text


def _reasons(finding: Finding, fact: FactDefinition) -> Iterator[tuple[str, str]]:
    """The entries a finding passed over, and why: the value where it can be told, else what is wrong with it."""
    values = [value for note in finding.notes if (value := _value(note))]
    for note in finding.notes:
        if note.reference is None or not note.reference.startswith(_ASKED_FOR):
            continue
        if note.code is NoteCode.NO_ANSWER:
            yield note.reference, "no answer that can be read"
        elif note.code is NoteCode.OF_ENTRY and fact.kind is FactKind.QUANTITY:
            values_shown = values if holds(note, _WITH_VALUE) else ()
            wanted = f", expected {unit}" if holds(note, _OF_UNITS) and (unit := unit_in_words(fact.unit or "")) else ""
            yield note.reference, ", ".join((text_of(note.of[0]), *map(escaped, values_shown))) + escaped(wanted)


def _value(note: Note) -> str | None:
    """The value that a note says is not used."""
    if note.code in {NoteCode.UNDATED_VALUE, NoteCode.VALUE_NOT_USED}:
        return note.words
    return text_of(note) if note.code in PRELIMINARY else None
