"""Rare: patterns that few texts match, of which a look for a few letters tells most of the others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from service.record.values.caseless import Caseless, Span
from service.record.values.pattern_literals import LiteralIndex, literals_of

__all__ = ["Rare", "SeveralRare"]


class Rare(Caseless):
    """One pattern, matched without regard to case. What a text must contain is worked out when it is first asked."""

    @cached_property
    def _needed(self) -> LiteralIndex:
        return LiteralIndex([literals_of(self.pattern)])

    def _may_match(self, text: str) -> bool:
        return bool(self._needed.indexes(text))

    def search(self, text: str) -> re.Match[str] | None:
        """The first match anywhere in a text."""
        return super().search(text) if self._may_match(text) else None

    def finditer(self, text: str, start: int = 0, end: int | None = None) -> Iterator[re.Match[str]]:
        """The matches in a text or a stretch of it, one after another."""
        return super().finditer(text, start, end) if self._may_match(text[start:end]) else iter(())

    def spans(self, text: str) -> tuple[Span, ...]:
        """Where the matches in a text stand; nothing for most texts."""
        return super().spans(text) if self._may_match(text) else ()

    def apart(self, text: str) -> list[str]:
        """The parts of a text between its matches."""
        return self._of_any.split(text) if self._may_match(text) else [text]


class SeveralRare:
    """Some patterns, matched without regard to case, of which few match any text."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = [Caseless(pattern) for pattern in patterns]

    @cached_property
    def _needed(self) -> LiteralIndex:
        return LiteralIndex([literals_of(one.pattern) for one in self._patterns])

    def found_in(self, text: str) -> Iterator[int]:
        """The numbers of those that match somewhere in a text, in order."""
        return (number for number in sorted(self._needed.indexes(text)) if self._patterns[number].search(text))
