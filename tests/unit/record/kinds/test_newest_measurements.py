"""Results that newer ones have overtaken are not read, and nothing is found otherwise than if all of them were."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from service.finding import Finding
from service.record.chart.measure import all_measurements
from service.record.derive import Derivation
from service.record.kinds import egfr, quantity
from service.record.values.units import read_value
from tests.thoroughness import examples
from tests.unit.record.facts_in_python import (
    CREATININE,
    EGFR,
    NOW,
    PAIN,
    condition,
    fact,
    find,
    knowledge,
    measured,
    patient,
    record,
    source,
)
from tests.unit.record.kinds.test_quantity import COMPUTING, CREATININE_24_HOURS, EGFR_FACT, PAIN_FACT, RATE, WOMAN

OF_EPISODE = fact("quantity", source("Observation", "obs-pain-severity-nrs", in_episode=True), unit="{score}")
FACTS = (EGFR_FACT, COMPUTING, PAIN_FACT, CREATININE_24_HOURS, OF_EPISODE)
DERIVATIONS = {fact: Derivation(knowledge(fact)) for fact in FACTS}
DAYS = ("2026-11-24", "2026-11-23", "2026-11-22", "2026-11-21", "2026-11-20", "2026-11-01", "2026-10-25", "2026-10-24")
DATES: tuple[str | None, ...] = (
    *DAYS,
    *("2025-11-24", "2025-11-25", "2025-11-21", "2025-11-22", "2020-01-01", "2026-12-24", "2026-11", "2025-11", "2026"),
    *(f"{day}T{time}" for day in DAYS for time in ("00:10:00-12:00", "23:50:00+14:00", "10:00:00Z", "09:00:00")),
    *(None, "yesterday"),
)
STATUSES = ("final", "final", "final", "preliminary", "registered", "entered-in-error", "cancelled", "unheard-of")
ONSETS = ("2026-11-22", "2026-11", "2026-10")
MEASURED = ((EGFR, RATE), (CREATININE, "mg/dL"), (PAIN, "{score}"))
VALUES: tuple[Any, ...] = (0.4, 0.9, 1.1, 5, 54, 90, 500, "much", None)
UNITS = ("mg/dL", "umol/L", RATE, "{score}", "furlong", None)


def result(random: Random, name: str, code: tuple[str, str, str], unit: str) -> dict[str, Any]:
    found = measured(code, random.choice(VALUES), unit, random.choice(DATES), name, status=random.choice(STATUSES))
    if random.random() < 0.1:
        found["valueQuantity"]["unit"] = found["valueQuantity"]["code"] = random.choice(UNITS)
    if random.random() < 0.1:
        found["effectivePeriod"] = {"start": found.pop("effectiveDateTime", None), "end": random.choice(DATES)}
    return found


def chart_of(random: Random) -> list[dict[str, Any]]:
    """Somebody, perhaps with an episode of back pain whose start is known to the day or less, and some results."""
    episode = [condition(onsetDateTime=random.choice(ONSETS))] if random.random() < 0.5 else []
    measured_here = random.choice((MEASURED, MEASURED[-1:]))
    results = [result(random, f"o{number}", *random.choice(measured_here)) for number in range(random.randint(0, 9))]
    return [random.choice((WOMAN, patient())), *episode, *results]


def found_in(chart: list[dict[str, Any]]) -> list[Finding]:
    return [DERIVATIONS[fact].findings(record(chart), NOW)[fact.id] for fact in FACTS]


def test_what_is_not_read_changes_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(1)
    charts = [chart_of(random) for _ in range(examples(4000))]
    quickly = list(map(found_in, charts))
    for module in (quantity, egfr):
        monkeypatch.setattr(module, "measurements", all_measurements)
    assert [chart for chart, found in zip(charts, quickly, strict=True) if found != found_in(chart)] == []


def test_an_older_result_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[object] = []

    def noted(holder: Any, *asked: Any) -> Any:
        read.append(holder["id"])
        return read_value(holder, *asked)

    monkeypatch.setattr("service.record.chart.measure.read_value", noted)
    chart = [measured(PAIN, 5, "{score}", f"2026-11-{day}", f"o{day}") for day in ("10", "20", "22")]
    assert find(PAIN_FACT, *chart).value == 5
    assert read == ["o22", "o20"]
