"""What a rule asks of the findings: tests, nested in "all" and "any"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


class Word(StrEnum):
    """The five words a condition may use about a finding."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"
    NOT_PRESENT = "not present"
    NOT_ABSENT = "not absent"


@dataclass(frozen=True, slots=True)
class Leaf:
    """One test of one finding: a word, or one or two comparisons that must both hold."""

    finding: str
    word: Word | None = None
    at_least: Decimal | None = None
    more_than: Decimal | None = None
    less_than: Decimal | None = None
    at: str = field(default="", compare=False)

    @property
    def is_comparison(self) -> bool:
        """Whether a number is compared, rather than a status asked for."""
        return self.word is None

    def limits(self) -> Iterator[Decimal]:
        """The numbers this test compares with."""
        for limit in (self.at_least, self.more_than, self.less_than):
            if limit is not None:
                yield limit

    def __str__(self) -> str:
        if self.word is not None:
            return f"{self.finding} {self.word}"
        parts = [
            f"{text} {limit}"
            for text, limit in (
                ("at least", self.at_least),
                ("more than", self.more_than),
                ("less than", self.less_than),
            )
            if limit is not None
        ]
        return f"{self.finding} {' and '.join(parts)}"


@dataclass(frozen=True, slots=True)
class AllOf:
    """True when every part is true."""

    parts: tuple[Condition, ...]
    at: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True when at least one part is true."""

    parts: tuple[Condition, ...]
    at: str = field(default="", compare=False)


Condition = Leaf | AllOf | AnyOf


_MOST_CACHED = 20_000
_leaves: dict[int, tuple[Condition, tuple[Leaf, ...]]] = {}


def leaves(condition: Condition) -> tuple[Leaf, ...]:
    """Every test in the condition, in the order written.

    Asked many times in every call, of conditions that are loaded once; so they are cached by identity.
    """
    known = _leaves.get(id(condition))
    if known is not None and known[0] is condition:
        return known[1]
    found = (condition,) if isinstance(condition, Leaf) else tuple(x for part in condition.parts for x in leaves(part))
    if len(_leaves) >= _MOST_CACHED:
        _leaves.clear()
    _leaves[id(condition)] = (condition, found)
    return found
