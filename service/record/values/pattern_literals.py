"""What a text must contain before a pattern can match it, so that most patterns need not be tried on most texts.

A list of problems of many different texts is tried against hundreds of patterns; looking for a few letters first costs
a fiftieth. Only a saving: a pattern of which nothing is known is always tried.

Literals are looked for in a text in which all but letters and digits are blanks: so the edge of a word is a blank too,
and "no" that must be a word of its own is not found in "normal".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any
from unicodedata import decimal

from ahocorasick_rs import AhoCorasick, Implementation

__all__ = ["ANY_LETTER", "LiteralIndex", "first_letters_of", "literals_of", "spaced", "within"]

_MOST = 40
"""How many alternatives are followed."""
_SHORTEST = 2
_LIKELY = 0.1
"""How likely it is that a letter stands where it must."""
ANY_LETTER = frozenset({r"\w"})
"""In place of the letters with one of which something begins: it may be any."""
_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
_DIGIT = re.compile(r"\d")
_DIGITS = frozenset("0123456789")
_OTHER_SIGN = re.compile(r"[\W_]")
_LOOSE = str.maketrans("\u0130\u0131", "ii")
"""What ``re`` takes for an i without regard to case, and ``casefold`` does not."""
_BLANK, _EDGE = " ", "\0"
"""Any sign that is no letter and no digit, and the edge of a word, in literals that are being put together."""
_ASCII = bytes(ord(chr(code).lower()) if chr(code).isalnum() else ord(_BLANK) for code in range(128)) + bytes(128)
_EDGES = (op.AT_BOUNDARY, op.AT_BEGINNING, op.AT_BEGINNING_STRING, op.AT_END, op.AT_END_STRING)
_NO_WORD = [list(_parser.parse(letter)) for letter in (r"\w", r"[^\W_]")]
"""What must not stand beside a whole word: a letter."""


def spaced(text: str) -> str:
    """The text as literals are looked for in it: between blanks, in small letters, digits of every script as ASCII."""
    return f" {_spaced(text)} "


def _spaced(text: str) -> str:
    if text.isascii():
        return text.encode().translate(_ASCII).decode()
    plain = _OTHER_SIGN.sub(_BLANK, text).translate(_LOOSE).casefold()
    return _DIGIT.sub(lambda found: str(decimal(found[0])), plain)


@cache
def literals_of(pattern: str) -> tuple[str, ...] | None:
    """Strings of which a text must contain one, ``spaced``, to be matched; None when none can be told.

    A string without letters and digits stands for itself. The pattern is one that is matched without regard to case.
    """
    best = _needed(_parsed(pattern))
    return None if best is None else tuple(sorted(best))


@lru_cache(1)
def _parsed(pattern: str) -> list[tuple[Any, Any]]:
    """A pattern taken apart: what is asked twice of one is asked at once."""
    return list(_parser.parse(pattern, re.IGNORECASE))


def within(literals: Iterable[str] | None) -> tuple[str, ...] | None:
    """The literals of a pattern that is tried on the part of a text before a match, which may end within a word."""
    return None if literals is None else tuple(sorted({one.rstrip() for one in literals}))


@cache
def first_letters_of(pattern: str) -> frozenset[str] | None:
    """The letters and digits with one of which all begins that a pattern matches; None where that cannot be told."""
    return _first_of(_parsed(pattern))


class LiteralIndex:
    """Finds which of many patterns may match a text, in one pass over it."""

    def __init__(self, needed: Sequence[tuple[str, ...] | None]) -> None:
        self._always = frozenset(index for index, literals in enumerate(needed) if literals is None)
        words: dict[str, set[int]] = {}
        marks: dict[str, set[int]] = {}
        for index, literals in enumerate(needed):
            for literal in literals or ():
                (words if any(map(str.isalnum, literal)) else marks).setdefault(literal, set()).add(index)
        self._marks = tuple((mark, frozenset(indexes)) for mark, indexes in marks.items())
        self._shown_by = [frozenset(indexes) for indexes in words.values()]
        # The quickest to be made, and nearly the quickest to be used.
        self._words = AhoCorasick(words, store_patterns=False, implementation=Implementation.ContiguousNFA)

    def indexes(self, text: str) -> frozenset[int]:
        """The indexes of the patterns that may match a text; the cost hardly grows with their number."""
        shown = {number for number, _, _ in self._words.find_matches_as_indexes(spaced(text), overlapping=True)}
        found = self._always.union(*[self._shown_by[number] for number in shown]) if shown else self._always
        for mark, indexes in self._marks:
            if mark in text:
                found |= indexes
        return found


_NOTHING = frozenset({""})


def _needed(nodes: list[tuple[Any, Any]], before: frozenset[str] = _NOTHING) -> frozenset[str] | None:
    """The best set of strings one of which every match of a sequence contains, with one of those right before it."""
    candidates: list[frozenset[str] | None] = []
    current = before
    for kind, value in nodes:
        if kind is op.ASSERT and value[0] > 0:
            candidates.append(_needed(list(value[1]), current))
        strings = _strings(kind, value)
        joined = _joined(current, strings) if strings is not None else None
        if joined is not None:
            current = joined
            continue
        # "t\d{1,2}" begins as "t\d" does, and ends with a digit.
        once = _of_sequence(value[2]) if strings is None and kind in _REPEATS and value[0] else None
        candidates += [_joined(current, once) if once else None, current, _inside(kind, value, current)]
        current = strings or once or _NOTHING
    return _best([*candidates, current])


def _inside(kind: Any, value: Any, before: frozenset[str]) -> frozenset[str] | None:
    """What every match of one node contains, when its strings are too many to be listed."""
    if kind is op.SUBPATTERN:
        return _needed(list(value[3]), before)
    if kind is op.ATOMIC_GROUP:
        return _needed(list(value), before)
    if kind in _REPEATS and value[0] >= 1:
        return _needed(list(value[2]), before)
    if kind is op.BRANCH:
        return _all_of(_needed(list(part), before) for part in value[1])
    return None


def _strings(kind: Any, value: Any) -> frozenset[str] | None:
    """All strings one node matches (those that consume nothing: the empty one); None when they cannot be listed."""
    if kind is op.LITERAL:
        return frozenset({chr(value)})
    if kind in (op.AT, op.ASSERT, op.ASSERT_NOT):
        is_edge = value in _EDGES if kind is op.AT else kind is op.ASSERT_NOT and list(value[1]) in _NO_WORD
        return frozenset({_EDGE if is_edge else ""})
    if kind is op.IN:
        return _one_of(_union(_letters(what, which) for what, which in value))
    if kind is op.SUBPATTERN:
        return _of_sequence(value[3])
    if kind is op.BRANCH:
        return _union(_of_sequence(part) for part in value[1])
    if kind in _REPEATS and value[1] == 1:
        once = _of_sequence(value[2])
        return once if once is None or value[0] == 1 else once | {""}
    return None


def _letters(kind: Any, value: Any) -> frozenset[str] | None:
    """The letters that one part of a class of letters stands for; None when they are many."""
    if kind is op.LITERAL:
        return frozenset({chr(value)})
    if kind is op.CATEGORY and value is op.CATEGORY_DIGIT:
        return _DIGITS
    if kind is op.CATEGORY and value in (op.CATEGORY_SPACE, op.CATEGORY_NOT_WORD):
        return frozenset({_BLANK})
    if kind is op.RANGE and value[1] - value[0] < _MOST:
        return frozenset(map(chr, range(value[0], value[1] + 1)))
    return None


def _one_of(signs: frozenset[str] | None) -> frozenset[str] | None:
    """The signs of a class; where letters or a blank are among them, all others are blanks too."""
    letters = frozenset(filter(str.isalnum, signs)) if signs else None
    if letters is None or signs is None or (not letters and _BLANK not in signs):
        return signs
    return signs if letters == signs else letters | {_BLANK}


def _of_sequence(nodes: Iterable[tuple[Any, Any]]) -> frozenset[str] | None:
    found: frozenset[str] | None = frozenset({""})
    for kind, value in nodes:
        strings = _strings(kind, value)
        found = None if strings is None or found is None else _joined(found, strings)
        if found is None:
            return None
    return found


def _union(parts: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    found = frozenset[str]()
    for part in parts:
        if part is None or len(found | part) > _MOST:
            return None
        found |= part
    return found


def _joined(before: frozenset[str], after: frozenset[str]) -> frozenset[str] | None:
    if len(before) * len(after) > _MOST:
        return None
    return frozenset(one + other for one in before for other in after)


def _best(candidates: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    """The set of strings that is the least likely to be in a text that is not matched."""
    plain = (frozenset(map(_plain, one)) for one in candidates if one)
    useful = [one for one in plain if all(map(_tells, one))]
    best = min(useful, key=lambda one: sum(_LIKELY ** len(literal) for literal in one), default=None)
    return best and frozenset(one for one in best if not any(other in one for other in best - {one}))


def _plain(literal: str) -> str:
    """A literal as it is looked for: ``spaced``, with a blank for the edge of a word; one of marks as it stands."""
    parts = literal.split(_EDGE)
    if not any(map(str.isalnum, literal)):
        return max("".join(parts).split(_BLANK), key=len)
    plain = _spaced("".join(parts))
    before = _BLANK if not parts[0] and plain[0].isalnum() else ""
    return f"{before}{plain}{_BLANK if not parts[-1] and plain[-1].isalnum() else ''}"


def _tells(literal: str) -> bool:
    """Whether few texts hold it: one letter is in nearly all of them, a mark such as "?" in few."""
    return len(literal) >= _SHORTEST or (literal != "" and not literal.isalnum())


def _first_of(nodes: Sequence[tuple[Any, Any]]) -> frozenset[str] | None:
    found: frozenset[str] = frozenset()
    for kind, value in nodes:
        if kind in (op.AT, op.ASSERT, op.ASSERT_NOT):
            continue
        first = _first_of_one(kind, value)
        if first is None:
            return None
        found |= first
        if not (kind in _REPEATS and not value[0]):
            return found
    return None


def _first_of_one(kind: Any, value: Any) -> frozenset[str] | None:
    """The letters with which one node begins."""
    if kind is op.SUBPATTERN:
        return _first_of(list(value[3]))
    if kind in _REPEATS:
        return _first_of(list(value[2]))
    if kind is op.BRANCH:
        return _all_of(_first_of(list(part)) for part in value[1])
    letters = _strings(kind, value) if kind in (op.LITERAL, op.IN) else None
    if letters is None:
        is_any = kind is op.IN and list(value) == [(op.CATEGORY, op.CATEGORY_WORD)]
        return ANY_LETTER if is_any else None
    return frozenset(map(str.lower, letters)) if all(map(str.isalnum, letters)) else None


def _all_of(parts: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    each = list(parts)
    return None if None in each else frozenset().union(*(one for one in each if one))
