"""Sections: what the Composition of a document says of its lists that the entries alone do not tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from service.note import Note, NoteCode
from service.record.input.unpacking import Piece
from service.record.model import Problem
from service.record.values.concept import as_objects, codings
from service.record.values.references import References, parse_literal, reference_text

_LISTS: Mapping[str, tuple[str, ...]] = {
    "11450-4": ("Condition",),
    "11348-0": ("Condition",),
    "48765-2": ("AllergyIntolerance",),
    "10160-0": ("MedicationStatement", "MedicationRequest"),
    "47519-4": ("Procedure",),
    "30954-2": ("Observation", "DiagnosticReport"),
    "8716-3": ("Observation",),
    "10162-6": ("Observation",),
    "29762-2": ("Observation",),
}
"""The lists behind the sections of an International Patient Summary, by the LOINC code of the section."""
_UNANSWERED = frozenset({"notasked", "withheld", "unavailable", "notstarted", "closed"})
"""Why a section is empty (list-empty-reason), save that there is nothing to tell."""
_DEEPEST = 8


def doubts_of_sections(pieces: Iterable[Piece]) -> Iterator[tuple[str, Problem]]:
    """The resource types whose lists a document declares to be less than whole, each with the problem that says why.

    A section that names an entry which is not there, says that nobody asked or that it is withheld, or holds words
    beyond its entries ("additional"), proves nothing by its silence.
    """
    pieces = list(pieces)
    there = References((piece.full_url, piece.type, piece.id, piece.resource) for piece in pieces)
    for piece in pieces:
        if piece.type == "Composition":
            yield from _of_sections(piece.resource, piece.path, there, 0)


def _of_sections(holder: Mapping[str, Any], path: str, there: References, depth: int) -> Iterator[tuple[str, Problem]]:
    for number, section in enumerate(as_objects(holder.get("section")) if depth < _DEEPEST else ()):
        at = f"{path}.section[{number}]"
        lists = next((_LISTS[one.code] for one in codings(section.get("code")) if one.code in _LISTS), ())
        for index, reference in enumerate(as_objects(section.get("entry"))):
            named = reference_text(reference)
            if named is None and reference.get("display"):
                yield from (
                    (name, Problem(f"{at}.entry[{index}]", Note(NoteCode.SECTION_IN_WORDS), name)) for name in lists
                )
            if named is not None and not named.startswith("#") and there.resolve(reference) is None:
                target = parse_literal(named)
                for name in (target.type,) if target else lists:
                    yield name, Problem(f"{at}.entry[{index}]", Note(NoteCode.SECTION_ENTRY_NOT_THERE), name)
        if (reason := _why_doubtful(section)) is not None:
            is_unread = reason.code is NoteCode.SECTION_IN_WORDS
            yield from ((name, Problem(at, reason, name if is_unread else None)) for name in lists)
        yield from _of_sections(section, at, there, depth + 1)


def _why_doubtful(section: Mapping[str, Any]) -> Note | None:
    if any(one.code in _UNANSWERED for one in codings(section.get("emptyReason"))):
        return Note(NoteCode.SECTION_NOT_ANSWERED)
    if any(one.get("status") == "additional" for one in as_objects(section.get("text"))):
        return Note(NoteCode.SECTION_IN_WORDS)
    return None
