"""What a text must contain before a pattern can match it, so that most patterns need not be tried on most texts.

A list of problems of many different texts is tried against hundreds of patterns; looking for a few letters first costs
a fiftieth. Only a saving: a pattern of which nothing is known is always tried.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any
from unicodedata import decimal

from service.record.values.english import is_known

_MOST = 40
"""How many alternatives are followed."""
_SHORTEST = 2
_FIRST_LETTERS = 4
"""By so many letters the literals are looked up: fewer say too little, and not all literals have more."""
_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
_WORD = re.compile(r"[^\W_]+")
_DIGIT = re.compile(r"\d")
_DIGITS = frozenset("0123456789")
_BLANK_OR_LETTER = re.compile(r"[\s\w]")
_LOOSE = str.maketrans({"\u0131": "i", "\u0307": None})
"""What ``re`` takes for an i without regard to case, and ``casefold`` does not."""


def loosely(text: str) -> str:
    """The text as the literals are looked for in it: digits of every script are those of ASCII."""
    if text.isascii():
        return text.lower()
    return _DIGIT.sub(lambda found: str(decimal(found[0])), text.casefold().translate(_LOOSE))


@cache
def literals_of(pattern: str) -> tuple[str, ...] | None:
    """Strings of which a text must contain one, loosely, to be matched; None when none can be told.

    The pattern is one that is matched without regard to case.
    """
    best = _needed(list(_parser.parse(pattern, re.IGNORECASE)))
    return None if best is None else tuple(sorted(map(loosely, best)))


_Shown = tuple[frozenset[int], tuple[tuple[str, int], ...]]
"""The patterns that may match for the sake of one word, and literals of which the word is only a part."""
_NOTHING_SHOWN: _Shown = (frozenset(), ())


class LiteralIndex:
    """Finds which of many patterns may match a text, by the words of what each of them needs.

    What a word shows is cached for each word, because texts that all differ consist of the same words.
    """

    def __init__(self, needed: Sequence[tuple[str, ...] | None]) -> None:
        always = {index for index, literals in enumerate(needed) if literals is None}
        self._beginning: dict[str, list[tuple[str, str, int]]] = {}
        self._marks: dict[str, set[int]] = {}
        for index, literals in enumerate(needed):
            for literal in literals or ():
                # Every stretch of letters in a literal lies inside one word of a text that contains the literal.
                piece = max(_WORD.findall(literal), key=len, default="")
                if piece:
                    self._beginning.setdefault(piece[:_FIRST_LETTERS], []).append((piece, literal, index))
                else:
                    self._marks.setdefault(literal, set()).add(index)
        self._always = frozenset(always)
        self._lengths = sorted({len(beginning) for beginning in self._beginning})
        self._known: dict[str, _Shown] = {}

    def indexes(self, text: str) -> list[int]:
        """The indexes, in order, of the patterns that may match a text; the cost hardly grows with their number."""
        loose = loosely(text)
        found = set(self._always)
        strange = []
        for word in set(_WORD.findall(loose)):
            shown = self._known.get(word)
            if shown is None and (is_known(word) or _is_short(word)):
                shown = self._known[word] = self._shown(word)
            if shown is None:
                strange.append(word)
            elif shown is not _NOTHING_SHOWN:
                self._add(shown, loose, found)
        if strange:
            # Words of no language are looked through together, and not cached.
            self._add(self._shown(" ".join(strange)), loose, found)
        for mark, indexes in self._marks.items():
            if mark in loose:
                found |= indexes
        return sorted(found)

    @staticmethod
    def _add(shown: _Shown, loose: str, found: set[int]) -> None:
        alone, parts = shown
        found |= alone
        for literal, index in parts:
            if literal in loose:
                found.add(index)

    def _shown(self, words: str) -> _Shown:
        stretches = {
            words[start : start + length] for length in self._lengths for start in range(len(words) - length + 1)
        }
        held = [
            (piece, literal, index)
            for beginning in stretches & self._beginning.keys()
            for piece, literal, index in self._beginning[beginning]
            if piece in words
        ]
        if not held:
            return _NOTHING_SHOWN
        alone = frozenset(index for piece, literal, index in held if piece == literal)
        return alone, tuple((literal, index) for piece, literal, index in held if piece != literal)


def _is_short(word: str) -> bool:
    """Whether a word is a year or as short as the levels of the spine: there are not many of them."""
    return len(word) < _FIRST_LETTERS + word.isdigit() and word.isascii()


def _needed(nodes: list[tuple[Any, Any]]) -> frozenset[str] | None:
    """The best set of strings one of which every match of a sequence contains."""
    candidates: list[frozenset[str] | None] = []
    current = frozenset({""})
    for kind, value in nodes:
        strings = _strings(kind, value)
        joined = _joined(current, strings) if strings is not None else None
        if joined is not None:
            current = joined
            continue
        if strings is None and kind in _REPEATS and value[0] == 1:
            # "t\d{1,2}" begins as "t\d" does.
            begun = _of_sequence(value[2])
            candidates.append(_joined(current, begun) if begun is not None else None)
        candidates += [current, _inside(kind, value)]
        current = strings if strings is not None else frozenset({""})
    return _best([*candidates, current])


def _inside(kind: Any, value: Any) -> frozenset[str] | None:
    """What every match of one node contains, when its strings are too many to be listed."""
    if kind is op.SUBPATTERN:
        return _needed(list(value[3]))
    if kind is op.ATOMIC_GROUP:
        return _needed(list(value))
    if kind in _REPEATS and value[0] >= 1:
        return _needed(list(value[2]))
    if kind is op.BRANCH:
        each = [_needed(list(part)) for part in value[1]]
        known = [one for one in each if one is not None]
        return frozenset().union(*known) if len(known) == len(each) else None
    return None


def _strings(kind: Any, value: Any) -> frozenset[str] | None:
    """All strings one node matches (those that consume nothing: the empty one); None when they cannot be listed."""
    if kind is op.LITERAL:
        return frozenset({chr(value)})
    if kind in (op.AT, op.ASSERT, op.ASSERT_NOT):
        return frozenset({""})
    if kind is op.IN:
        return _union(_letters(what, which) for what, which in value)
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
    if kind is op.RANGE and value[1] - value[0] < _MOST:
        return frozenset(map(chr, range(value[0], value[1] + 1)))
    return None


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
    """The set whose shortest string is longest; of those the smallest."""
    useful = [one for one in candidates if one and all(map(_tells, one))]
    return max(useful, key=lambda one: (min(map(len, one)), -len(one)), default=None)


def _tells(literal: str) -> bool:
    """Whether few texts hold it: one letter is in nearly all of them, a mark such as "?" in few."""
    return len(literal) >= _SHORTEST or (literal != "" and _BLANK_OR_LETTER.match(literal) is None)
