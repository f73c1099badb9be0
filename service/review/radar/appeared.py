"""Codes that nothing reads, by the day on which they appeared: when a fact goes and one comes, it was renamed."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

from service.review.radar.counts import Client
from service.review.radar.detection import Came

# A code counts as new when a client had not sent it for so many days of calls that were counted.
_KNOWN_FOR = 7
# It may have come a day before the fact was seen to go, and stands for at least so much of what was lost.
_SLACK, _PART = 1, 0.5


class Appeared:
    """The new codes of one client, each with the calls it was seen in, summed up by day."""

    def __init__(self, client: Client) -> None:
        self._by_type: dict[str, list[tuple[int, list[int]]]] = {}
        for seen in client.codes:
            first = (seen.first - client.begin).days
            if first < _KNOWN_FOR or seen.unit:
                continue
            by_day = [0] * client.days
            for day, calls in seen.calls.items():
                by_day[(day - client.begin).days] += calls
            self._by_type.setdefault(seen.type, []).append((first, [0, *accumulate(by_day)]))

    def of(self, types: Iterable[str]) -> Came:
        """Whether in a window a code of these resource types appeared that stands for what was lost in it."""
        codes = [code for name in types for code in self._by_type.get(name, ())]

        def came(begin: int, end: int, lost: float) -> bool:
            return any(
                begin - _SLACK <= first < end and sums[end] - sums[begin] >= _PART * lost for first, sums in codes
            )

        return came
