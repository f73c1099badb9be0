"""Likeness: whether a word may be a known name misspelt."""

from __future__ import annotations

from collections.abc import Collection
from difflib import SequenceMatcher
from functools import lru_cache

from rapidfuzz import fuzz, process

_ALIKE = 0.8
"""How alike two names may be before one may be the other misspelt ("Ibuprofin"); see difflib."""


class Likeness:
    """Compares words with the names of one list. Build once, ask often."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = sorted(names)
        self.is_like_one = lru_cache(20_000)(self._is_like_one)

    def _is_like_one(self, word: str) -> bool:
        """Whether the word is like one of the names.

        The likeness of rapidfuzz is never the smaller one, and it sorts out thousands of words in the time in which
        difflib compares one; what it lets through is judged by difflib.
        """
        near = process.extract(word, self._names, scorer=fuzz.ratio, score_cutoff=100 * _ALIKE, limit=None)
        return any(SequenceMatcher(None, name, word).ratio() >= _ALIKE for name, *_ in near)
