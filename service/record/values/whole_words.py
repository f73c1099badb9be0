"""Whole words: many patterns of words as one, of which at each word only those are tried that begin with its letter.

A vocabulary holds hundreds of alternatives, and ``re`` tries them all, one after another, at every word of a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from string import ascii_lowercase, digits

from service.record.values.caseless import Caseless, Span, regards_case

__all__ = ["WholeWords"]

_WORD_START = re.compile(r"(?<![^\W_])[^\W_]")
_LETTERS = frozenset(ascii_lowercase + digits)
_ANY_LETTER = r"\w"
_OPTIONAL = ("?", "*")
_GROUP = "(?:"


class WholeWords:
    r"""Finds what ``(?<![^\W_])(?:one|other)(?![^\W_])`` finds, without regard to case, from a letter or digit on."""

    def __init__(self, patterns: Iterable[str]) -> None:
        alternatives = [one for pattern in patterns for one in _alternatives(pattern)]
        self._whole = Caseless(_whole(alternatives))
        self._by_letter: dict[str, list[str]] = {}
        self._compiled: dict[str, re.Pattern[str]] = {}
        self._is_sorted = not regards_case(self._whole.pattern)
        for one in alternatives:
            letters = _first_letters(one)
            self._is_sorted &= letters is not None
            for letter in letters or ():
                self._by_letter.setdefault(letter, []).append(one)

    def spans(self, text: str, start: int = 0, end: int | None = None) -> Iterator[Span]:
        """Where words of the vocabulary stand in a text or a stretch of it, one after another."""
        end = len(text) if end is None else end
        if not self._is_sorted or not text.isascii():
            yield from (found.span() for found in self._whole.finditer(text, start, end))
            return
        text = text.lower()
        for word in _WORD_START.finditer(text, start, end):
            at = word.start()
            found = self._beginning_with(text[at]).match(text, at, end) if at >= start else None
            if found is not None:
                start = found.end()
                yield found.span()

    def _beginning_with(self, letter: str) -> re.Pattern[str]:
        found = self._compiled.get(letter)
        if found is None:
            found = self._compiled[letter] = re.compile(_whole(self._by_letter.get(letter, ())))
        return found

    def are_in(self, text: str) -> bool:
        """Whether any word of the vocabulary stands in a text."""
        return next(self.spans(text), None) is not None


def _whole(alternatives: Iterable[str]) -> str:
    return rf"(?<![^\W_])(?:{'|'.join(alternatives) or '(?!)'})(?![^\W_])"


def _signs(pattern: str) -> Iterator[tuple[int, str, int]]:
    """Each letter of a pattern, where it stands, and how many brackets are open after it; -1 of one without meaning."""
    depth, in_class, escaped = 0, False, False
    for at, letter in enumerate(pattern):
        if escaped or in_class:
            yield at, letter, -1
            in_class = in_class and (escaped or letter != "]")
            escaped = not escaped and letter == "\\"
            continue
        in_class, escaped = letter == "[", letter == "\\"
        depth += (letter == "(") - (letter == ")")
        yield at, letter, depth


def _alternatives(pattern: str) -> list[str]:
    """The alternatives that a pattern names outside of brackets."""
    found = [""]
    for _, letter, depth in _signs(pattern):
        if letter == "|" and depth == 0:
            found.append("")
        else:
            found[-1] += letter
    return found


def _first_letters(pattern: str) -> frozenset[str] | None:
    """The letters with which all begins that a pattern without alternatives matches; None where that is not plain."""
    first, rest = pattern[:1], pattern[1:]
    letters: frozenset[str] | None = frozenset(first)
    if pattern.startswith(_ANY_LETTER):
        return _LETTERS
    if pattern.startswith(_GROUP):
        inner, rest = _group(pattern)
        each = [_first_letters(one) for one in _alternatives(inner)]
        letters = None if None in each else frozenset().union(*(one for one in each if one))
    elif first not in _LETTERS:
        return None
    if letters is None or rest.startswith("{"):
        return None
    if not rest.startswith(_OPTIONAL):
        return letters
    after = _first_letters(rest[1:])
    return None if after is None else letters | after


def _group(pattern: str) -> tuple[str, str]:
    """What stands in the group with which a pattern begins, and behind it."""
    last = next((at for at, _, depth in _signs(pattern) if depth == 0), len(pattern))
    return pattern[len(_GROUP) : last], pattern[last + 1 :]
