"""Supply: when a medication was begun and ended, and for how many days it was ordered. Never guessed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from service.record.chart.concepts import as_objects
from service.record.chart.dating import Extent
from service.record.chart.measure import hull
from service.record.chart.window import within
from service.record.medication.drugs import days_supply
from service.record.medication.entry import Medication, handed_over
from service.record.values.dates import Span, When, days_between, days_since, parse, parse_period
from service.record.values.interval import Interval
from service.record.values.statuses import status_word
from service.record.values.units import decimal

_DAYS: Mapping[str, tuple[Decimal, Decimal]] = {
    **dict.fromkeys(("d", "day", "days"), (Decimal(1), Decimal(1))),
    **dict.fromkeys(("wk", "week", "weeks"), (Decimal(7), Decimal(7))),
    **dict.fromkeys(("mo", "month", "months"), (Decimal(28), Decimal(31))),
    **dict.fromkeys(("h", "hour", "hours"), (1 / Decimal(24), 1 / Decimal(24))),
}


def start_of(medication: Medication) -> When | None:
    """When the medication was to begin, else when it was ordered, noted or handed over."""
    resource = medication.resource
    if medication.entry.type == "MedicationDispense":
        return handed_over(resource)
    if medication.entry.type == "MedicationStatement":
        span = parse_period(resource.get("effectivePeriod"))
        found = parse(resource.get("effectiveDateTime")) or (span.start if span else None)
        return found or parse(resource.get("dateAsserted"))
    starts = [span.start for span in _periods(resource) if span.start is not None]
    return min(starts, key=lambda when: (when.first, when.last), default=None) or parse(resource.get("authoredOn"))


def recorded_end(medication: Medication) -> When | None:
    """When a medication that is no longer taken ended, if that is recorded."""
    resource = medication.resource
    if medication.entry.type == "MedicationStatement":
        span = parse_period(resource.get("effectivePeriod"))
        return span.end if span else None
    if status_word(resource.get("status")) == "completed":
        ends = [span.end for span in _periods(resource) if span.end is not None]
        return max(ends, key=lambda when: (when.last, when.first), default=None)
    return parse(resource.get("statusChanged"))


def stopped_within(medication: Medication, days: int, now: datetime) -> bool | None:
    """Whether a medication that is no longer taken was stopped in the last ``days`` days.

    By the recorded end; else between its start and the planned end of its supply (or now): None when
    that leaves both open.
    """
    end = recorded_end(medication)
    if end is not None:
        return within(Extent(end), days, now).inside
    start = start_of(medication)
    since = days_since(start, now) if start is not None else None
    if since is None or since.low is None or since.high is None:
        return None
    if since.high <= days:
        return True
    planned = planned_days(medication.resource)
    # It ended no later than its supply, and before the entry that says so was last changed.
    if planned.high is not None and since.low - planned.high > days:
        return False
    changed = _last_changed(medication.resource)
    return False if changed is not None and within(Extent(changed), days, now).inside is False else None


def _last_changed(resource: Mapping[str, Any]) -> When | None:
    meta = resource.get("meta")
    return parse(meta.get("lastUpdated")) if isinstance(meta, Mapping) else None


def planned_days(resource: Mapping[str, Any]) -> Interval:
    """For how many days a request orders the drug, refills counted; open where nothing tells.

    From ``expectedSupplyDuration`` times the dispenses allowed, and the bounds of the dosage; where the two
    differ, between them. Else from quantity and dose; a drug taken only when needed lasts at least so long.
    """
    stated = [*_supplied(resource), *_bounded(resource)]
    if stated:
        return hull(stated)
    supply = days_supply(resource)
    if supply is None:
        return Interval()
    total = supply * _dispenses(resource)
    return Interval(total, None if _as_needed(resource) else total)


def duration_days(value: object) -> Interval | None:
    """A FHIR Duration in days; a month is 28 to 31 of them. None when it cannot be read."""
    if not isinstance(value, Mapping):
        return None
    number = decimal(value.get("value"))
    unit = value.get("code") or value.get("unit")
    factors = _DAYS.get(unit.strip().lower()) if isinstance(unit, str) else None
    if number is None or factors is None:
        return None
    return Interval(number * factors[0], number * factors[1])


def _dispense_request(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    request = resource.get("dispenseRequest")
    return request if isinstance(request, Mapping) else {}


def _dispenses(resource: Mapping[str, Any]) -> int:
    repeats = _dispense_request(resource).get("numberOfRepeatsAllowed")
    return 1 + (repeats if isinstance(repeats, int) and not isinstance(repeats, bool) and repeats > 0 else 0)


def _supplied(resource: Mapping[str, Any]) -> Iterator[Interval]:
    days = duration_days(_dispense_request(resource).get("expectedSupplyDuration"))
    if days is not None and days.low is not None and days.high is not None:
        times = _dispenses(resource)
        yield Interval(days.low * times, days.high * times)


def _repeats(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for dosage in as_objects(resource.get("dosageInstruction") or resource.get("dosage")):
        for timing in as_objects(dosage.get("timing")):
            yield from as_objects(timing.get("repeat"))


def _periods(resource: Mapping[str, Any]) -> Iterator[Span]:
    for repeat in _repeats(resource):
        span = parse_period(repeat.get("boundsPeriod"))
        if span is not None:
            yield span


def _bounded(resource: Mapping[str, Any]) -> Iterator[Interval]:
    for repeat in _repeats(resource):
        days = duration_days(repeat.get("boundsDuration")) or _range_days(repeat.get("boundsRange"))
        if days is not None:
            yield days
    for span in _periods(resource):
        if span.start is not None and span.end is not None:
            between = days_between(span.start, span.end)
            # A Period holds its last day (FHIR: Period.end is inclusive).
            last_day = 0 if span.start.timed and span.end.timed else 1
            if between.low is not None and between.high is not None and between.low >= 0:
                yield Interval(between.low + last_day, between.high + last_day)


def _range_days(value: object) -> Interval | None:
    if not isinstance(value, Mapping):
        return None
    low, high = duration_days(value.get("low")), duration_days(value.get("high"))
    return Interval(low.low if low else None, high.high if high else None) if low or high else None


def _as_needed(resource: Mapping[str, Any]) -> bool:
    dosages = as_objects(resource.get("dosageInstruction") or resource.get("dosage"))
    return any(dosage.get("asNeededBoolean") is True or "asNeededCodeableConcept" in dosage for dosage in dosages)
