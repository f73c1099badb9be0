"""Doses: stated several times by one client, and told in words only."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.record.medication.dosage import daily_amounts
from service.record.medication.dosage_words import amount_in_words, times_in_words


def daily(dosage: dict[str, Any]) -> tuple[Decimal | None, Decimal | None, str, bool] | None:
    found = daily_amounts({"dosageInstruction": [dosage]})
    return None if found is None else (found.amount.low, found.amount.high, found.unit, found.as_needed)


def rate(value: float, unit: str, kind: str | None) -> dict[str, Any]:
    system = "http://epic.com/CodeSystem/dose-rate-type"
    typed = {"type": {"coding": [{"system": system, "code": kind}]}} if kind else {}
    return {**typed, "doseQuantity": {"value": value, "unit": unit}}


SIX_HOURLY = {"repeat": {"frequency": 1, "period": 6, "periodUnit": "h"}}


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        ([rate(800, "mg", "calculated"), rate(1, "tablet", "admin-amount"), rate(800, "mg", "ordered")], (3200, 3200)),
        ([rate(1, "tablet", "admin-amount"), rate(800, "mg", "ordered")], (3200, 3200)),
        ([rate(800, "mg", "calculated"), rate(600, "mg", "ordered")], (2400, 3200)),
        ([rate(800, "mg", "ordered")], (3200, 3200)),
        ([rate(800, "mg", None), rate(800, "mg", None)], None),
        ([rate(800, "mg", "ordered"), rate(800, "mg", "ordered")], None),
        ([rate(1, "tablet", "admin-amount"), rate(2, "tablet", "unheard-of")], None),
    ],
)
def test_one_dose_stated_several_times_is_one_dose(rates: list[dict[str, Any]], expected: object) -> None:
    found = daily({"doseAndRate": rates, "timing": SIX_HOURLY})
    assert (found and found[:2]) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Take 1 tablet by mouth 3 times daily", (3, 3, "each", False)),
        ("Take 2 tablets (20 mg total) by mouth 3 (three) times a day.", (6, 6, "each", False)),
        ("Take 1 tablet by mouth every 6 (six) hours as needed for pain (4-6).", (1, 4, "each", True)),
        ("Take 1-2 tablets every 4-6 hours as needed", (1, 12, "each", True)),
        ("TAKE ONE TABLET BY MOUTH TWICE A DAY WITH FOOD", (2, 2, "each", False)),
        ("20 mg three times a day", (60, 60, "mg", False)),
        ("10mg TID PRN", (10, 30, "mg", True)),
        ("5 mg at bedtime", (5, 5, "mg", False)),
        ("1 tablet in the morning and 1 tablet in the evening", (2, 2, "each", False)),
        ("1/2 tablet daily", (Decimal("0.5"), Decimal("0.5"), "each", False)),
        ("1 Tablette 1-0-1", (2, 2, "each", False)),
        ("1 comprimé 3 fois par jour", (3, 3, "each", False)),
        ("800 mg PO q8h x 10 days", (2400, 2400, "mg", False)),
        ("1,000 mg three times a day", (3000, 3000, "mg", False)),
        ("1 000 mg 3 fois par jour", (3000, 3000, "mg", False)),
        ("7,5 mg 2x täglich", (15, 15, "mg", False)),
        ("0.125 mg daily", (Decimal("0.125"), Decimal("0.125"), "mg", False)),
        ("1.000 mg 3x täglich", None),
        ("1,600 mg 3x täglich", None),
        ("Take two 800mg tablets 3 times a day", (4800, 4800, "mg", False)),
        ("800mg x2 tid", (4800, 4800, "mg", False)),
        ("2 x 800 mg 3 times daily", (4800, 4800, "mg", False)),
        ("800 mg tid x 10 days", (2400, 2400, "mg", False)),
        ("one and a half tablets four times a day", (6, 6, "each", False)),
        ("1 1/2 tablets 4 times a day", (6, 6, "each", False)),
        ("½ tablet 4 times a day", (2, 2, "each", False)),
        ("2 tablets in the morning and 3 at night", (5, 5, "each", False)),
        ("TWO TO BE TAKEN THREE TIMES A DAY", (6, 6, "each", False)),
        ("2 tds", (6, 6, "each", False)),
        ("1.6g qds", (6400, 6400, "mg", False)),
        ("2-2-2-2", (8, 8, "each", False)),
        ("2T PO QID PRN", (2, 8, "each", True)),
        ("ii po q6h", (8, 8, "each", False)),
        ("800 mg = 1 tab(s), Oral, q4hr, PRN for pain, # 30 tab(s), 0 Refill(s)", (800, 4800, "mg", True)),
        ("max 6 tablets a day", (0, 6, "each", False)),
        ("1-2 tablets every 4-6 hours, max 8 a day", (4, 8, "each", False)),
        ("4800 mg/day in 3 divided doses", (4800, 4800, "mg", False)),
        ("1600 mg every eight hours", (4800, 4800, "mg", False)),
        ("800 mg 4 hourly", (4800, 4800, "mg", False)),
        ("2 Tabl. morgens, mittags, abends", (6, 6, "each", False)),
        ("2 cp 3x/j", (6, 6, "each", False)),
        ("4D2T", (8, 8, "each", False)),
        ("2 compresse ogni 6 ore", (8, 8, "each", False)),
        ("tomar 2 tabletas 3 veces al día", (6, 6, "each", False)),
        ("Take one daily with food", (1, 1, "each", False)),
        ("800 mg three times daily; may take extra 800 mg twice", None),
        ("800 mg tid and another 400 mg at night", None),
        ("1 tablet Mon, Wed, Fri and 2", None),
        ("3 x 2 Tbl.", None),
        ("5 mg/kg daily", None),
        ("2 tablets, then 1 tablet daily", None),
        ("1 tablet daily or 2 tablets daily", None),
        ("1 tablet twice daily, 1 tablet three times daily", None),
        ("as directed", None),
        ("1 tablet", None),
        ("twice daily", None),
        ("", None),
    ],
)
def test_a_dose_in_plain_words_is_read_and_any_other_is_not_guessed(text: str, expected: object) -> None:
    assert daily({"text": text}) == expected


def test_words_are_asked_only_where_the_elements_are_silent() -> None:
    words = {"text": "Take 1 tablet 3 times daily"}
    assert daily({"text": "3 times daily", "doseAndRate": [rate(2, "tablet", None)]}) == (6, 6, "each", False)
    assert daily({**words, "timing": SIX_HOURLY}) == (4, 4, "each", False)
    assert daily({**words, "doseAndRate": [rate(2, "spoonful", None)]}) is None
    assert daily({**words, "timing": {"code": {"text": "twice a day"}}}) == (2, 2, "each", False)


@pytest.mark.parametrize(
    ("dosage", "expected"),
    [
        ({"text": "1600 mg three times a day", "doseAndRate": [rate(800, "mg", None)]}, None),
        ({"text": "Take 800 mg once daily", "doseAndRate": [rate(800, "mg", None)]}, (800, 800, "mg", False)),
        ({"text": "2 tablets three times a day", "doseAndRate": [rate(800, "mg", None)]}, (800, 800, "mg", False)),
    ],
)
def test_words_that_tell_another_amount_than_the_elements_leave_it_unread(
    dosage: dict[str, Any], expected: object
) -> None:
    assert daily({**dosage, "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}}) == expected


@pytest.mark.parametrize(("when", "frequency", "times"), [(4, None, 4), (4, 1, 4), (1, 1, 1), (2, 3, 3)])
def test_times_of_the_day_by_name_are_as_many_doses(when: int, frequency: int | None, times: int) -> None:
    repeat: dict[str, Any] = {"period": 1, "periodUnit": "d", "when": ["MORN", "NOON", "EVE", "NIGHT"][:when]}
    repeat |= {"frequency": frequency} if frequency else {}
    found = daily({"doseAndRate": [rate(1600, "mg", None)], "timing": {"repeat": repeat}})
    assert found == (1600 * times, 1600 * times, "mg", False)


@given(st.text(max_size=400))
def test_no_words_are_too_odd(text: str) -> None:
    amount, times = amount_in_words(text), times_in_words(text)
    assert amount is None or amount.amount.low is not None
    assert times is None or (times.low is not None and times.low > 0)
