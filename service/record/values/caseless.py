"""Caseless: a pattern that is matched without regard to case, quickly.

``re`` compares letter by letter in every case where it is told to ignore case, and skips no alternative by its first
letter. Nearly all texts of a record are ASCII. Those are tried in lower case by the same pattern with regard to case,
which finds the same stretches in a third of the time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

__all__ = ["Caseless", "Span", "regards_case"]

Span = tuple[int, int]

_ESCAPED = re.compile(r"\\[^xuUN]|\(\?P<\w+>")
_BY_CASE = re.compile(
    r"[A-Z\u0130\u0131\u017f\u212a]|\(\?-i|\\(?:x|u00)(?:4[1-9a-f]|5[0-9a])|\\u(?:0130|0131|017f|212a)|\\[UN]"
)
"""Capital letters, what ``re`` takes for a letter of ASCII, either of them by number, a part that regards case."""


def regards_case(pattern: str) -> bool:
    """Whether a pattern does not find in lower case what it finds in a text of ASCII without regard to case."""
    return _BY_CASE.search(_ESCAPED.sub("", pattern)) is not None


class Caseless:
    """One pattern. Positions are those of the text as it stands; groups of a match may be in lower case."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern

    @cached_property
    def _of_any(self) -> re.Pattern[str]:
        return re.compile(self.pattern, re.IGNORECASE)

    @cached_property
    def _of_lower(self) -> re.Pattern[str] | None:
        """The pattern for texts of ASCII in lower case; None where such a text would not be matched alike."""
        return None if regards_case(self.pattern) else re.compile(self.pattern)

    def _fitting(self, text: str) -> tuple[re.Pattern[str], str]:
        """The pattern for a text, and the text as that pattern is tried on it."""
        if self._of_lower is not None and text.isascii():
            return self._of_lower, text.lower()
        return self._of_any, text

    def search(self, text: str) -> re.Match[str] | None:
        """The first match anywhere in a text."""
        pattern, text = self._fitting(text)
        return pattern.search(text)

    def match(self, text: str) -> re.Match[str] | None:
        """The match at the beginning of a text."""
        pattern, text = self._fitting(text)
        return pattern.match(text)

    def finditer(self, text: str, start: int = 0, end: int | None = None) -> Iterator[re.Match[str]]:
        """The matches in a text or a stretch of it, one after another."""
        pattern, text = self._fitting(text)
        return pattern.finditer(text, start, len(text) if end is None else end)

    def spans(self, text: str) -> tuple[Span, ...]:
        """Where the matches in a text stand; nothing for most texts."""
        pattern, text = self._fitting(text)
        return () if pattern.search(text) is None else tuple([found.span() for found in pattern.finditer(text)])
