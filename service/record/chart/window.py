"""Window: whether something recorded lies inside a look-back or inside the current episode.

Three-valued, because dates may be partial: True, False, or None when it cannot be known. What a source
does with None is its own line: ``undated: true`` counts it (caution), ``undated: false`` does not.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from service.knowledge.model import ENDED_IN, FactSource
from service.note import Note, NoteCode
from service.record.chart.code_match import CodeMatch
from service.record.chart.dating import FIRST_RECORDED, EffectivePeriod
from service.record.chart.episode import Episode
from service.record.chart.index import Chart
from service.record.values.dates import When, days_since, within_days
from service.record.values.statuses import Counts

UNDATED = Note(NoteCode.UNDATED)
UNSURE = Note(NoteCode.INEXACT_DATE)
FUTURE = Note(NoteCode.IN_FUTURE)
NO_EPISODE = Note(NoteCode.NO_EPISODE)
OVER = Note(NoteCode.ENDED)
PERHAPS_OVER = Note(NoteCode.MAY_HAVE_ENDED)


class Timing(Struct, frozen=True):
    """Where something lies: inside, outside (False), or not to be told (None), and what a reader must know."""

    inside: bool | None
    note: Note | None = None


INSIDE = Timing(inside=True)


def is_future(when: When, now: datetime) -> bool:
    """Whether it is surely later than now (a day's difference of clocks and zones allowed)."""
    # What bears the date of today or an earlier one never is, whatever its zone.
    return when.first_day > now.date() and days_since(when, now) is None


def within(effective_period: EffectivePeriod, days: int | Decimal, now: datetime) -> Timing:
    """Whether what happened reaches into the last ``days`` days.

    What goes on counts by its end, and by now when it has not ended. A future date is a typing error or a
    plan; neither is certain, so it cannot be known.
    """
    when = effective_period.last
    if when is None:
        return Timing(None, UNDATED)
    if effective_period.open and effective_period.start is not None and not is_future(effective_period.start, now):
        return INSIDE
    if is_future(when, now):
        return Timing(None, FUTURE)
    answer = within_days(when, days, now)
    note = FIRST_RECORDED if effective_period.first_recorded else None
    return Timing(answer, UNSURE if answer is None else note)


def before(one: When, other: When) -> bool:
    """Whether ``one`` is surely earlier; by calendar days unless both have a time (decision 8)."""
    if one.timed and other.timed:
        return one.last < other.first
    return one.last_day < other.first_day


def in_episode(effective_period: EffectivePeriod, episode: Episode | None, now: datetime) -> Timing:
    """Whether what happened belongs to the current episode, that is: does not lie before its start."""
    if episode is None or episode.latest_start is None:
        return Timing(None, NO_EPISODE)
    when = effective_period.last
    if when is None:
        return Timing(None, UNDATED)
    if is_future(when, now):
        return Timing(None, FUTURE)
    if not before(when, episode.latest_start) and not _straddles(when, episode.latest_start):
        return INSIDE
    if episode.earliest_start is not None and before(when, episode.earliest_start):
        return Timing(inside=False)
    return Timing(None, UNSURE)


def _straddles(when: When, start: When) -> bool:
    """Whether part of the interval of ``when`` lies before the latest possible start."""
    if when.timed and start.timed:
        return when.first < start.last
    return when.first_day < start.last_day


def timing(code_match: CodeMatch, source: FactSource, chart: Chart) -> Timing:
    """Whether a code match lies inside every window of its source, and has not ended since."""
    found = _in_windows(code_match, source, chart)
    if not source.ended_by or found.inside is False:
        return found
    over = _is_over(code_match, source, chart)
    if over is None:
        return Timing(None, PERHAPS_OVER)
    return Timing(inside=False, note=OVER) if over else found


def _is_over(code_match: CodeMatch, source: FactSource, chart: Chart) -> bool | None:
    """Whether something on record ended what an entry tells of; None when only words, a suspicion or no date says so.

    What began on the day of the end or before it is over. An entry without a date is not known to be: its window tells.
    """
    began = code_match.effective_period.start or code_match.effective_period.last
    if began is None:
        return False
    ends = [one for name in ENDED_IN for one in chart.matches(name, source.ended_by) if _may_have_been(one)]
    if any(one.entry is code_match.entry for one in ends):
        return False
    after = [one for one in ends if not _surely_before(one.effective_period.last, began, chart.now)]
    sure = any(one.is_sure and not one.status_class.provisional and one.effective_period.last for one in after)
    return True if sure else None if after else False


def _may_have_been(one: CodeMatch) -> bool:
    return one.status_class.counts in {Counts.PRESENT, Counts.HISTORY}


def _surely_before(end: When | None, began: When, now: datetime) -> bool:
    return end is not None and (before(end, began) or is_future(end, now))


def _in_windows(code_match: CodeMatch, source: FactSource, chart: Chart) -> Timing:
    """Whether a code match lies inside every window of its source."""
    if source.within_days is None and not source.in_episode:
        return Timing(inside=True, note=FIRST_RECORDED if code_match.effective_period.first_recorded else None)
    effective_period = _still_going(code_match)
    timings = []
    if source.within_days is not None:
        timings.append(within(effective_period, source.within_days, chart.now))
    if source.in_episode:
        timings.append(in_episode(effective_period, chart.episode, chart.now))
    if source.or_in_episode and timings[0].inside is not True:
        since_onset = in_episode(effective_period, chart.episode, chart.now)
        return since_onset if since_onset.inside is True else timings[0]
    for found in timings:
        if found.inside is False:
            return found
    for found in timings:
        if found.inside is None:
            return found
    return timings[0]


def _still_going(code_match: CodeMatch) -> EffectivePeriod:
    """A Period without end lasts until now only while the entry is active; a closed one ended somewhen."""
    effective_period = code_match.effective_period
    if effective_period.open and code_match.status_class.counts is not Counts.PRESENT:
        return EffectivePeriod(
            effective_period.start, effective_period.end, first_recorded=effective_period.first_recorded
        )
    return effective_period
