"""Dates: FHIR dates as intervals, because "2024" is a year long.

A date without a time is whole calendar days; a time without a zone may be up to 14 hours off either
way. Elapsed time is counted in whole calendar days when either end has no time, else in instants
(decision 8). Nothing here raises on odd input.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from service.record.interval import Interval


@dataclass(frozen=True, slots=True)
class When:
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


@dataclass(frozen=True, slots=True)
class Span:
    """A FHIR Period; an end that is not given (or cannot be read) is None."""

    start: When | None
    end: When | None


def parse(value: object) -> When | None:
    """A FHIR date, dateTime or instant: ``2024``, ``2024-05``, ``2024-05-07``, with time, with zone; or None."""
    raise NotImplementedError


def fault(value: object) -> str | None:
    """Why ``parse`` gives None for this value, without quoting it; None when it can be read."""
    raise NotImplementedError


def at(moment: datetime) -> When:
    """An aware datetime (such as now) as a When."""
    raise NotImplementedError


def parse_period(value: object) -> Span | None:
    """A FHIR Period; None when it is not an object or neither end can be read."""
    raise NotImplementedError


def days_between(start: When, end: When) -> Interval:
    """Days from ``start`` to ``end``, as an interval; negative when ``end`` is earlier. Decimal days, unrounded."""
    raise NotImplementedError


def days_since(when: When, now: datetime) -> Interval | None:
    """Days from something that has happened until ``now``; never below 0. None when it lies in the future.

    What is partly in the future (``2026`` in November 2026) is cut at now. Up to one day ahead counts as
    today, because a clock or a zone may differ.
    """
    raise NotImplementedError


def within_days(when: When, days: int, now: datetime) -> bool | None:
    """Whether it happened at most ``days`` days before now: True, False, or None when it cannot be told.

    What lies in the future is not within (False).
    """
    raise NotImplementedError


def age_years(birth: When, now: datetime) -> Interval | None:
    """Completed years of age; an interval when the birth date is partial. None when it lies in the future."""
    raise NotImplementedError


def latest(*candidates: When | None) -> When | None:
    """The one whose latest possible instant is last; None when there is none."""
    raise NotImplementedError


def earliest(*candidates: When | None) -> When | None:
    """The one whose earliest possible instant is first; None when there is none."""
    raise NotImplementedError
