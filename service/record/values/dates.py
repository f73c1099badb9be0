"""Dates: FHIR dates as intervals, because "2024" is a year long.

A date without a time is whole calendar days; a time without a zone may be up to 14 hours off either
way. Elapsed time is counted in whole calendar days when either end has no time, else in instants
(decision 8). Nothing here raises on odd input.
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import lru_cache

from msgspec import Struct

from service.record.values.interval import Interval

ANY_ZONE = timedelta(hours=14)
"""How far the zone of a time without one may be from UTC, either way."""

_SHAPE = re.compile(
    r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?\s*(Z|[+-]\d{2}:?\d{2})?)?)?)?",
    re.ASCII | re.IGNORECASE,
)
_MICROSECONDS_PER_DAY = Decimal(86_400_000_000)
_ZERO = Decimal(0)
_ONE_DAY_AHEAD = Decimal(-1)
_ZONES = 4
"""More days than the zones of two times and the hours of their days can make out together."""
_END_OF_DAY = (24, 0, 0)
_LEAP = 60


class When(Struct, frozen=True):
    """A recorded point in time, as exact as it was written.

    ``first`` and ``last`` are the earliest and latest possible instants (aware, UTC); ``first_day`` and
    ``last_day`` the same as calendar days as written. ``timed`` is True when a time of day was given.
    """

    first: datetime
    last: datetime
    first_day: date
    last_day: date
    timed: bool
    text: str


class Span(Struct, frozen=True):
    """A FHIR Period; an end that is not given (or cannot be read) is None."""

    start: When | None
    end: When | None


def parse(value: object) -> When | None:
    """A FHIR date, dateTime or instant: ``2024``, ``2024-05``, ``2024-05-07``, with time, with zone; or None."""
    return _parse(value) if isinstance(value, str) else None


def fault(value: object) -> str | None:
    """Why ``parse`` gives None for this value, without quoting it; None when it can be read."""
    if value is None:
        return "no date given"
    if not isinstance(value, str):
        return "a date that is not a string"
    if _parse(value) is not None:
        return None
    return "no such date" if _SHAPE.fullmatch(value.strip()) else "not written as a FHIR date"


@lru_cache(maxsize=4096)
def _parse(text: str) -> When | None:
    found = _SHAPE.fullmatch(text.strip())
    if found is None:
        return None
    try:
        if found[4] is not None:
            return _timed(found, text)
        first, last = _days(int(found[1]), found[2], found[3])
        return When(
            first=datetime.combine(first, time.min, UTC) - ANY_ZONE,
            last=datetime.combine(last, time.max, UTC) + ANY_ZONE,
            first_day=first,
            last_day=last,
            timed=False,
            text=text,
        )
    except (ValueError, OverflowError):
        return None


def _days(year: int, month: str | None, day: str | None) -> tuple[date, date]:
    if month is None:
        return date(year, 1, 1), date(year, 12, 31)
    if day is None:
        last = calendar.monthrange(year, int(month))[1]
        return date(year, int(month), 1), date(year, int(month), last)
    day_of_month = date(year, int(month), int(day))
    return day_of_month, day_of_month


def _timed(found: re.Match[str], text: str) -> When:
    clock = (int(found[4]), int(found[5]), int(found[6] or 0))
    midnight = clock == _END_OF_DAY
    # A leap second has no place in datetime; the second before is near enough.
    hour, minute, second = (0, 0, 0) if midnight else (clock[0], clock[1], 59 if clock[2] == _LEAP else clock[2])
    microsecond = int((found[7] or "0")[:6].ljust(6, "0"))
    zone = _zone(found[8]) if found[8] else UTC
    local = datetime(int(found[1]), int(found[2]), int(found[3]), hour, minute, second, microsecond, zone)
    if midnight:
        local += timedelta(days=1)
    instant = local.astimezone(UTC)
    doubt = timedelta(0) if found[8] else ANY_ZONE
    day = local.date()
    return When(instant - doubt, instant + doubt, first_day=day, last_day=day, timed=True, text=text)


def _zone(text: str) -> timezone:
    if text in "Zz":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-offset if text[0] == "-" else offset)


def at(moment: datetime) -> When:
    """An aware datetime (such as now) as a When."""
    # The zone stands beside it, because two datetimes of one instant are equal in any zone.
    return _at(moment, moment.tzinfo)


@lru_cache(maxsize=64)
def _at(moment: datetime, _zone: tzinfo | None) -> When:
    instant = moment.astimezone(UTC)
    day = moment.date()
    return When(instant, instant, first_day=day, last_day=day, timed=True, text=moment.isoformat())


def parse_period(value: object) -> Span | None:
    """A FHIR Period; None when it is not an object or neither end can be read."""
    if not isinstance(value, dict):
        return None
    span = Span(parse(value.get("start")), parse(value.get("end")))
    return span if span.start or span.end else None


def days_between(start: When, end: When) -> Interval:
    """Days from ``start`` to ``end``, as an interval; negative when ``end`` is earlier. Decimal days, unrounded."""
    return Interval(*_gap(start, end))


def _gap(start: When, end: When) -> tuple[Decimal, Decimal]:
    if start.timed and end.timed:
        return _in_days(end.first - start.last), _in_days(end.last - start.first)
    return Decimal((end.first_day - start.last_day).days), Decimal((end.last_day - start.first_day).days)


def _in_days(gap: timedelta) -> Decimal:
    microseconds = (gap.days * 86_400 + gap.seconds) * 1_000_000 + gap.microseconds
    return Decimal(microseconds) / _MICROSECONDS_PER_DAY


def days_since(when: When, now: datetime) -> Interval | None:
    """Days from something that has happened until ``now``; never below 0. None when it lies in the future.

    What is partly in the future (``2026`` in November 2026) is cut at now. Up to one day ahead counts as
    today, because a clock or a zone may differ; so does what bears the date of today in its own zone.
    """
    today = now.date()
    if not when.timed:
        return _calendar_days_since(when.first_day, when.last_day, today)
    low, high = _gap(when, at(now))
    return None if high < _ONE_DAY_AHEAD and when.first_day > today else Interval(max(low, _ZERO), max(high, _ZERO))


@lru_cache(maxsize=4096)
def _calendar_days_since(first_day: date, last_day: date, today: date) -> Interval | None:
    """The same of something without a time of day, of which many entries of many patients tell the same."""
    low, high = Decimal((today - last_day).days), Decimal((today - first_day).days)
    return None if high < _ONE_DAY_AHEAD else Interval(max(low, _ZERO), max(high, _ZERO))


def within_days(when: When, days: int | Decimal, now: datetime) -> bool | None:
    """Whether it happened at most ``days`` days before now: True, False, or None when it cannot be known.

    What lies in the future is not within (False).
    """
    if when.timed:
        # Most lie so far inside or outside that no zone makes a difference.
        passed = (now.date() - when.first_day).days
        if passed >= 0 and not days - _ZONES < passed < days + _ZONES:
            return passed < days
    gap = days_since(when, now)
    return False if gap is None else gap.at_most(Decimal(days))


_OLDEST = 130
"""Years of age that nobody has exceeded."""


def age_years(birth: When, now: datetime) -> Interval | None:
    """Completed years of age; an interval when the birth date is partial.

    None when it lies in the future, or so long ago that nobody lives who was born then.
    """
    today = now.date()
    if birth.first_day > today:
        return None
    oldest = _completed_years(birth.first_day, today)
    youngest = max(_completed_years(birth.last_day, today), 0)
    if youngest > _OLDEST:
        return None
    return Interval(Decimal(youngest), Decimal(oldest))


def _completed_years(birth: date, today: date) -> int:
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))


def latest(*candidates: When | None) -> When | None:
    """The one whose latest possible instant is last; None when there is none."""
    return max((when for when in candidates if when), key=lambda when: (when.last, when.first), default=None)


def earliest(*candidates: When | None) -> When | None:
    """The one whose earliest possible instant is first; None when there is none."""
    return min((when for when in candidates if when), key=lambda when: (when.first, when.last), default=None)
