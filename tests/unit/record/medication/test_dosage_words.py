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
    assert daily({**words, "doseAndRate": [rate(2, "tablet", None)]}) == (6, 6, "each", False)
    assert daily({**words, "timing": SIX_HOURLY}) == (4, 4, "each", False)
    assert daily({**words, "doseAndRate": [rate(2, "spoonful", None)]}) is None
    assert daily({**words, "timing": {"code": {"text": "twice a day"}}}) == (2, 2, "each", False)


@given(st.text(max_size=400))
def test_no_words_are_too_odd(text: str) -> None:
    amount, times = amount_in_words(text), times_in_words(text)
    assert amount is None or amount.amount.low is not None
    assert times is None or (times.low is not None and times.low > 0)
