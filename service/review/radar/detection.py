"""When a share fell for good: of calls in which a fact is known, or present, per day.

Product choice, judged by simulation on published patients (``benchmarks/radar.py``): the last 1, 2, 3, 7 and 14 days
are held against the 28 days before. The test is a beta-binomial tail, so that few earlier days prove little, with the
counts shrunk by how much the days before scattered (quasi-binomial dispersion: McCullagh & Nelder, Generalized Linear
Models, 2nd ed. 1989, section 4.5), since one patient is seen several times a day and weekdays differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate

WINDOWS = (1, 2, 3, 7, 14)
BASELINE = 28
_FEWEST_DAYS = 7
_FEWEST_BEFORE = 100
_FEWEST_OF_STRATUM = 20
_FEWEST_SINCE = 20
# Less of a fall than this is none that a missing code makes: of what was so a quarter less, or of what was not so twice
# as much and a part of all calls more, which the bar says.
FALL = 0.25
_RISE = 2.0
_NEGLIGIBLE = 1e-12
_SETTLED = 3


Came = Callable[[int, int, float], bool]


@dataclass(frozen=True, slots=True)
class Bar:
    """What a fall must pass: the chance of one test, the part of all calls, and standard errors that are needed."""

    alpha: float
    part: float
    errors: float


# A fact has ten tests a day, and one false alarm in a thousand months of a fact is allowed.
ALONE = Bar(1e-5, 0.05, 4.0)
# Where a code that nothing reads appeared in about as many calls when the fact went: chance seldom makes both at once.
WITH_CODE = Bar(0.02, 0.03, 2.0)


@dataclass(frozen=True, slots=True)
class Series:
    """For each kind of call (service) the number of calls by day, and in how many of them something was so."""

    calls: tuple[tuple[int, ...], ...]
    positive: tuple[tuple[int, ...], ...]

    @property
    def days(self) -> int:
        """How many days the series has."""
        return len(self.calls[0]) if self.calls else 0


@dataclass(frozen=True, slots=True)
class Shift:
    """A fall: the day (as an index of the series) since which, the day it was found on, and the shares.

    ``ended`` is the day on which the share was back, None while it is not; ``calls`` are those since then.
    """

    since: int
    found: int
    before: float
    after: float
    calls: int
    ended: int | None = None


class _Sums:
    """A series with its running sums."""

    def __init__(self, series: Series) -> None:
        self.series = series
        self._calls = [[0, *accumulate(row)] for row in series.calls]
        self._positive = [[0, *accumulate(row)] for row in series.positive]
        self._all_calls = [sum(column) for column in zip(*self._calls, strict=True)]
        self._all_positive = [sum(column) for column in zip(*self._positive, strict=True)]

    def of(self, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Of each stratum its number, the calls and the positive ones of days ``begin`` to before ``end``."""
        for number, (calls, positive) in enumerate(zip(self._calls, self._positive, strict=True)):
            yield number, calls[end] - calls[begin], positive[end] - positive[begin]

    def total(self, begin: int, end: int) -> tuple[int, int]:
        """Calls and positive ones of all strata."""
        return self._all_calls[end] - self._all_calls[begin], self._all_positive[end] - self._all_positive[begin]


def nothing_came(_begin: int, _end: int, _lost: float) -> bool:
    """No code appeared."""
    return False


def shifts(series: Series, first: int, came: Came = nothing_came) -> list[Shift]:
    """The falls found on day ``first`` or later, oldest first; a fall is told once, until the share is back.

    ``came`` says whether on days from one to before another a code that nothing reads appeared in about so many calls.
    """
    if not may_fall(*(sum(map(sum, rows)) for rows in (series.calls, series.positive))):
        return []
    sums, found, day, oldest = _Sums(series), [], first, 1
    while day < series.days:
        # Days of a fall that is over already are part of no other.
        begins = (day + 1 - window for window in WINDOWS if day + 1 - window >= oldest)
        if not any(_has_fallen(sums, begin, day + 1, came) for begin in begins):
            day += 1
            continue
        shift = _described(sums, day)
        found.append(shift)
        day = oldest = series.days if shift.ended is None else shift.ended + 1
    return found


def may_fall(calls: int, positive: int) -> bool:
    """Whether there are calls enough, and the share is neither 0 nor 1 on all days: most facts end here."""
    return calls >= _FEWEST_BEFORE + _FEWEST_SINCE and 0 < positive < calls


