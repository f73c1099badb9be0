"""Dating: when what a resource tells of began and ended, as recorded."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from msgspec import Struct

from service.note import Note, NoteCode
from service.record.model import Resource
from service.record.values.concept import wordings
from service.record.values.dates import When, parse, parse_period
from service.record.values.units import decimal

FIRST_RECORDED = Note(NoteCode.FIRST_RECORDED)
_YEARS = frozenset({"a", "year", "years"})
_OLDEST = 150
_YEAR_AT_THE_END = re.compile(r"\w[\s,(-]+(?:in |since |from |ca?\.? )?((?:19|20)\d\d)\)?[\s.]*$")
"""A bare year at the end of what a problem is called: "urge incontinence 2010", "foot drop (2009)"."""


class EffectivePeriod(Struct, frozen=True):
    """From when to when. ``end`` None: it ended when it began, or has not ended, as ``open`` tells.

    ``first_recorded`` says that the beginning is not known and ``start`` is only the day on which
    somebody wrote it down: a latest possible beginning (decision 7).
    """

    start: When | None = None
    end: When | None = None
    open: bool = False
    first_recorded: bool = False

    @property
    def last(self) -> When | None:
        """The latest recorded moment."""
        return self.end or self.start


NEVER_DATED = EffectivePeriod()


def _point(resource: Resource, *names: str) -> EffectivePeriod | None:
    """The first of some elements that holds a readable date or period.

    An end before the beginning is none.
    """
    for name in names:
        value = resource.get(name)
        if isinstance(value, dict):
            span = parse_period(value)
            if span is not None:
                start, end = span.start or span.end, span.end
                if start is not None and end is not None and end.last_day < start.first_day:
                    end = None
                return EffectivePeriod(start, end, open=end is None)
        elif value is not None:
            when = parse(value)
            if when is not None:
                return EffectivePeriod(when)
    return None


def _years_old(value: object, birth: When | None) -> EffectivePeriod | None:
    """The year of life in which it began, from an age in years."""
    if not isinstance(value, dict) or birth is None or str(value.get("code", value.get("unit"))) not in _YEARS:
        return None
    years = decimal(value.get("value"))
    if years is None or not 0 <= years <= _OLDEST:
        return None
    first = date(min(birth.first_day.year + int(years), 9999), 1, 1)
    last = date(min(birth.last_day.year + int(years) + 1, 9999), 12, 31)
    start, end = parse(first.isoformat()), parse(last.isoformat())
    if start is None or end is None:
        return None
    text = f"at age {int(years)}"
    return EffectivePeriod(When(start.first, end.last, start.first_day, end.last_day, timed=False, text=text))


def _onset(resource: Resource, birth: When | None) -> EffectivePeriod:
    found = _point(resource, "onsetDateTime", "onsetPeriod") or _years_old(resource.get("onsetAge"), birth)
    if found is not None:
        return EffectivePeriod(found.start)
    recorded = _point(resource, "recordedDate")
    year = _year_in_words(resource)
    if year is not None and (recorded is None or recorded.start is None or year.last < recorded.start.first):
        return EffectivePeriod(year)
    return EffectivePeriod(recorded.start, first_recorded=True) if recorded else NEVER_DATED


def _year_in_words(resource: Resource) -> When | None:
    """The year in which a problem began, where its words end with one."""
    for text in wordings(resource.get("code")):
        if found := _YEAR_AT_THE_END.search(text):
            return parse(found[1])
    return None


def _elements(*names: str) -> Callable[[Resource, When | None], EffectivePeriod]:
    def effective_period(resource: Resource, _birth: When | None) -> EffectivePeriod:
        return _point(resource, *names) or NEVER_DATED

    return effective_period


def _observation(resource: Resource, _birth: When | None) -> EffectivePeriod:
    found = _point(resource, "effectiveDateTime", "effectiveInstant", "effectivePeriod")
    if found is None:
        timing: Any = resource.get("effectiveTiming")
        events = timing.get("event") if isinstance(timing, dict) else None
        dates = [when for when in map(parse, events) if when] if isinstance(events, list) else []
        found = (
            EffectivePeriod(max(dates, key=lambda when: (when.last, when.first)))
            if dates
            else _point(resource, "issued")
        )
    return found or NEVER_DATED


_BY_TYPE: Mapping[str, Callable[[Resource, When | None], EffectivePeriod]] = {
    "Condition": _onset,
    "AllergyIntolerance": _onset,
    "Procedure": _elements("performedDateTime", "performedPeriod"),
    "Observation": _observation,
    "QuestionnaireResponse": _elements("authored"),
    "ServiceRequest": _elements("authoredOn", "occurrenceDateTime", "occurrencePeriod"),
    "DiagnosticReport": _elements("effectiveDateTime", "effectivePeriod", "issued"),
    "ImagingStudy": _elements("started"),
    "DeviceUseStatement": _elements("timingDateTime", "timingPeriod", "recordedOn"),
    "Communication": _elements("sent", "received"),
    "CommunicationRequest": _elements("authoredOn", "occurrenceDateTime", "occurrencePeriod"),
    "Encounter": _elements("period"),
    "Goal": _elements("startDate", "statusDate"),
}


_FIRST: Mapping[str, str] = {
    "Condition": "onsetDateTime",
    "AllergyIntolerance": "onsetDateTime",
    "Observation": "effectiveDateTime",
    "Procedure": "performedDateTime",
}


def effective_period_of(resource_type: str, resource: Resource, birth: When | None) -> EffectivePeriod:
    """When what the resource tells of began and ended. Without any date: a period without ends."""
    # Nearly every entry has this one element, which is looked at before any other.
    day = resource.get(_FIRST.get(resource_type, ""))
    if day is not None and (when := parse(day)) is not None:
        return EffectivePeriod(when)
    reader = _BY_TYPE.get(resource_type)
    return reader(resource, birth) if reader else NEVER_DATED
