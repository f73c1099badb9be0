"""Sides: on which side of the body an entry places a problem, by its words, its body sites and its code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

from service.record.chart.concepts import body_sites, concepts_of
from service.record.model import Entry, Record
from service.record.values.code_systems import ICD_10_CM, plain_code
from service.record.values.concept import codings, wordings


class Side(StrEnum):
    """A side of the body."""

    LEFT = "left"
    RIGHT = "right"


_WORDS = {
    Side.LEFT: re.compile(r"\b(?:left|lt|bilateral(?:ly)?|both)\b", re.IGNORECASE),
    Side.RIGHT: re.compile(r"\b(?:right|rt|bilateral(?:ly)?|both)\b", re.IGNORECASE),
}
_SCIATICA = re.compile(r"M54[34]([12])", re.ASCII)
_OF_DIGIT = {"1": Side.RIGHT, "2": Side.LEFT}
"""The last character of ICD-10-CM M54.3- and M54.4-."""


def sides_of(entry: Entry, record: Record) -> frozenset[Side]:
    """The sides an entry names; empty when it names none, which does not mean both."""
    return frozenset(_sides(entry, record))


def _sides(entry: Entry, record: Record) -> Iterator[Side]:
    concepts = [*concepts_of(entry.type, entry.resource, record), *body_sites(entry.resource)]
    for concept in concepts:
        for text in wordings(concept):
            yield from (side for side, pattern in _WORDS.items() if pattern.search(text))
        for coding in codings(concept):
            found = _SCIATICA.fullmatch(plain_code(ICD_10_CM, coding.code)) if coding.system == ICD_10_CM else None
            if found:
                yield _OF_DIGIT[found[1]]
