"""Gestation: completed weeks and days of the current pregnancy, as weeks.

Read from a recorded gestational age (advanced to now), an estimated delivery date (40 weeks), the last menstrual
period, or ICD-10-CM Z3A (week of gestation). The newest statement counts. Never absent, and unknown when the
weeks would pass the end of any pregnancy: then the entry tells of an earlier one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from service.finding import Evidence, Finding, Status
from service.knowledge.model import FactDefinition, FactSource
from service.note import Note, NoteCode, joined, of_entry
from service.record.chart.code_match import CodeMatch
from service.record.chart.evidence import NOT_RECORDED, distinct_notes, read_types, shortfalls
from service.record.chart.index import Chart
from service.record.chart.measure import Measurement, candidates
from service.record.chart.window import timing
from service.record.kinds.coded import source_keys
from service.record.kinds.plan import Plan
from service.record.kinds.quantity import numeric
from service.record.values.concept import codings
from service.record.values.dates import When, at, days_between, days_since, parse
from service.record.values.interval import Interval, hull
from service.record.values.statuses import Counts
from service.record.values.units import Refused, read_value

ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"
LAST_PERIOD = ("http://loinc.org", "8665-2")
TERM_DAYS = Decimal(280)
LONGEST_WEEKS = Decimal(44)
"""Product choice: what would be more weeks than this is an earlier pregnancy."""
_WEEK = Decimal(7)
_STEP = Decimal("0.001")
_ADVANCED = Note(NoteCode.GESTATION_ADVANCED)
_FROM_PERIOD = Note(NoteCode.GESTATION_FROM_PERIOD)
_FROM_DUE_DATE = Note(NoteCode.GESTATION_FROM_DUE_DATE)
_PRELIMINARY = Note(NoteCode.PRELIMINARY_NOT_USED)
_NOT_USABLE = Note(NoteCode.GESTATION_NOT_USABLE)
_EARLIER_PREGNANCY = Note(NoteCode.EARLIER_PREGNANCY)
_Z3A = re.compile(r"Z3A\.?(\d\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Stated:
    """Days of gestation now, and what says so."""

    days: Interval
    text: str
    note: Note | None


def plan(definition: FactDefinition) -> Plan:
    """How weeks of gestation are read."""

    def find(chart: Chart) -> Finding:
        notes: list[Note | None] = []
        best = candidates(_statements(definition.sources, chart, notes), same_day=False)
        if best:
            return numeric(definition, hull(one.number for one in best), best, notes)
        reasons = shortfalls(read_types(definition), chart.record) or (NOT_RECORDED,)
        return Finding(definition.id, Status.UNKNOWN, notes=(*distinct_notes(notes), *reasons))

    return Plan(definition, find, source_keys(definition.sources))


def _statements(sources: tuple[FactSource, ...], chart: Chart, notes: list[Note | None]) -> Iterator[Measurement]:
    for source in sources:
        for code_match in chart.matches(source.resource, source.codes):
            where = code_match.entry.reference
            if code_match.status_class.counts is not Counts.PRESENT:
                continue
            if code_match.status_class.provisional and code_match.entry.type == "Observation":
                notes.append(of_entry(where, _PRELIMINARY))
                continue
            stated = _stated(code_match, chart)
            when = code_match.effective_period.last or chart.today
            if timing(code_match, source, chart).inside is False:
                notes.append(of_entry(where, _EARLIER_PREGNANCY))
                continue
            if stated is None:
                # A problem that tells of a pregnancy and names no week was read; a result without one was not.
                notes.append(None if code_match.entry.type == "Condition" else of_entry(where, _NOT_USABLE))
                continue
            weeks = _weeks(stated.days)
            if weeks.high is not None and weeks.high > LONGEST_WEEKS:
                notes.append(of_entry(where, _EARLIER_PREGNANCY))
                continue
            date = code_match.effective_period.last.text if code_match.effective_period.last else None
            note = joined(code_match.status_class.note, stated.note)
            yield Measurement(weeks, when, inside=True, evidence=Evidence(where, stated.text, date, note))


def _stated(code_match: CodeMatch, chart: Chart) -> Stated | None:
    if code_match.entry.type == "Condition":
        return _from_icd(code_match, chart)
    named = code_match.holder.get("valueDateTime")
    when = parse(named)
    if when is not None:
        return _from_date(code_match, when, chart)
    reading = read_value(code_match.holder, "d")
    if isinstance(reading, Refused):
        reading = read_value(code_match.holder, "wk")
        if isinstance(reading, Refused):
            return None
        days = Interval(_times(reading.low), _times(reading.high))
    else:
        days = reading.interval
    # Product choice: in less than a week nobody knows of a pregnancy, so such an age is a typing error.
    if days.high is not None and days.high < _WEEK:
        return None
    if _in_weeks(code_match.holder):
        days = _completed_weeks(days)
    return _advanced(days, code_match.effective_period.last, reading.text, chart)


def _in_weeks(holder: Mapping[str, Any]) -> bool:
    quantity = holder.get("valueQuantity")
    unit = quantity.get("code") or quantity.get("unit") if isinstance(quantity, Mapping) else None
    return str(unit).lower().startswith("w")


def _completed_weeks(days: Interval) -> Interval:
    """A whole number of weeks means completed ones, with up to six days more (decision 29)."""
    high = days.high
    return Interval(days.low, high + _WEEK - 1) if high is not None and not high % _WEEK else days


def _times(weeks: Decimal | None) -> Decimal | None:
    return None if weeks is None else weeks * _WEEK


def _advanced(days: Interval, when: When | None, text: str, chart: Chart) -> Stated | None:
    """The days of then, and those that have passed since."""
    since = days_since(when, chart.now) if when is not None else None
    if since is None or since.low is None or since.high is None:
        return None
    low = None if days.low is None else days.low + since.low
    high = None if days.high is None else days.high + since.high
    return Stated(Interval(low, high), text, _ADVANCED if since.high >= 1 else None)


def _from_date(code_match: CodeMatch, when: When, chart: Chart) -> Stated | None:
    """A date that lies before its own record is a last period; a coming one is a delivery date."""
    period = LAST_PERIOD in {(coding.system, coding.code) for coding in codings(code_match.holder.get("code"))}
    today = at(chart.now)
    if period:
        since = days_between(when, today)
        return Stated(since, f"last menstrual period {when.text}", _FROM_PERIOD)
    left = days_between(today, when)
    if left.low is None or left.high is None:
        return None
    days = Interval(TERM_DAYS - left.high, TERM_DAYS - left.low)
    return Stated(days, f"estimated delivery {when.text}", _FROM_DUE_DATE)


def _from_icd(code_match: CodeMatch, chart: Chart) -> Stated | None:
    """Z3A.20 is the 20th completed week on the day it was recorded; Z3A.00, .01 and .49 name no single week."""
    for coding in codings(code_match.holder.get("code")):
        found = _Z3A.fullmatch(coding.code) if coding.system == ICD_10_CM else None
        week = int(found[1]) if found else 0
        if 8 <= week <= 42:  # noqa: PLR2004 -- the range of Z3A codes that name one week
            days = Interval(week * _WEEK, week * _WEEK + 6)
            return _advanced(days, code_match.effective_period.last, coding.display or coding.code, chart)
    return None


def _weeks(days: Interval) -> Interval:
    def weeks(bound: Decimal | None) -> Decimal | None:
        return None if bound is None else (bound / _WEEK).quantize(_STEP)

    return Interval(weeks(days.low), weeks(days.high))
