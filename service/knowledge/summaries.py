"""The summary of a card as its author wrote it: plain words, with slots for what this patient's record says.

A slot is written ``{eGFR $egfr.number$egfr.date | eGFR below 30}``: alternatives from left to right, the first whose
findings are there is shown, and the last one names no finding. ``$FINDING.KIND`` is a number, a number with its unit, a
drug, an entry in its own words, a date, a duration, the course of a score, or what is missing (of a conclusion that
something has no answer: which). A date brings its own blank and brackets
and may be missing; a day is a date that is never that of an answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

# How long what is put in may become; whoever renders keeps to it, so the longest summary is known at load.
LONGEST = MappingProxyType(
    {
        "number": 6,
        "value": 20,
        "drug": 24,
        "entry": 34,
        "date": 14,
        "day": 14,
        "duration": 11,
        "week": 3,
        "course": 34,
        "missing": 61,
    }
)

_SLOT = re.compile(r"\{([^{}]*)\}")
_REFERENCE = re.compile(r"\$([a-z0-9]+(?:-[a-z0-9]+)*)\.([a-z]+)")


@dataclass(frozen=True, slots=True)
class Reference:
    """One value of one finding that a summary asks for."""

    finding: str
    kind: str


Fill = Callable[[Sequence[Reference]], Sequence[str] | None]
"""The words for all references of one alternative, or None when this patient lacks one of them."""


@cache
def references(summary: str) -> tuple[Reference, ...]:
    """Everything a summary asks for."""
    return tuple(one for slot in _SLOT.finditer(summary) for one in _references(slot[1]))


def _references(text: str) -> Iterator[Reference]:
    return (Reference(match[1], match[2]) for match in _REFERENCE.finditer(text))


def alternatives(summary: str) -> Iterator[tuple[str, ...]]:
    """The alternatives of each slot."""
    for slot in _SLOT.finditer(summary):
        yield _alternatives(slot[1])


@cache
def _alternatives(slot: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in slot.split("|"))


def filled(summary: str, fill: Fill) -> str:
    """The summary with each slot filled by the first alternative of which everything is there."""
    return "".join([part if isinstance(part, str) else _filled(part, fill) for part in _parts(summary)])


@dataclass(frozen=True, slots=True)
class _Alternative:
    """One alternative of a slot: what it refers to, and a template with a place for the words of each."""

    references: tuple[Reference, ...]
    template: str


@cache
def _parts(summary: str) -> tuple[str | tuple[_Alternative, ...], ...]:
    """The words of a summary and, between them, its slots."""
    # Between the words of a split stands what the brackets of the pattern hold.
    pieces = _SLOT.split(summary)
    return tuple(
        tuple(map(_alternative, _alternatives(piece))) if number % 2 else piece for number, piece in enumerate(pieces)
    )


def _alternative(part: str) -> _Alternative:
    return _Alternative(tuple(_references(part)), _REFERENCE.sub("%s", part.replace("%", "%%")))


def _filled(slot: tuple[_Alternative, ...], fill: Fill) -> str:
    *first, last = slot
    for one in first:
        words = fill(one.references)
        if words is not None:
            return one.template % tuple(words)
    # The last one names no finding: it is shown as it is written.
    return last.template % tuple(f"${one.finding}.{one.kind}" for one in last.references)


def without_values(summary: str) -> str:
    """The summary as it reads when nothing is put in."""
    return filled(summary, lambda _: None)


def all_words(summary: str) -> str:
    """Every word that may be shown, alternatives one after the other."""
    return _SLOT.sub(lambda slot: " ".join(_alternatives(slot[1])), summary)


def longest(summary: str) -> int:
    """How many UTF-16 units the longest rendering has; many clients count in these."""
    return len(_SLOT.sub(lambda slot: max(map(_widest, _alternatives(slot[1])), key=_units), summary)) + (
        _units(summary) - len(summary)
    )


def _widest(part: str) -> str:
    return _REFERENCE.sub(lambda match: "x" * LONGEST.get(match[2], 0), part)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
