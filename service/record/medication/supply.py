"""Supply: when a medication was begun and ended, and for how many days it was ordered. Never guessed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

import orjson
from msgspec.structs import replace as replaced

from service.bounded import Bounded
from service.note import Note, NoteCode
from service.record.medication.dosage import days_supply
from service.record.model import Entry
from service.record.values.concept import as_objects
from service.record.values.dates import Span, When, days_between, days_since, earliest, latest, parse, parse_period
from service.record.values.interval import Interval, hull
from service.record.values.statuses import Counts, StatusClass, status_word
from service.record.values.units import decimal

_DAYS: Mapping[str, tuple[Decimal, Decimal]] = {
    **dict.fromkeys(("d", "day", "days"), (Decimal(1), Decimal(1))),
    **dict.fromkeys(("wk", "week", "weeks"), (Decimal(7), Decimal(7))),
    **dict.fromkeys(("mo", "month", "months"), (Decimal(28), Decimal(31))),
    **dict.fromkeys(("h", "hour", "hours"), (1 / Decimal(24), 1 / Decimal(24))),
}


_EFFECTIVE = frozenset({"MedicationStatement", "MedicationAdministration"})


def start_of(entry: Entry, periods: Sequence[Span]) -> When | None:
    """When a medication was to begin, else when it was ordered, noted or handed over.

    ``periods`` are those for which its dosages say that it is to be taken (``dosage_periods``).
    """
    resource = entry.resource
    if entry.type == "MedicationDispense":
        return handed_over(resource)
    if entry.type in _EFFECTIVE:
        span = parse_period(resource.get("effectivePeriod"))
        found = parse(resource.get("effectiveDateTime")) or (span.start if span else None)
        return found or parse(resource.get("dateAsserted"))
    begun = earliest(*(span.start for span in periods)) if periods else None
    return begun or parse(resource.get("authoredOn"))


def handed_over(resource: Mapping[str, Any]) -> When | None:
    """When a dispense was handed over, else when it was made ready."""
    return parse(resource.get("whenHandedOver")) or parse(resource.get("whenPrepared"))


class Course(Protocol):
    """What is worked out of a medication entry, each when it is asked for."""

    @property
    def since(self) -> Interval | None:
        """How many days ago it began; None where that is not known, or lies in the future."""

    @property
    def ended(self) -> When | None:
        """When it ended, if that is recorded."""

    @property
    def planned(self) -> Interval:
        """For how many days it is ordered."""


def entry_status_class(entry: Entry, now: datetime, course: Course) -> StatusClass:
    """What a medication entry counts as: one that is complete counts as taken while its supply lasts.

    A dispense is complete when it is handed over, and in some countries a prescription when it is issued.
    """
    found = entry.status_class
    if entry.type == "MedicationAdministration":
        return _of_administration(found, course.ended, now)
    if found.counts is Counts.PRESENT and _is_stated_to_be_over(entry, now):
        return replaced(found, provisional=True, note=Note(NoteCode.STATED_OVER))
    if found.counts is not Counts.HISTORY or not is_complete(entry):
        return found
    supplied = _supply_of(entry, course, now)
    since = course.since
    if since is None or since.low is None or since.high is None:
        # Without a date nobody can tell whether what was supplied has been used up.
        # A dispense that tells neither is still the giving of a drug.
        is_open = supplied.low is not None or entry.type == "MedicationDispense"
        if not is_open or course.ended is not None:
            return found
        return StatusClass(Counts.PRESENT, provisional=True, note=Note(NoteCode.SUPPLY_MAY_LAST))
    if supplied.low is None:
        is_open = entry.type in _MAY_GO_ON and course.ended is None and since.low <= _USUAL_SUPPLY
        return StatusClass(Counts.PRESENT, provisional=True, note=_NO_SUPPLY) if is_open else found
    if since.high <= supplied.low:
        return StatusClass(Counts.PRESENT, note=_STILL_SUPPLIED[entry.type])
    if supplied.high is not None and since.low <= supplied.high:
        return StatusClass(Counts.PRESENT, provisional=True, note=Note(NoteCode.SUPPLY_MAY_LAST))
    return found


_STILL_SUPPLIED = {
    "MedicationDispense": Note(NoteCode.DISPENSED_SUPPLY_LASTS),
    "MedicationRequest": Note(NoteCode.COMPLETED_SUPPLY_LASTS),
}
_MAY_GO_ON = _STILL_SUPPLIED.keys() | {"MedicationStatement"}


_USUAL_SUPPLY = 30
"""Days for which a completed order, dispense or statement that tells no supply and no end may still be taken: product
choice."""
MAY_BE_TAKEN = frozenset(
    {
        *(NoteCode.OLD_ORDER, NoteCode.STATED_OVER, NoteCode.SUPPLY_NOT_WRITTEN, NoteCode.GIVEN_LATELY),
        *(NoteCode.PLANNED, NoteCode.SUPPLY_MAY_LAST),
    }
)
"""The notes by which a drug may still be taken."""
_NO_SUPPLY = Note(NoteCode.SUPPLY_NOT_WRITTEN)


_GIVEN_LATELY = 3
"""Days after a dose in which the next may be due, in hospital for instance: product choice."""


def _of_administration(found: StatusClass, given: When | None, now: datetime) -> StatusClass:
    """A dose is over when it was given; one of the past days, or without a date, may be one of many."""
    if found.counts is Counts.NEVER:
        return found
    since = days_since(given, now) if given is not None else None
    if since is not None and since.low is not None and since.low > _GIVEN_LATELY:
        return StatusClass(Counts.HISTORY)
    return StatusClass(Counts.PRESENT, provisional=True, note=_GIVEN)


_GIVEN = Note(NoteCode.GIVEN_LATELY)


def _is_stated_to_be_over(entry: Entry, now: datetime) -> bool:
    """Whether the period of a statement ended before now, whatever its status says."""
    span = parse_period(entry.resource.get("effectivePeriod")) if entry.type == "MedicationStatement" else None
    since = days_since(span.end, now) if span is not None and span.end is not None else None
    return since is not None and since.low is not None and since.low > 0


def _supply_of(entry: Entry, course: Course, now: datetime) -> Interval:
    if entry.type == "MedicationRequest":
        ended = course.ended
        return course.planned if ended is None or _is_to_come(ended, now) else Interval()
    supply = days_supply(entry.resource) if entry.type == "MedicationDispense" else None
    return Interval(supply, supply)


def runs_on(entry: Entry) -> bool:
    """Whether a statement says that the drug has been taken from a day on and does not say until when."""
    if entry.type != "MedicationStatement" or status_word(entry.resource.get("status")) not in _RUNNING:
        return False
    span = parse_period(entry.resource.get("effectivePeriod"))
    return span is not None and span.start is not None and span.end is None


_RUNNING = frozenset({"active", "on-hold"})
"""An open period runs on only while the statement says that the drug is being taken; on hold is a pause in it."""


def recorded_end(entry: Entry, periods: Sequence[Span]) -> When | None:
    """When a medication that is no longer taken ended, if that is recorded; ``periods`` as for ``start_of``."""
    resource = entry.resource
    if entry.type == "MedicationStatement":
        span = parse_period(resource.get("effectivePeriod"))
        return span.end if span else None
    if entry.type == "MedicationAdministration":
        span = parse_period(resource.get("effectivePeriod"))
        return parse(resource.get("effectiveDateTime")) or (span.end or span.start if span else None)
    if is_complete(entry):
        return last_day_written(periods)
    return parse(resource.get("statusChanged"))


def dosage_periods(resource: Mapping[str, Any]) -> Sequence[Span]:
    """The periods for which a drug is to be taken, as its dosages say."""
    repeats = _repeats(resource)
    return _periods(repeats) if repeats else ()


def last_day_written(periods: Sequence[Span]) -> When | None:
    """The latest end of a period for which the drug was to be taken, where its dosage names one."""
    return latest(*(span.end for span in periods)) if periods else None


def is_complete(entry: Entry) -> bool:
    """Whether an order was carried out as planned: its supply was taken."""
    status = entry.resource.get("status")
    return status == "completed" or status_word(status) == "completed"


_PRESCRIBED = ("dosageInstruction", "dosage", "dispenseRequest", "quantity", "daysSupply")
"""All that tells for how many days a request orders a drug."""
_PLANNED: Bounded[tuple[bytes, Decimal | None], Interval] = Bounded(2048)


def planned_days(resource: Mapping[str, Any], mg_each: Decimal | None = None) -> Interval:
    """For how many days a request orders the drug; what is written in the same way is worked out once."""
    try:
        written = orjson.dumps([resource.get(name) for name in _PRESCRIBED])
    except TypeError:
        # A number that orjson does not write.
        return _planned_days(resource, mg_each)
    found = _PLANNED.get((written, mg_each))
    if found is None:
        found = _PLANNED[written, mg_each] = _planned_days(resource, mg_each)
    return found


def _planned_days(resource: Mapping[str, Any], mg_each: Decimal | None) -> Interval:
    """For how many days a request orders the drug, refills counted; open where nothing tells.

    ``mg_each`` is the strength of one piece, where it is known.

    From ``expectedSupplyDuration`` times the dispenses allowed, and the bounds of the dosage; where the two
    differ, between them. Else from quantity and dose; a drug taken only when needed lasts at least so long.
    """
    stated = [*_supplied(resource), *_bounded(resource)]
    if stated:
        return hull(stated)
    supply = days_supply(resource, mg_each)
    if supply is None:
        return Interval()
    total = supply * _dispenses(resource)
    return Interval(total, None if _as_needed(resource) else total)


def duration_days(value: object) -> Interval | None:
    """A FHIR Duration in days; a month is 28 to 31 of them. None when it cannot be read, or is below zero."""
    if not isinstance(value, dict):
        return None
    number = decimal(value.get("value"))
    unit = value.get("code") or value.get("unit")
    factors = _DAYS.get(unit.strip().lower()) if isinstance(unit, str) else None
    if number is None or number < 0 or factors is None:
        return None
    return Interval(number * factors[0], number * factors[1])


def _dispense_request(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    request = resource.get("dispenseRequest")
    return request if isinstance(request, dict) else {}


def _dispenses(resource: Mapping[str, Any]) -> int:
    repeats = _dispense_request(resource).get("numberOfRepeatsAllowed")
    if not isinstance(repeats, int) or isinstance(repeats, bool):
        return 1
    return 1 + repeats if 0 < repeats <= _MOST_REPEATS else 1


def _is_to_come(end: When, now: datetime) -> bool:
    """Whether an end that is written, such as that of the dosage of an order completed at issue, has not come yet."""
    since = days_since(end, now)
    return since is None or (since.high is not None and since.high <= 0)


_MOST_REPEATS = 999
"""More repeats than any order has: such a number is no number of repeats."""


def _supplied(resource: Mapping[str, Any]) -> Iterator[Interval]:
    days = duration_days(_dispense_request(resource).get("expectedSupplyDuration"))
    # A supply for no day is none that is told.
    if days is not None and days.low and days.high:
        times = _dispenses(resource)
        yield Interval(days.low * times, days.high * times)


def _repeats(resource: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Those that say how long the drug is to be taken."""
    found: list[Mapping[str, Any]] = []
    for dosage in as_objects(resource.get("dosageInstruction") or resource.get("dosage")):
        # Without a generator: it runs over every medication.
        for timing in as_objects(dosage["timing"]) if "timing" in dosage else ():
            found += [one for one in as_objects(timing.get("repeat")) if not _BOUNDS.isdisjoint(one)]
    return found


