"""Dosage: for how long a supply lasts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from service.record.medication.dosage import days_supply
from service.record.medication.supply import planned_days
from service.record.values.interval import Interval


def dosage(**repeat: object) -> dict[str, Any]:
    quantity = {"doseQuantity": {"value": 1, "unit": "tablet"}}
    return {"doseAndRate": [quantity], "timing": {"repeat": {"frequency": 3, "period": 1, "periodUnit": "d", **repeat}}}


THIRTY = {"quantity": {"value": 30, "unit": "tablet"}}


@pytest.mark.parametrize(
    ("resource", "days"),
    [
        ({"dispenseRequest": {"expectedSupplyDuration": {"value": 10, "unit": "days"}}}, "10"),
        ({"dispenseRequest": {"expectedSupplyDuration": {"value": 2, "code": "wk"}}}, "14"),
        ({"daysSupply": {"value": 7, "unit": "d"}}, "7"),
        ({"dosageInstruction": [dosage(boundsDuration={"value": 14, "code": "d"})]}, "14"),
        ({"dosageInstruction": [dosage(boundsPeriod={"start": "2026-11-01", "end": "2026-11-10"})]}, "10"),
        ({"dosageInstruction": [dosage()], "dispenseRequest": THIRTY}, "10"),
        ({"dosageInstruction": [{**dosage(), "asNeededBoolean": True}], "dispenseRequest": THIRTY}, "10"),
        (
            {
                "dosageInstruction": [
                    {**dosage(boundsDuration={"value": 5, "code": "d"}), "sequence": 1},
                    {**dosage(boundsDuration={"value": 3, "code": "d"}), "sequence": 2},
                ]
            },
            "8",
        ),
    ],
)
def test_a_supply_lasts(resource: dict[str, Any], days: str) -> None:
    assert days_supply(resource) == Decimal(days)


FIVE_MG = {"doseAndRate": [{"doseQuantity": {"value": 5, "unit": "mg"}}], "timing": dosage()["timing"]}


@pytest.mark.parametrize(("mg_each", "days"), [("5", "10"), ("10", "20"), ("2.5", "5"), (None, None)])
def test_pieces_are_compared_with_a_dose_in_milligrams_by_the_strength_of_one(
    mg_each: str | None, days: str | None
) -> None:
    resource = {"dosageInstruction": [FIVE_MG], "dispenseRequest": THIRTY}
    found = days_supply(resource, Decimal(mg_each) if mg_each else None)
    assert found == (Decimal(days) if days else None)


@pytest.mark.parametrize(
    "resource",
    [
        {},
        {"dispenseRequest": "x"},
        {"dispenseRequest": {"expectedSupplyDuration": {"value": 1, "unit": "month"}}},
        {"dispenseRequest": {"expectedSupplyDuration": {"value": 10}}},
        {"dispenseRequest": THIRTY},
        {"dosageInstruction": [dosage()], "dispenseRequest": {"quantity": {"value": 30, "unit": "mL"}}},
        {"dosageInstruction": [dosage(frequencyMax=4)], "dispenseRequest": THIRTY},
        {"dosageInstruction": [dosage(boundsPeriod={"start": "2026-11-10", "end": "2026-11-01"})]},
    ],
)
def test_a_supply_that_cannot_be_told_is_not_guessed(resource: dict[str, Any]) -> None:
    assert days_supply(resource) is None


@pytest.mark.parametrize("value", [-1, 0, -14, 0.0])
def test_a_supply_for_no_day_or_fewer_is_not_told(value: float) -> None:
    resource = {"dispenseRequest": {"expectedSupplyDuration": {"value": value, "unit": "days", "code": "d"}}}
    assert planned_days(resource) == Interval()
    assert days_supply(resource) is None


@pytest.mark.parametrize(("value", "days"), [(1, 1), (14, 14)])
def test_a_supply_of_a_day_and_more_is(value: int, days: int) -> None:
    resource = {"dispenseRequest": {"expectedSupplyDuration": {"value": value, "unit": "days", "code": "d"}}}
    assert planned_days(resource) == Interval.exactly(Decimal(days))