def _has_fallen(sums: _Sums, begin: int, end: int, came: Came) -> bool:
    """Whether days ``begin`` to before ``end`` are less often so than the days before them."""
    start = max(0, begin - BASELINE)
    rates: dict[int, float] = {}
    before = 0
    for number, calls, positive in sums.of(start, begin):
        if calls >= _FEWEST_OF_STRATUM:
            rates[number] = positive / calls
            before += calls
    since = seen = 0
    expected = variance = 0.0
    for number, calls, positive in sums.of(begin, end):
        if number in rates:
            since, seen, rate = since + calls, seen + positive, rates[number]
            expected += calls * rate
            variance += calls * rate * (1 - rate)
    if before < _FEWEST_BEFORE or since < _FEWEST_SINCE:
        return False
    # Most windows are far from a fall: they end here, before anything that costs time.
    chance = math.sqrt(variance + expected * expected / before)
    if not _may_be(WITH_CODE, seen, expected, since, chance):
        return False
    bar = WITH_CODE if came(begin, end, expected - seen) else ALONE
    if bar is ALONE and not _may_be(ALONE, seen, expected, since, chance):
        return False
    scatter = _scatter(sums, rates, start, begin)
    if scatter is None:
        return False
    share = expected / since
    fore = before / scatter
    return tail(seen / scatter, since / scatter, fore * share + 0.5, fore * (1 - share) + 0.5) < bar.alpha


def _may_be(bar: Bar, seen: int, expected: float, calls: int, chance: float) -> bool:
    """Whether a fall from ``expected`` to ``seen`` of so many calls is large enough that somebody should hear of it."""
    fewer = expected - seen
    if fewer < bar.errors * chance and expected < calls:
        return False
    more = fewer >= bar.part * calls and calls - seen >= _RISE * (calls - expected)
    return more or seen <= (1 - FALL) * expected


def _scatter(sums: _Sums, rates: dict[int, float], start: int, end: int) -> float | None:
    """How many times more than by chance the days scatter, at least 1; None with too few days to tell."""
    total, days = 0.0, 0
    for day in range(start, end):
        off = variance = 0.0
        calls_of_day = 0
        for number, rate in rates.items():
            calls = sums.series.calls[number][day]
            calls_of_day += calls
            off += sums.series.positive[number][day] - calls * rate
            variance += calls * rate * (1 - rate)
        days += calls_of_day > 0
        total += off * off / variance if variance else 0.0
    if days < _FEWEST_DAYS:
        return None
    # A scatter that few days show may be too small: taken at the upper end of what they allow (Wilson & Hilferty, Proc
    # Natl Acad Sci USA 1931;17:684-688, the chi-squared distribution as a cube).
    part = 2 / (9 * (days - 1))
    return max(1.0, total / (days - 1) / (1 - part - math.sqrt(part)) ** 3)


def chance_of_none(series: Series, start: int, begin: int, end: int) -> float:
    """How likely it is by chance that nothing was so on days ``begin`` to before ``end``, after days from ``start``."""
    sums = _Sums(series)
    rates = {number: positive / calls for number, calls, positive in sums.of(start, begin) if calls}
    scatter = _scatter(sums, rates, start, begin)
    if scatter is None:
        return 1.0
    before, positive = sums.total(start, begin)
    calls, _ = sums.total(begin, end)
    return tail(0, calls / scatter, positive / scatter + 0.5, (before - positive) / scatter + 0.5)


def tail(positive: float, calls: float, alpha: float, beta: float) -> float:
    """P(X <= positive) for X beta-binomial over ``calls`` trials; numbers are rounded so that less is claimed."""
    whole, top = max(1, math.floor(calls)), math.ceil(positive)
    if top >= whole:
        return 1.0
    fixed = math.lgamma(whole + 1) - _log_beta(alpha, beta)
    added = 0.0
    for number in range(top, -1, -1):
        ways = fixed - math.lgamma(number + 1) - math.lgamma(whole - number + 1)
        term = math.exp(ways + _log_beta(number + alpha, whole - number + beta))
        added += term
        if term < _NEGLIGIBLE * max(added, ALONE.alpha):
            break
    return added


def _log_beta(one: float, other: float) -> float:
    return math.lgamma(one) + math.lgamma(other) - math.lgamma(one + other)


def _described(sums: _Sums, found: int) -> Shift:
    """The day that best parts the series in two, and what it looks like on both sides."""
    start = max(0, found - BASELINE - max(WINDOWS))
    days = range(max(start + 1, found - BASELINE), found + 1)
    since = max(days, key=lambda day: _likelihood(sums, start, day, found))
    calls_before, positive_before = sums.total(start, since)
    calls, positive = sums.total(since, found + 1)
    before, after = positive_before / max(calls_before, 1), positive / max(calls, 1)
    ended = _end(sums, found, (before + after) / 2)
    last = sums.series.days if ended is None else ended + 1 - _SETTLED
    calls, positive = sums.total(since, max(found + 1, last))
    return Shift(since, found, before, positive / max(calls, 1), calls, ended)


def _likelihood(sums: _Sums, start: int, day: int, found: int) -> float:
    return _log_likelihood(*sums.total(start, day)) + _log_likelihood(*sums.total(day, found + 1))


def _log_likelihood(calls: int, positive: int) -> float:
    if not 0 < positive < calls:
        return 0.0
    return positive * math.log(positive / calls) + (calls - positive) * math.log((calls - positive) / calls)


def _end(sums: _Sums, found: int, level: float) -> int | None:
    """The day at which the share had been above a level for some days."""
    for day in range(found + 1, sums.series.days):
        calls, positive = sums.total(max(0, day + 1 - _SETTLED), day + 1)
        if day - found >= _SETTLED and calls >= _FEWEST_SINCE and positive / calls > level:
            return day
    return None