_BOUNDS = frozenset({"boundsPeriod", "boundsDuration", "boundsRange"})


def _periods(repeats: Iterable[Mapping[str, Any]]) -> list[Span]:
    return [span for repeat in repeats if (span := parse_period(repeat.get("boundsPeriod"))) is not None]


def _bounded(resource: Mapping[str, Any]) -> Iterator[Interval]:
    repeats = _repeats(resource)
    for repeat in repeats:
        days = duration_days(repeat.get("boundsDuration")) or _range_days(repeat.get("boundsRange"))
        if days is not None:
            yield days
    for span in _periods(repeats):
        if span.start is not None and span.end is not None:
            between = days_between(span.start, span.end)
            # A Period holds its last day (FHIR: Period.end is inclusive).
            last_day = 0 if span.start.timed and span.end.timed else 1
            if between.low is not None and between.high is not None and between.low >= 0:
                yield Interval(between.low + last_day, between.high + last_day)


def _range_days(value: object) -> Interval | None:
    if not isinstance(value, dict):
        return None
    low, high = duration_days(value.get("low")), duration_days(value.get("high"))
    return Interval(low.low if low else None, high.high if high else None) if low or high else None


def _as_needed(resource: Mapping[str, Any]) -> bool:
    dosages = as_objects(resource.get("dosageInstruction") or resource.get("dosage"))
    return any(dosage.get("asNeededBoolean") is True or "asNeededCodeableConcept" in dosage for dosage in dosages)
