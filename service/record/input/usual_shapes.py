"""Usual shapes: whether an entry is written as nearly every entry is, told in one step.

To look at each element of each entry takes as long as to decode the body. Here the table of shapes becomes types that
are checked in one go, each narrower than what ``shapes.py`` can read: an entry that fits has no flaw. Of one that does
not fit nothing is said; ``shapes.py`` looks at it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct, defstruct

from service.record.input.shape_table import NESTED, SHAPES, STATUS_NEEDED
from service.record.values.dates import parse
from service.record.values.statuses import says_two_things, understood_words

_DAY = r"(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
_CLOCK = r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])"

# A word begins with no blank, so it is not blank.
_Word = Annotated[str, Meta(pattern=r"^\S")]
_Date = Annotated[str, Meta(pattern=rf"^(?:19|20)[0-9]{{2}}-{_DAY}(?:{_CLOCK})?\Z")]
_Number = Annotated[float, Meta(ge=-1e9, le=1e9)]


class _Coding(Struct, gc=False):
    system: str | None = None
    code: str | None = None
    display: str | None = None


class _Concept(Struct, gc=False):
    text: str | None = None
    coding: list[_Coding] | None = None


class _Quantity(Struct, gc=False):
    value: _Number | None = None
    unit: str | None = None
    code: str | None = None
    comparator: str | None = None


class _Range(Struct, gc=False):
    low: _Quantity | None = None
    high: _Quantity | None = None


class _Period(Struct, gc=False):
    start: _Date | None = None
    end: _Date | None = None


class _Reference(Struct, gc=False):
    reference: _Word | None = None


_TYPES: Mapping[str, Any] = {
    "status": _Word,
    "date": _Date,
    "period": _Period,
    "number": _Number,
    "boolean": bool,
    "text": str,
    "object": dict[str, Any],
    "coding": _Coding,
    "concept": _Concept,
    "quantity": _Quantity,
    "range": _Range,
    "reference": _Reference,
}
_CODED = frozenset({"Condition", "AllergyIntolerance"})
_STATUSES = ("status", "clinicalStatus", "verificationStatus", "lifecycleStatus")


class _Usual(NamedTuple):
    """How a type of resource is checked: the type of all but its own dates, alone and in a list, and their names."""

    shape: type[Struct]
    shapes: Any
    dates: tuple[str, ...]


def is_usual(resource: Mapping[str, Any], type_: str) -> bool:
    """Whether all elements of a resource (in R4 shape) that facts read are written as usual, and its status is known.

    Says nothing of what the resource is about.
    """
    usual = _usual(type_)
    if usual is None:
        return False
    try:
        msgspec.convert(resource, usual.shape)
    except msgspec.ValidationError:
        return False
    return _are_usual_within((resource,), usual, type_)


def are_usual(resources: Sequence[Mapping[str, Any]], type_: str) -> bool:
    """Whether all of some resources of one type are written as usual, told in one step for all of them."""
    usual = _usual(type_)
    if usual is None:
        return False
    try:
        msgspec.convert(resources, usual.shapes)
    except msgspec.ValidationError:
        return False
    return _are_usual_within(resources, usual, type_)


def _are_usual_within(resources: Sequence[Mapping[str, Any]], usual: _Usual, type_: str) -> bool:
    """What their shape does not tell: their dates can be read, and a status in several words says one thing."""
    # Here and not by the shape: what was parsed once is known.
    for name in usual.dates:
        written = [value for resource in resources if (value := resource.get(name)) is not None]
        if written and not all(map(parse, written)):
            return False
    return type_ not in _CODED or not any(map(says_two_things, resources))


@cache
def _usual(type_: str) -> _Usual | None:
    elements = SHAPES.get(type_)
    # An item may hold items, to any depth.
    if elements is None or "[item]*" in elements.values():
        return None
    dates = tuple(name for name, shape in elements.items() if shape == "date")
    rest = {name: shape for name, shape in elements.items() if shape != "date" and name not in _STATUSES}
    missing: list[Any] = [] if type_ in STATUS_NEEDED else [None]
    statuses = [(name, _status(type_, name), *missing) for name in _STATUSES if name in elements]
    shape = defstruct(type_, [*statuses, *_fields(rest)], gc=False, kw_only=True)
    return _Usual(shape, list[shape], dates)  # type: ignore[valid-type]


def _fields(elements: Mapping[str, str]) -> list[tuple[str, Any, None]]:
    return [(name, _element(shape) | None, None) for name, shape in elements.items()]


def _status(type_: str, name: str) -> Any:
    """A status that is understood: one of the words of the type; of a problem or an allergy a code."""
    words = understood_words(type_)
    word: Any = Literal[tuple(sorted(words))] if words and name != "verificationStatus" else _Word
    if type_ in _CODED:
        coding: Any = defstruct("Coding", [("code", word)], gc=False)
        # The first code counts, so there is no more than one.
        codings: Any = Annotated[list[coding], Meta(min_length=1, max_length=1)]
        word = defstruct("Concept", [("coding", codings)], gc=False)
    return word if type_ in STATUS_NEEDED else word | None


def _element(written: str) -> Any:
    plain = written.removesuffix("*")
    nested = plain[1:-1] if plain.startswith("[") else None
    one: Any = _TYPES[plain] if nested is None else defstruct(nested, _fields(NESTED[nested]), gc=False)
    return one if plain == written else one | list[one]
