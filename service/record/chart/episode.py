"""Episode: when the current episode of back or leg pain began."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.record.chart.code_match import Hit
from service.record.values.dates import When
from service.record.values.statuses import Counts


@dataclass(frozen=True, slots=True)
class Episode:
    """The newest active problem of the episode's value sets, and between what dates it began.

    ``earliest_start`` None: only a first record exists, it may have begun at any time before
    (decision 7). ``latest_start`` None: nothing is known of its beginning.
    """

    reference: str
    earliest_start: When | None
    latest_start: When | None


def newest_episode(hits: Sequence[Hit]) -> Episode | None:
    """The episode that the newest active problem among the hits starts; None when none is active."""
    active = [hit for hit in hits if hit.standing.counts is Counts.PRESENT and not hit.past]
    if not active:
        return None
    newest = max(active, key=_order)
    start = newest.extent.start
    return Episode(newest.entry.reference, None if newest.extent.first_recorded else start, start)


def _order(hit: Hit) -> tuple[bool, float, float, str]:
    """Dated before undated, then by latest and earliest start; the reference only makes it deterministic."""
    start = hit.extent.start
    if start is None:
        return (False, 0.0, 0.0, hit.entry.reference)
    return (True, start.last.timestamp(), start.first.timestamp(), hit.entry.reference)
