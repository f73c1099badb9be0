"""Dosage: how much of a drug the instructions give in a day, and for how long a supply lasts. Never guessed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct

from service.record.medication.dosage_words import (
    Amount,
    amount_in_words,
    most_in_words,
    names_a_number,
    needed_in_words,
    times_in_words,
)
from service.record.values.dates import days_between, parse_period
from service.record.values.interval import Interval
from service.record.values.statuses import status_word
from service.record.values.tidy import tidied
from service.record.values.units import decimal

EACH, MG, ML, PUFF = "each", "mg", "mL", "ACTUAT"
"""The units a dose is counted in: pieces, milligrams, millilitres, puffs."""

_ONE = Decimal(1)
_PIECES = (
    *("tablet", "tablets", "tab", "tabs", "tbl", "capsule", "capsules", "cap", "caps", "caplet", "caplets", "pill"),
    *("pills", "ea", "each", "film", "patch", "patches", "suppository", "suppositories", "lozenge", "1"),
    *("tablet(s)", "capsule(s)"),
)
_PUFFS = ("puff", "puffs", "actuation", "actuations", "actuat", "spray", "sprays")
_UNITS: Mapping[str, tuple[str, Decimal]] = {
    **dict.fromkeys(_PIECES, (EACH, _ONE)),
    **dict.fromkeys(_PUFFS, (PUFF, _ONE)),
    "mg": (MG, _ONE),
    "milligram": (MG, _ONE),
    "milligrams": (MG, _ONE),
    "g": (MG, Decimal(1000)),
    "gram": (MG, Decimal(1000)),
    "grams": (MG, Decimal(1000)),
    "ug": (MG, Decimal("0.001")),
    "mcg": (MG, Decimal("0.001")),
    "ml": (ML, _ONE),
    "milliliter": (ML, _ONE),
    "milliliters": (ML, _ONE),
}
_SEVEN = Decimal(7)
# As fractions, so that "every 8 hours" is three times a day and not nearly so.
_DAYS: Mapping[str, tuple[Decimal, Decimal]] = {
    "min": (_ONE, Decimal(1440)),
    **dict.fromkeys(("h", "hour", "hours"), (_ONE, Decimal(24))),
    **dict.fromkeys(("d", "day", "days"), (_ONE, _ONE)),
    **dict.fromkeys(("wk", "week", "weeks"), (_SEVEN, _ONE)),
}
"""How many days a unit of time is, as numerator and denominator. Months are left out: they differ."""

_CODES_PER_DAY: Mapping[str, Decimal] = {
    **dict.fromkeys(("QD", "AM", "PM", "BED", "HS"), _ONE),
    "BID": Decimal(2),
    "TID": Decimal(3),
    "QID": Decimal(4),
    "QOD": Decimal("0.5"),
    "WK": _ONE / 7,
    **{f"Q{hours}H": Decimal(24) / hours for hours in (1, 2, 3, 4, 6, 8, 12)},
}
"""Timing abbreviations of FHIR (GTSAbbreviation), with two more that are common."""

_MOST_DOSAGES = 40
"""More steps than any taper has: how they add up is then not worked out."""


class Daily(Struct, frozen=True):
    """What is taken on a day on which the drug is taken, in one unit. ``as_needed``: perhaps no more than one dose."""

    amount: Interval
    unit: str
    as_needed: bool


def daily_amounts(resource: Mapping[str, Any]) -> Daily | None:
    """The amount per day over all dosages; None when one cannot be computed, their units differ, or they are too many.

    Dosages with different ``sequence`` follow one another: the amount lies between the least and the most of them.
    Others are taken side by side and add up.
    """
    steps: dict[object, Daily] = {}
    dosages = list(_dosages(resource))
    for dosage in dosages if len(dosages) <= _MOST_DOSAGES else ():
        daily = _daily(dosage)
        if daily is None:
            return None
        step = dosage.get("sequence")
        key = step if isinstance(step, int) else "together"
        there = steps.get(key)
        if there is not None and there.unit != daily.unit:
            return None
        steps[key] = daily if there is None else _added(there, daily)
    if not steps or len({daily.unit for daily in steps.values()}) > 1:
        return None
    return _hull(list(steps.values()))


def single_doses_mg(resource: Mapping[str, Any]) -> frozenset[Decimal]:
    """The most milligrams of each single dose that is written in milligrams; empty where none is."""
    doses = [_dose(dosage) for dosage in _dosages(resource)]
    return frozenset(dose[0].high for dose in doses if dose and dose[1] == MG and dose[0].high is not None)


def days_supply(resource: Mapping[str, Any], mg_each: Decimal | None = None) -> Decimal | None:
    """For how many days the request supplies the drug, refills not counted; None when it cannot be computed.

    ``mg_each`` is the strength of one piece, by which a quantity of pieces is compared with a dose in milligrams.

    The supply duration as given, else the bounds of the dosage, else quantity divided by what is taken a day (at the
    highest rate when the drug is taken as needed; when the rate is a range otherwise, it cannot be known).
    """
    dispense = resource.get("dispenseRequest")
    dispense = dispense if isinstance(dispense, dict) else {}
    days = _duration(dispense.get("expectedSupplyDuration")) or _duration(resource.get("daysSupply"))
    return days or _bounds(resource) or _by_quantity(resource, dispense, mg_each)


def _bounds(resource: Mapping[str, Any]) -> Decimal | None:
    """How long the dosages run; those that follow one another add up."""
    total: dict[object, Decimal] = {}
    for dosage in _dosages(resource):
        repeat = _repeat(dosage)
        days = _duration(repeat.get("boundsDuration"))
        span = parse_period(repeat.get("boundsPeriod"))
        if days is None and span is not None and span.start and span.end:
            between = days_between(span.start, span.end)
            last_day = 0 if span.start.timed and span.end.timed else 1
            days = between.low + last_day if between.low is not None and between.is_exact else None
        if days is None or days <= 0:
            return None
        step = dosage.get("sequence")
        key = step if isinstance(step, int) else "together"
        total[key] = max(total.get(key, days), days)
    return sum(total.values(), Decimal(0)) or None


def _by_quantity(resource: Mapping[str, Any], dispense: Mapping[str, Any], mg_each: Decimal | None) -> Decimal | None:
    quantity = dispense.get("quantity") or resource.get("quantity")
    amount = _measured(quantity) if isinstance(quantity, dict) else None
    if amount is None:
        return None
    daily = daily_amounts(resource)
    if mg_each is not None and amount[1] == EACH and daily is not None and daily.unit == MG:
        amount = amount[0] * mg_each, MG
    if daily is None or amount[1] != daily.unit:
        return None
    rate = daily.amount.high
    if not rate or (not daily.as_needed and not daily.amount.is_exact):
        return None
    return amount[0] / rate


def _dosages(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for name in ("dosageInstruction", "dosage"):
        listed = resource.get(name)
        for dosage in listed if isinstance(listed, list) else [listed]:
            if isinstance(dosage, dict):
                yield dosage


def _daily(dosage: Mapping[str, Any]) -> Daily | None:
    dose = _dose(dosage)
    times = _times_a_day(dosage)
    if dose is None or times is None:
        return _most_allowed(dosage)
    amount, unit = dose
    if _is_contradicted(dosage, amount, times, unit):
        return None
    if amount.low is None or amount.high is None or times.low is None or times.high is None:
        return None
    as_needed = is_as_needed(dosage)
    # Taken as needed, a day of taking it has one dose at least.
    low = amount.low * (min(_ONE, times.low) if as_needed else times.low)
    high = amount.high * times.high
    limit = _limit(dosage)
    if limit is not None and limit[1] == unit:
        low, high = min(low, limit[0]), min(high, limit[0])
    return Daily(Interval(low, high), unit, as_needed)


def _is_contradicted(dosage: Mapping[str, Any], amount: Interval, times: Interval, unit: str) -> bool:
    """Whether the words beside the elements tell, in the same unit, another amount a day."""
    if "doseAndRate" not in dosage and not any(name in dosage for name in _DOSES):
        return False
    words = _words(dosage)
    told, told_times = _in_our_unit(amount_in_words(words)), times_in_words(words)
    if told is None or told_times is None or told[1] != unit:
        return False
    in_words, in_elements = _product(told[0], told_times), _product(amount, times)
    return in_words is not None and in_elements is not None and not in_words.overlaps(in_elements.low, in_elements.high)


def _product(amount: Interval, times: Interval) -> Interval | None:
    if amount.low is None or amount.high is None or times.low is None or times.high is None:
        return None
    return Interval(amount.low * times.low, amount.high * times.high)


def is_dose_told(resource: Mapping[str, Any]) -> bool:
    """Whether an entry says in any way how much is taken: by its elements, or by a number in its words or notes."""
    dosages = list(_dosages(resource))
    if any(name in dosage for dosage in dosages for name in (*_DOSES, "doseAndRate", "maxDosePerPeriod")):
        return True
    notes = resource.get("note")
    told = [note.get("text") for note in notes if isinstance(note, dict)] if isinstance(notes, list) else [notes]
    texts = [*map(_words, dosages), *told, resource.get("renderedDosageInstruction"), resource.get("dosageInstruction")]
    return any(isinstance(text, str) and names_a_number(text) for text in texts)


def _most_allowed(dosage: Mapping[str, Any]) -> Daily | None:
    """Up to the most that may be taken in a day, where nothing else tells how much is; how little is not known."""
    limit = _limit(dosage)
    return Daily(Interval(Decimal(0), limit[0]), limit[1], is_as_needed(dosage)) if limit else None


def _dose(dosage: Mapping[str, Any]) -> tuple[Interval, str] | None:
    rates = dosage.get("doseAndRate")
    listed = [rate for rate in rates if isinstance(rate, dict)] if isinstance(rates, list) else [rates]
    holders: list[Mapping[str, Any]] = [rate for rate in listed if isinstance(rate, dict)]
    holders = holders or [dosage]
    if len(holders) > 1:
        return _one_of_several(holders)
    if not any(name in holders[0] for name in _DOSES):
        return _in_our_unit(amount_in_words(_words(dosage)))
    return _held_dose(holders[0])


def _in_our_unit(told: Amount | None) -> tuple[Interval, str] | None:
    unit = _UNITS.get(told.unit) if told else None
    return (_times_each(told.amount, unit[1]), unit[0]) if told and unit else None


_DOSES = ("doseQuantity", "doseRange", "dose")
_RANKS = ("ordered", "calculated")


def _one_of_several(holders: Sequence[Mapping[str, Any]]) -> tuple[Interval, str] | None:
    """One dose stated several times, told apart by type: as ordered, calculated, or as the pieces to give.

    The ordered and the calculated one decide, an interval when they differ; without a type there is no telling.
    """
    by_type: dict[str, tuple[Interval, str] | None] = {}
    for holder in holders:
        word = status_word(holder.get("type"))
        if word is None or word in by_type:
            return None
        by_type[word] = _held_dose(holder)
    doses = [dose for rank in _RANKS if (dose := by_type.get(rank)) is not None]
    if not doses:
        return None
    if len({unit for _, unit in doses}) > 1:
        return doses[0]
    lows = [amount.low for amount, _ in doses if amount.low is not None]
    highs = [amount.high for amount, _ in doses if amount.high is not None]
    return Interval(min(lows), max(highs)), doses[0][1]


def _held_dose(holder: Mapping[str, Any]) -> tuple[Interval, str] | None:
    quantity = holder.get("doseQuantity") or holder.get("dose")
    if isinstance(quantity, dict):
        measured = _measured(quantity)
        return (Interval.exactly(measured[0]), measured[1]) if measured else None
    span = holder.get("doseRange")
    if not isinstance(span, dict):
        return None
    low, high = span.get("low"), span.get("high")
    bottom = _measured(low) if isinstance(low, dict) else None
    top = _measured(high) if isinstance(high, dict) else None
    if bottom is None or top is None or bottom[1] != top[1] or bottom[0] > top[0]:
        return None
    return Interval(bottom[0], top[0]), bottom[1]


def _times_each(amount: Interval, factor: Decimal) -> Interval:
    return Interval(
        None if amount.low is None else amount.low * factor, None if amount.high is None else amount.high * factor
    )


def _words(dosage: Mapping[str, Any]) -> str:
    """The instructions in words, when nothing but words says how the drug is taken."""
    for name in ("text", "patientInstruction"):
        words = dosage.get(name)
        if isinstance(words, str) and (plain := tidied(words)):
            return plain
    return ""


def _measured(quantity: Mapping[str, Any]) -> tuple[Decimal, str] | None:
    """A quantity in one of our units; None without a unit, for "600" may be tablets or milligrams."""
    value = decimal(quantity.get("value"))
    if value is None or value <= 0 or quantity.get("comparator"):
        return None
    for name in (quantity.get("code"), quantity.get("unit")):
        found = _UNITS.get(name.strip().strip("{}").lower()) if isinstance(name, str) else None
        if found is not None:
            return value * found[1], found[0]
    return None


def _repeat(dosage: Mapping[str, Any]) -> Mapping[str, Any]:
    timing = dosage.get("timing")
    repeat = timing.get("repeat") if isinstance(timing, dict) else None
    return repeat if isinstance(repeat, dict) else {}


def is_as_needed(dosage: Mapping[str, Any]) -> bool:
    """Whether a dosage is taken only when needed, by its elements or, where they are silent, by its words."""
    if "asNeededCodeableConcept" in dosage or dosage.get("asNeededBoolean") is True:
        return True
    return "asNeededBoolean" not in dosage and needed_in_words(_words(dosage))


def _times_a_day(dosage: Mapping[str, Any]) -> Interval | None:
    timing = dosage.get("timing")
    if not timing:
        return times_in_words(_words(dosage))
    repeat = _repeat(dosage)
    if "period" in repeat or "periodUnit" in repeat:
        return _by_period(repeat)
    for name in ("timeOfDay", "when"):
        listed = repeat.get(name)
        if isinstance(listed, list) and listed:
            return Interval.exactly(Decimal(len(listed)))
    return _by_code(dosage.get("timing"))


def _by_period(repeat: Mapping[str, Any]) -> Interval | None:
    unit = repeat.get("periodUnit")
    factor = _DAYS.get(unit) if isinstance(unit, str) else None
    shortest = decimal(repeat.get("period"))
    if factor is None or shortest is None or shortest <= 0:
        return None
    longest = max(decimal(repeat.get("periodMax")) or shortest, shortest)
    given = decimal(repeat.get("frequency", 1))
    if given is None or given <= 0:
        return None
    # Several events by name ("morning", "evening") are as many doses: FHIR takes them together.
    when = repeat.get("when")
    least = max(given, Decimal(len(when))) if isinstance(when, list) else given
    most = max(decimal(repeat.get("frequencyMax")) or least, least)
    return Interval(least * factor[1] / (longest * factor[0]), most * factor[1] / (shortest * factor[0]))


def _by_code(timing: object) -> Interval | None:
    code = timing.get("code") if isinstance(timing, dict) else None
    listed = code.get("coding") if isinstance(code, dict) else None
    for coding in listed if isinstance(listed, list) else ():
        word = coding.get("code") if isinstance(coding, dict) else None
        times = _CODES_PER_DAY.get(word.upper()) if isinstance(word, str) else None
        if times is not None:
            return Interval.exactly(times)
    text = code.get("text") if isinstance(code, dict) else None
    return times_in_words(text) if isinstance(text, str) else None


def _limit(dosage: Mapping[str, Any]) -> tuple[Decimal, str] | None:
    """The most that may be taken in a day, and its unit."""
    given = dosage.get("maxDosePerPeriod")
    if given is None:
        told = _in_our_unit(most_in_words(_words(dosage)))
        return (told[0].high, told[1]) if told and told[0].high else None
    ratio = given[0] if isinstance(given, list) and given else given
    top = ratio.get("numerator") if isinstance(ratio, dict) else None
    days = _duration(ratio.get("denominator")) if isinstance(ratio, dict) else None
    amount = _measured(top) if isinstance(top, dict) else None
    return (amount[0] / days, amount[1]) if amount and days else None


def _duration(value: object) -> Decimal | None:
    if not isinstance(value, dict):
        return None
    number = decimal(value.get("value"))
    for name in (value.get("code"), value.get("unit")):
        factor = _DAYS.get(name.strip().lower()) if isinstance(name, str) else None
        if factor is not None and number is not None and number > 0:
            return number * factor[0] / factor[1]
    return None


def _added(one: Daily, other: Daily) -> Daily:
    assert one.amount.low is not None
    assert other.amount.low is not None
    assert one.amount.high is not None
    assert other.amount.high is not None
    amount = Interval(one.amount.low + other.amount.low, one.amount.high + other.amount.high)
    return Daily(amount, one.unit, one.as_needed or other.as_needed)


def _hull(steps: list[Daily]) -> Daily:
    lows = [step.amount.low for step in steps if step.amount.low is not None]
    highs = [step.amount.high for step in steps if step.amount.high is not None]
    return Daily(Interval(min(lows), max(highs)), steps[0].unit, any(step.as_needed for step in steps))
