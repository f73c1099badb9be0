"""Episode: when the current episode of back or leg pain began."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.record.chart.code_match import CodeMatch
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


def newest_episode(code_matches: Sequence[CodeMatch]) -> Episode | None:
    """The episode that the newest active problem among the code matches starts; None when none is active."""
    active = [
        code_match
        for code_match in code_matches
        if code_match.status_class.counts is Counts.PRESENT and not code_match.past
    ]
    if not active:
        return None
    newest = max(active, key=_order)
    start = newest.effective_period.start
    return Episode(newest.entry.reference, None if newest.effective_period.first_recorded else start, start)


def _order(code_match: CodeMatch) -> tuple[bool, float, float, str]:
    """Dated before undated, then by latest and earliest start; the reference only makes it deterministic."""
    start = code_match.effective_period.start
    if start is None:
        return (False, 0.0, 0.0, code_match.entry.reference)
    return (True, start.last.timestamp(), start.first.timestamp(), code_match.entry.reference)
