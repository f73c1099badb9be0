"""When the radar speaks: a share that fell for good, not one that wavers."""

from __future__ import annotations

import math
import random
from datetime import date, timedelta

import pytest

from service.review.radar.codes import Appeared
from service.review.radar.counts import Client, SeenSince
from service.review.radar.detection import BASELINE, Series, shifts, tail

TODAY = BASELINE + 10


def series(known: list[float], calls: int = 200, seed: int = 1) -> Series:
    dice = random.Random(seed)
    hits = tuple(sum(dice.random() < share for _ in range(calls)) for share in known)
    return Series(((calls,) * len(known),), (hits,))


@pytest.mark.parametrize("share", [0.9, 0.5, 0.1])
def test_a_share_that_falls_to_nothing_is_found_on_the_first_or_second_day(share: float) -> None:
    [shift] = shifts(series([share] * TODAY + [0.0] * 5), TODAY)
    assert shift.since == TODAY
    assert shift.found <= TODAY + 1
    assert shift.before == pytest.approx(share, abs=0.05)
    assert shift.after == 0
    assert shift.calls == 1000
    assert shift.ended is None


def test_a_fall_is_told_once_and_its_end_is_told() -> None:
    known = [0.5] * TODAY + [0.0] * 6 + [0.5] * 20
    [shift] = shifts(series(known), TODAY)
    assert shift.ended is not None
    assert TODAY + 6 <= shift.ended <= TODAY + 10


def test_a_share_that_wavers_from_day_to_day_more_than_by_chance_alarms_nobody() -> None:
    dice = random.Random(7)
    for seed in range(20):
        wavering = [min(0.9, max(0.1, dice.gauss(0.5, 0.1))) for _ in range(TODAY + 30)]
        assert shifts(series(wavering, seed=seed), TODAY) == []


def test_a_small_fall_of_very_many_calls_is_no_alarm_and_a_doubling_of_unknown_is() -> None:
    assert shifts(series([0.90] * TODAY + [0.87] * 10, calls=5000), TODAY) == []
    assert len(shifts(series([0.93] * TODAY + [0.83] * 10, calls=1000), TODAY)) == 1


def test_a_small_fall_alarms_where_a_new_code_came_for_it_and_only_then() -> None:
    fell = series([0.99] * TODAY + [0.94] * 2)
    assert shifts(fell, TODAY) == []
    [shift] = shifts(fell, TODAY, lambda _begin, _end, lost: lost < 30)
    assert shift.found <= TODAY + 1
    steady = series([0.99] * (TODAY + 30))
    assert shifts(steady, TODAY, lambda _begin, _end, _lost: True) == []


def test_a_code_came_when_it_is_new_of_the_type_and_in_about_as_many_calls() -> None:
    begin = date(2026, 1, 1)
    days = {begin + timedelta(days=20): 9, begin + timedelta(days=21): 11}
    client = Client("c", begin, 30)
    client.codes = [
        SeenSince("Observation", "urn:local", "L1", "", None, days),
        SeenSince("Observation", "urn:local", "old", "", None, {begin: 5} | days),
    ]
    came = Appeared(client).of(["Observation"])
    assert came(20, 22, 30.0)
    assert came(21, 22, 15.0)
    assert not came(20, 22, 50.0), "too few calls for what was lost"
    assert not came(22, 23, 0.1), "it came earlier"
    assert not Appeared(client).of(["Condition"])(20, 22, 1.0)


def test_too_few_days_or_calls_before_prove_nothing() -> None:
    assert shifts(series([0.9] * 5 + [0.0] * 5), 0) == []
    assert shifts(series([0.9] * TODAY + [0.0] * 5, calls=2), TODAY) == []


def test_another_mix_of_services_is_no_fall() -> None:
    half = tuple(100 for _ in range(TODAY)) + (10,) * 5
    other = tuple(100 for _ in range(TODAY)) + (190,) * 5
    hits = (tuple(round(0.9 * calls) for calls in half), tuple(round(0.1 * calls) for calls in other))
    assert shifts(Series((half, other), hits), TODAY) == []


def test_the_tail_is_that_of_the_beta_binomial() -> None:
    # With a flat prior every number of hits is equally likely.
    assert tail(3, 9, 1, 1) == pytest.approx(0.4)
    # With a prior as sharp as this it is binomial.
    exact = sum(math.comb(10, k) * 0.3**k * 0.7 ** (10 - k) for k in range(2))
    assert tail(1, 10, 3e7, 7e7) == pytest.approx(exact, rel=1e-4)
