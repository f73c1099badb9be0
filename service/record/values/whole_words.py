"""Whole words: many patterns of words as one, of which at each word only those are tried that begin with its letter.

A vocabulary holds hundreds of alternatives, and ``re`` tries them all, one after another, at every word of a text. Most
texts hold nothing of a vocabulary, and of the others few words begin like what they may hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from service.record.values.caseless import Caseless, Span, lowered, regards_case
from service.record.values.pattern_literals import ANY_LETTER, LiteralIndex, first_letters_of, literals_of

__all__ = ["Alternative", "WholeWords", "read_alternatives"]

_WORD = re.compile(r"[^\W_]+")
_BEGIN, _END = r"(?<![^\W_])", r"(?![^\W_])"


class Alternative(NamedTuple):
    """One alternative of a vocabulary: what a text must contain to be matched, and with which letters it begins."""

    pattern: str
    is_marked: bool
    literals: tuple[str, ...] | None
    first_letters: frozenset[str] | None


def read_alternatives(patterns: Iterable[str], marked: Iterable[str] = ()) -> list[Alternative]:
    """The alternatives that some patterns name outside of brackets, each with what is known of it; dear to work out.

    Those of ``marked`` come last, and are told apart from the others.
    """
    return [
        Alternative(one, is_marked, literals_of(whole), first_letters_of(whole))
        for is_marked, some in ((False, patterns), (True, marked))
        for pattern in some
        for one in _alternatives(pattern)
        for whole in [rf"{_BEGIN}(?:{one}){_END}"]
    ]


class WholeWords:
    r"""Finds what ``(?<![^\W_])(?:one|other)(?![^\W_])`` finds, without regard to case, from a letter or digit on.

    No alternative has a numbered group of its own.
    """

    def __init__(self, alternatives: Sequence[Alternative]) -> None:
        self._alternatives = alternatives
        self._compiled: dict[str, re.Pattern[str]] = {}

    @cached_property
    def _index(self) -> LiteralIndex:
        return LiteralIndex([one.literals for one in self._alternatives])

    @cached_property
    def _first_letters(self) -> Sequence[frozenset[str]]:
        return [one.first_letters or ANY_LETTER for one in self._alternatives]

    @cached_property
    def _whole(self) -> Caseless:
        return Caseless(_joined(self._alternatives))

    @cached_property
    def _is_sorted(self) -> bool:
        """Whether each alternative begins with a letter, whatever its case."""
        return not regards_case(self._whole.pattern) and all(one.first_letters for one in self._alternatives)

    def spans(self, text: str, start: int = 0, end: int | None = None) -> Iterator[Span]:
        """Where words of the vocabulary stand in a text or a stretch of it, one after another."""
        return (found.span() for found in self._found(text, start, len(text) if end is None else end))

    def told_apart(self, text: str) -> Iterator[tuple[Span, bool]]:
        """Where words of the vocabulary stand in a text, and whether they are among the marked ones."""
        return ((found.span(), found.lastindex is not None) for found in self._found(text, 0, len(text)))

    def are_in(self, text: str) -> bool:
        """Whether any word of the vocabulary stands in a text."""
        return next(self._found(text, 0, len(text)), None) is not None

    def _found(self, text: str, start: int, end: int) -> Iterator[re.Match[str]]:
        may_match = self._index.indexes(text if end - start == len(text) else text[start:end])
        if not may_match:
            return
        lower = lowered(text) if self._is_sorted else None
        if lower is None:
            yield from self._whole.finditer(text, start, end)
            return
        letters = frozenset[str]().union(*[self._first_letters[index] for index in may_match])
        is_any = not letters.isdisjoint(ANY_LETTER)
        for word in _WORD.finditer(lower, start, end):
            at = word.start()
            if at >= start and (is_any or lower[at] in letters):
                found = self._beginning_with(lower[at]).match(lower, at, end)
                if found is not None:
                    start = found.end()
                    yield found

    def _beginning_with(self, letter: str) -> re.Pattern[str]:
        found = self._compiled.get(letter)
        if found is None:
            begin = {letter, *ANY_LETTER}
            each = zip(self._alternatives, self._first_letters, strict=True)
            chosen = [one for one, letters in each if not letters.isdisjoint(begin)]
            found = self._compiled[letter] = re.compile(_joined(chosen))
        return found


def _joined(alternatives: Sequence[Alternative]) -> str:
    """One pattern of alternatives, those that are marked as a group at the end."""
    plain = "|".join(one.pattern for one in alternatives if not one.is_marked)
    marked = "|".join(one.pattern for one in alternatives if one.is_marked)
    return rf"{_BEGIN}(?:{plain or '(?!)'}{f'|({marked})' if marked else ''}){_END}"


def _alternatives(pattern: str) -> list[str]:
    """The alternatives that a pattern names outside of brackets."""
    found, depth, in_class, escaped = [""], 0, False, False
    for letter in pattern:
        if not escaped and not in_class:
            in_class = letter == "["
            depth += (letter == "(") - (letter == ")")
            if letter == "|" and depth == 0:
                found.append("")
                continue
        elif in_class and not escaped:
            in_class = letter != "]"
        escaped = not escaped and letter == "\\"
        found[-1] += letter
    return found
