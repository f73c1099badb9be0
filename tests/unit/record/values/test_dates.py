"""Dates: partial dates are intervals, elapsed time is three-valued, nothing raises."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.record.values.dates import (
    When,
    age_years,
    at,
    days_between,
    days_since,
    earliest,
    fault,
    latest,
    parse,
    parse_period,
    within_days,
)
from service.record.values.interval import Interval

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def read(text: str) -> When:
    when = parse(text)
    assert when is not None
    return when


def days(low: object, high: object) -> Interval:
    return Interval(Decimal(str(low)), Decimal(str(high)))


def test_a_year_is_all_its_days() -> None:
    when = read("2024")
    assert (when.first_day.isoformat(), when.last_day.isoformat()) == ("2024-01-01", "2024-12-31")
    assert not when.timed


def test_a_month_knows_its_leap_day() -> None:
    assert read("2024-02").last_day.isoformat() == "2024-02-29"


@pytest.mark.parametrize(
    ("text", "elapsed", "at_least_six_weeks"),
    [
        ("2026-10-14", days(41, 41), False),
        ("2026-10-13", days(42, 42), True),
        ("2026-10-12", days(43, 43), True),
        ("2026-10", days(24, 54), None),
        ("2026-09", days(55, 84), True),
        ("2025", days(328, 692), True),
    ],
)
def test_six_weeks_are_forty_two_whole_days(text: str, elapsed: Interval, at_least_six_weeks: bool | None) -> None:
    assert days_since(read(text), NOON) == elapsed
    inside_41 = within_days(read(text), 41, NOON)
    assert (None if inside_41 is None else not inside_41) is at_least_six_weeks


def test_the_time_of_day_of_now_does_not_matter_for_a_date() -> None:
    for hour in (0, 12, 23):
        now = NOON.replace(hour=hour)
        assert days_since(read("2026-10-13"), now) == days(42, 42)


def test_two_times_are_compared_as_instants() -> None:
    assert days_since(read("2026-10-13T12:00:00Z"), NOON) == days(42, 42)
    assert days_since(read("2026-10-13T14:00:00+02:00"), NOON) == days(42, 42)
    barely = days_since(read("2026-10-13T12:00:01Z"), NOON)
    assert barely is not None
    assert barely.high is not None
    assert barely.high < 42


def test_a_time_without_zone_may_be_fourteen_hours_off_either_way() -> None:
    when = read("2026-10-13T12:00:00")
    assert when.last - when.first == timedelta(hours=28)
    assert within_days(when, 42, NOON) is None
    assert within_days(when, 41, NOON) is False
    assert within_days(when, 43, NOON) is True


def test_days_are_counted_in_the_zone_of_now() -> None:
    late = datetime(2026, 11, 24, 23, tzinfo=timezone(timedelta(hours=-8)))
    assert days_since(read("2026-11-24"), late) == days(0, 0)


def test_what_is_partly_in_the_future_is_cut_at_now() -> None:
    assert days_since(read("2026"), NOON) == days(0, 327)


def test_what_is_wholly_in_the_future_has_not_happened() -> None:
    assert days_since(read("2027"), NOON) is None
    assert within_days(read("2027"), 42, NOON) is False


def test_one_day_ahead_counts_as_today() -> None:
    assert days_since(read("2026-11-25"), NOON) == days(0, 0)
    assert days_since(read("2026-11-26"), NOON) is None


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("1961-11-24", days(65, 65)),
        ("1961-11-25", days(64, 64)),
        ("1961-11", days(64, 65)),
        ("1961", days(64, 65)),
        ("1960", days(65, 66)),
        ("2026", days(0, 0)),
    ],
)
def test_age_counts_birthdays(text: str, age: Interval) -> None:
    assert age_years(read(text), NOON) == age


def test_a_leap_day_child_has_its_birthday_in_march() -> None:
    birth = read("2008-02-29")
    assert age_years(birth, datetime(2026, 2, 28, tzinfo=UTC)) == days(17, 17)
    assert age_years(birth, datetime(2026, 3, 1, tzinfo=UTC)) == days(18, 18)


def test_nobody_is_born_tomorrow() -> None:
    assert age_years(read("2026-11-25"), NOON) is None


@pytest.mark.parametrize(
    "text", ["2026-11-24T24:00:00Z", "2026-11-24T23:59:60Z", "2026-11-24t10:00z", "2026-11-24 10:00Z"]
)
def test_times_that_real_senders_write_are_read(text: str) -> None:
    assert parse(text) is not None


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "no date given"),
        (20240501, "a date that is not a string"),
        ("last spring", "not written as a FHIR date"),
        ("20240501", "not written as a FHIR date"),
        ("2024-02-30", "no such date"),
        ("2024-13", "no such date"),
        ("2024-05-01T25:00:00Z", "no such date"),
    ],
)
def test_an_unreadable_date_says_why_and_does_not_quote_itself(value: object, reason: str) -> None:
    assert parse(value) is None
    assert fault(value) == reason


def test_a_readable_date_has_no_fault() -> None:
    assert fault("2024") is None


def test_a_period_may_lack_an_end() -> None:
    span = parse_period({"start": "2024-05-01"})
    assert span is not None
    assert span.start is not None
    assert span.end is None


@pytest.mark.parametrize("value", [None, "2024", [], {}, {"start": 5}, {"start": "soon", "end": "later"}])
def test_no_period_is_none(value: object) -> None:
    assert parse_period(value) is None


def test_the_later_date_is_the_latest_and_nothing_stands_for_none() -> None:
    older, newer = read("2024"), read("2025-01-01")
    assert latest(older, None, newer) is newer
    assert earliest(newer, older) is older
    assert latest(None) is None


def test_days_between_may_be_negative() -> None:
    assert days_between(read("2024-05-10"), read("2024-05-01")) == days(-9, -9)


@given(
    st.one_of(
        st.text(), st.integers(), st.floats(), st.none(), st.lists(st.text()), st.dictionaries(st.text(), st.text())
    )
)
def test_odd_input_never_raises(value: object) -> None:
    assert (parse(value) is None) == (fault(value) is not None)
    parse_period(value)


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_the_exact_time_lies_inside_every_coarser_way_to_write_it(moment: datetime) -> None:
    exact = at(moment.replace(tzinfo=UTC))
    for pattern in ("%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S.%f"):
        coarse = read(moment.strftime(pattern).rjust(4, "0"))
        assert coarse.first <= exact.first <= exact.last <= coarse.last


@given(
    st.integers(-3, 50),
    st.integers(0, 40),
    st.times().map(lambda at: at.strftime("%H:%M:%S")),
    st.sampled_from(["", "Z", "+13:00", "-12:00", "+05:30", "+23:59", "-23:59"]),
    st.integers(-14, 14),
)
def test_what_is_told_at_once_of_a_time_is_what_its_instants_tell(
    ago: int, limit: int, clock: str, zone: str, hours: int
) -> None:
    now = NOON.astimezone(timezone(timedelta(hours=hours)))
    when = read(f"{(NOON - timedelta(days=ago)).date()}T{clock}{zone}")
    elapsed = days_since(when, now)
    assert within_days(when, limit, now) is (False if elapsed is None else elapsed.at_most(Decimal(limit)))
