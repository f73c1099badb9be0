"""Interval: a number known to lie between two bounds, either of which may be open."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct


class Interval(Struct, frozen=True):
    """A number between ``low`` and ``high``, both included; None means nothing is known on that side."""

    low: Decimal | None = None
    high: Decimal | None = None

    @classmethod
    def exactly(cls, value: Decimal) -> Interval:
        """The interval of one known number."""
        return cls(value, value)

    @property
    def is_exact(self) -> bool:
        """Whether it is one number."""
        return self.low is not None and self.low == self.high

    def times(self, factor: Decimal) -> Interval:
        """Both ends multiplied by a factor above 0."""
        return Interval(
            None if self.low is None else self.low * factor, None if self.high is None else self.high * factor
        )

    def at_most(self, limit: Decimal) -> bool | None:
        """Whether the number is ``limit`` or less: True, False, or None when it cannot be known."""
        if self.high is not None and self.high <= limit:
            return True
        if self.low is not None and self.low > limit:
            return False
        return None

    def overlaps(self, low: Decimal | None, high: Decimal | None) -> bool:
        """Whether the number could lie between ``low`` and ``high`` (None: open)."""
        if low is not None and self.high is not None and self.high < low:
            return False
        return not (high is not None and self.low is not None and self.low > high)


def hull(numbers: Iterable[Interval]) -> Interval:
    """The smallest interval that holds all of some intervals."""
    lows, highs = [], []
    for number in numbers:
        lows.append(number.low)
        highs.append(number.high)
    low = None if None in lows else min((one for one in lows if one is not None), default=None)
    high = None if None in highs else max((one for one in highs if one is not None), default=None)
    return Interval(low, high)
