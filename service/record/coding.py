"""Coding: a CodeableConcept against the value sets (terminology.md section 3).

Every coding counts, not only the first; the system is normalised; ICD-10-CM and ATC descend by prefix; a
LOINC or SNOMED code with a wrong check digit is a typing error and matches nothing. Text is the net
below, used only when no coding matched, and flagged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from service.knowledge.model import ValueSet


@dataclass(frozen=True, slots=True)
class Coding:
    """One coding with its system normalised; ``system`` is None when it was not given."""

    system: str | None
    code: str
    display: str | None


@dataclass(frozen=True, slots=True)
class Match:
    """The value sets a concept lies in.

    ``by_text`` says that no coding matched and only the words did: lower confidence, never reason enough
    to make anything absent. ``text`` is what the concept says in words; ``notes`` caveats such as a wrong check digit.
    """

    sets: frozenset[str]
    by_text: bool
    text: str
    notes: tuple[str, ...] = ()


def canonical_system(system: object) -> str | None:
    """The canonical URI of a code system as written in the field (oid, version suffix, slash); None if not a string."""
    raise NotImplementedError


def codings(concept: object) -> Iterator[Coding]:
    """The readable codings of a CodeableConcept, a Coding, or a list of either; nothing for all else."""
    raise NotImplementedError


def concept_text(concept: object) -> str:
    """What a concept says in words: its text, else the first display, else system-free code; "" when nothing."""
    raise NotImplementedError


class CodeIndex:
    """The value sets, indexed once, asked often."""

    def __init__(self, value_sets: Mapping[str, ValueSet]) -> None:
        raise NotImplementedError

    def match(self, concept: object) -> Match:
        """The value sets that a CodeableConcept (or Coding, or list of CodeableConcepts) lies in."""
        raise NotImplementedError

    def sets_of(self, system: str, code: str) -> frozenset[str]:
        """The value sets one code lies in; ``system`` is canonical."""
        raise NotImplementedError

    def sets_of_link(self, link_id: str) -> frozenset[str]:
        """The value sets that a questionnaire item with this linkId asks about."""
        raise NotImplementedError
