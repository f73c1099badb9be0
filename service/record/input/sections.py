"""Sections: what a Composition or a List says of the lists it stands for that the entries alone do not tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from service.note import Note, NoteCode
from service.record.input.unpacking import Piece
from service.record.model import Problem
from service.record.values.concept import as_objects, codings, wordings
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
_LIST_WORDS: Mapping[str, tuple[str, ...]] = {
    "medic": ("MedicationStatement", "MedicationRequest"),
    "drug": ("MedicationStatement", "MedicationRequest"),
    "allerg": ("AllergyIntolerance",),
    "problem": ("Condition",),
    "diagnos": ("Condition",),
    "condition": ("Condition",),
}
"""How the words begin by which a List without such a code is called."""
_WARNING = re.compile(r"list-?warning-?code", re.IGNORECASE)
"""In the URL of the extension of GP Connect which says that a list holds less than there is."""
_NOT_ALL = re.compile(
    r"not available|unavailable|withheld|confidential|incomplete|in transit|transfer.degraded|awaiting filing|excluded"
    r"|not all\b|may be missing",
    re.IGNORECASE,
)
"""What the notes of a List say where it holds less than there is."""
_UNANSWERED = frozenset({"notasked", "withheld", "unavailable", "notstarted", "closed"})
"""Why a section is empty (list-empty-reason), save that there is nothing to tell."""
_READ = frozenset(name for names in _LISTS.values() for name in names)
_DEEPEST = 8


def doubts_of_sections(pieces: Iterable[Piece]) -> Iterator[tuple[str, Problem]]:
    """The resource types whose lists a document declares to be less than whole, each with the problem that says why.

    A section or a List that names an entry which is not there, says that nobody asked or that it is withheld, or holds
    words beyond its entries ("additional"), proves nothing by its silence.
    """
    pieces = list(pieces)
    there = References((piece.full_url, piece.type, piece.id, piece.resource) for piece in pieces)
    for piece in pieces:
        if piece.type == "Composition":
            yield from _of_sections(piece.resource, piece.path, there, 0)
        elif piece.type == "List" and piece.resource.get("status") != "entered-in-error":
            yield from _of_list(piece.resource, piece.path, there)


def _of_list(listed: Mapping[str, Any], path: str, there: References) -> Iterator[tuple[str, Problem]]:
    entries = [one for one in as_objects(listed.get("entry")) if one.get("deleted") is not True]
    lists = _stands_for(listed)
    for index, entry in enumerate(entries):
        named = reference_text(entry.get("item"))
        if named is not None and not named.startswith("#") and there.resolve(entry.get("item")) is None:
            target = parse_literal(named)
            for name in (target.type,) if target and target.type in _READ else lists:
                yield name, Problem(f"{path}.entry[{index}]", Note(NoteCode.SECTION_ENTRY_NOT_THERE), name)
    if _says_less(listed):
        yield from ((name, Problem(path, Note(NoteCode.SECTION_NOT_ANSWERED))) for name in lists)


def _stands_for(listed: Mapping[str, Any]) -> tuple[str, ...]:
    """The resource types that a List is the list of, by its code or its words; none where they say something else."""
    code = listed.get("code")
    if found := next((_LISTS[one.code] for one in codings(code) if one.code in _LISTS), ()):
        return found
    words = " ".join((*wordings(code), str(listed.get("title") or ""))).casefold()
    return next((types for stem, types in _LIST_WORDS.items() if stem in words), ())


def _says_less(listed: Mapping[str, Any]) -> bool:
    """Whether a List says that it is not answered, or holds less than there is."""
    if any(one.code in _UNANSWERED for one in codings(listed.get("emptyReason"))):
        return True
    if any(_WARNING.search(str(one.get("url"))) for one in as_objects(listed.get("extension"))):
        return True
    notes = (note.get("text") for note in as_objects(listed.get("note")))
    return any(isinstance(text, str) and _NOT_ALL.search(text) for text in notes)


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
