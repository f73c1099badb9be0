"""Concept: what a CodeableConcept (or Coding, or list of CodeableConcepts) holds: its codings and its words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from service.record.values.code_systems import (
    CPT,
    HCPCS,
    ICD_10,
    ICD_10_CM,
    ICD_10_PCS,
    LOINC,
    SNOMED,
    canonical_system,
)
from service.record.values.marks import without_marks
from service.record.values.tidy import tidied

SPOKEN_SYSTEMS = frozenset({SNOMED, LOINC, CPT, ICD_10, ICD_10_CM, ICD_10_PCS, HCPCS})
"""Public systems whose displays are the words of the system, and English where they look so."""
_LONGEST_KEY = 1000
"""Longer words are seldom met again."""


class Coding(Struct, frozen=True):
    """One coding with its system normalised; ``system`` is None when it was not given."""

    system: str | None
    code: str
    display: str | None


def as_objects(value: object) -> list[Mapping[str, Any]]:
    """The objects in a list, or the one object given where a list belongs; nothing else."""
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def codings(concept: object) -> Iterator[Coding]:
    """The readable codings of a CodeableConcept, a Coding, or a list of either; nothing for all else."""
    for raw in raw_codings(concept):
        code = _code_text(raw.get("code"))
        if code:
            display = raw.get("display")
            words = _words(display) if isinstance(display, str) else None
            yield Coding(canonical_system(raw.get("system")), code, words)


def _code_text(code: object) -> str | None:
    if isinstance(code, str):
        return tidied(code) or None
    # A bare number is read as its digits; a float has lost some of them.
    return str(code) if isinstance(code, int) and not isinstance(code, bool) else None


def raw_codings(concept: object) -> Iterator[Mapping[str, object]]:
    """The codings of a concept as they were sent, those that are no objects left out."""
    for part in as_objects(concept):
        inner = part.get("coding")
        if isinstance(inner, list):
            yield from (raw for raw in inner if isinstance(raw, dict))
        elif isinstance(inner, dict):
            yield inner
        elif "code" in part or "display" in part:
            yield part


def _words(text: str) -> str:
    return without_marks(tidied(text.replace("_", " ")))


def wordings(concept: object, longest: int | None = None) -> Iterator[str]:
    """Every wording of the concept: its text and the displays of its codings, of each so many letters at most."""
    for part in as_objects(concept):
        text = part.get("text")
        if isinstance(text, str) and (words := _words(text[:longest])):
            yield words
    for raw in raw_codings(concept):
        display = raw.get("display")
        if isinstance(display, str) and (words := _words(display[:longest])):
            yield words


def own_words(concept: object) -> Iterator[str]:
    """The wordings that are not those of a public code: nobody wrote "without haemorrhage" there by hand."""
    displays = {
        _words(display)
        for raw in raw_codings(concept)
        if canonical_system(raw.get("system")) in SPOKEN_SYSTEMS and isinstance(display := raw.get("display"), str)
    }
    return (text for text in wordings(concept) if text not in displays)


def single_key(concept: object) -> tuple[object, ...] | None:
    """What decides the match of a concept with one coding or with words alone, the commonest by far.

    None for any other, and where its words are so long that they are not worth to be remembered.
    """
    if not isinstance(concept, dict):
        return None
    listed, text = concept.get("coding"), concept.get("text")
    if listed is None and type(text) is str and "code" not in concept and "display" not in concept:
        return (text,) if len(text) <= _LONGEST_KEY else None
    if not isinstance(listed, list) or len(listed) != 1 or not isinstance(listed[0], dict):
        return None
    get = listed[0].get
    system, code, display = get("system"), get("code"), get("display")
    if (
        (system is None or type(system) is str)
        and (code is None or type(code) is str)
        and (display is None or (type(display) is str and len(display) <= _LONGEST_KEY))
        and (text is None or (type(text) is str and len(text) <= _LONGEST_KEY))
    ):
        return system, code, display, text
    return None


def concept_text(concept: object, longest: int | None = None) -> str:
    """What a concept says in words: its text, else the first display, else a code; "" when nothing.

    Of words no more than ``longest`` letters are looked at.
    """
    for text in wordings(concept, longest):
        return text
    for coding in codings(concept):
        return coding.code
    return ""


def raw_codes(concept: object) -> Iterator[tuple[Mapping[str, object], str]]:
    """The codings that have a code, each with it as text."""
    for raw in raw_codings(concept):
        code = _code_text(raw.get("code"))
        if code:
            yield raw, code
