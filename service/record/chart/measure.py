"""Measure: numbers recorded for a patient, and which of them is the newest that may be used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from math import floor
from operator import itemgetter
from typing import Any

from msgspec import Struct

from service.finding import Evidence
from service.knowledge.model import FactSource
from service.note import Note, NoteCode, joined, of_entry
from service.record.chart.code_match import CodeMatch
from service.record.chart.dating import EffectivePeriod
from service.record.chart.index import Chart
from service.record.chart.window import FUTURE, Timing, is_future, timing, within
from service.record.values.code_sets import LOINC_LINK
from service.record.values.concept import as_objects
from service.record.values.dates import When
from service.record.values.interval import Interval
from service.record.values.statuses import Counts
from service.record.values.units import Reading, Refused, is_plausible, read_value, substance_of

BY_TEXT = Note(NoteCode.BY_TEXT)
PRELIMINARY = frozenset({NoteCode.PRELIMINARY_VALUE, NoteCode.PRELIMINARY_VALUE_UNDATED})
"""The notes of values that are not used because they are not final."""
_SURELY_OLDER = 2
"""Days by which one calendar day must lie before another to be before it in every zone."""
_NO_DATE_GIVEN = Note(NoteCode.DATE_NOT_GIVEN)
_NOT_EXACT = Note(NoteCode.INEXACT_DATE)
_IMPLAUSIBLE = Note(NoteCode.IMPLAUSIBLE)


class Measurement(Struct, frozen=True):
    """One number with its date. ``inside`` tells whether it lies in the look-back (None: cannot be known)."""

    number: Interval
    when: When | None
    inside: bool | None
    evidence: Evidence

    @property
    def text(self) -> str:
        """The value and date in words."""
        return f"{self.evidence.text} on {self.evidence.date}" if self.when else f"{self.evidence.text}, undated"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What numbers are asked for."""

    sources: tuple[FactSource, ...]
    unit: str
    look_back_days: Decimal | None = None
    plausible: tuple[Decimal, Decimal] | None = None


class Measurements(Struct):
    """What was found: final values, values that are not final yet, and when and why others were passed over."""

    final: list[Measurement]
    preliminary: list[Measurement]
    passed_over: list[tuple[When | None, Note]]

    @property
    def notes(self) -> list[Note | None]:
        """Why the others were passed over."""
        return [why for _, why in self.passed_over]

    def newer(self, used: When | None) -> list[Note]:
        """What is newer than what was used, or may be, and could not be: named, never used (decision 5).

        Without ``used`` everything that may lie in the look-back.
        """
        found = [
            _preliminary(one)
            for one in self.preliminary
            if one.inside is not False and (used is None or one.when is None or one.when.last > used.last)
        ]
        found += [why for when, why in self.passed_over if used is None or when is None or when.last > used.last]
        return found if used is None else [*found, *self.undated()]

    def undated(self) -> list[Note]:
        """Final values of which nobody can tell how old they are, where that matters: no date, or only a month."""
        if all(one.when is not None and one.inside is not None for one in self.final):
            return []
        undated = [one.evidence for one in self.final if one.when is None]
        notes = [(Note(NoteCode.UNDATED_VALUE, words=one.text), no_date_given(one)) for one in undated]
        inexact = [one for one in self.final if one.when is not None and one.inside is None]
        notes += [
            (Note(NoteCode.VALUE_NOT_USED, words=one.text), of_entry(one.evidence.resource, _NOT_EXACT))
            for one in inexact
        ]
        return [note for pair in notes for note in pair]


def _preliminary(one: Measurement) -> Note:
    if one.when is None:
        return Note(NoteCode.PRELIMINARY_VALUE_UNDATED, words=one.evidence.text)
    return Note(NoteCode.PRELIMINARY_VALUE, words=one.evidence.text, date=one.evidence.date)


def no_date_given(evidence: Evidence) -> Note:
    """That an entry has no date where one is needed."""
    return of_entry(evidence.resource, _NO_DATE_GIVEN)


def measurements(wanted: Wanted, chart: Chart) -> Measurements:
    """The readable numbers the sources name, as far as they may be the newest or are to be named beside it.

    Those dated in the future are left out, of those that are far too old only the newest is read, to be named. Final
    numbers that are surely older than one that can be used are not read at all: nobody asks for them.
    """
    return _measured(wanted, chart, every=False)


def all_measurements(wanted: Wanted, chart: Chart) -> Measurements:
    """The same with every final number of the look-back, also those that newer ones have overtaken."""
    return _measured(wanted, chart, every=True)


def _measured(wanted: Wanted, chart: Chart, *, every: bool) -> Measurements:
    found = Measurements([], [], [])
    too_old = _too_old(wanted, chart)
    for source in wanted.sources:
        read = partial(_add, found, source=source, wanted=wanted, substance=substance_of(source.codes), chart=chart)
        may_be_passed_over = not every and _is_plain(source)
        old, dated = [], []
        for code_match in chart.matches(source.resource, source.codes):
            period = code_match.effective_period
            # Its date is looked at first, for most results of a long record are old.
            if too_old is not None and _is_before(period, too_old):
                old.append(code_match)
            elif code_match.status_class.counts is not Counts.NEVER:
                may_wait = may_be_passed_over and not code_match.status_class.provisional
                if may_wait and (day := _exact_day(period)) is not None:
                    dated.append((day, code_match))
                else:
                    read(code_match)
        _read_newest(dated, found, read)
        if old and not found.final:
            for code_match in sorted(old, key=_age, reverse=True):
                if code_match.status_class.counts is not Counts.NEVER:
                    read(code_match)
                if found.final:
                    break
    return found


def _read_newest(dated: list[tuple[date, CodeMatch]], found: Measurements, read: Callable[[CodeMatch], None]) -> None:
    """Read exactly dated final results, the newest first, until one can be used and the rest is surely older."""
    dated.sort(key=itemgetter(0), reverse=True)
    used: date | None = None
    for day, code_match in dated:
        if used is not None and (used - day).days > _SURELY_OLDER:
            return
        before = len(found.final)
        read(code_match)
        if used is None and len(found.final) > before and found.final[-1].inside:
            used = day


def _is_plain(source: FactSource) -> bool:
    """Whether the look-back alone tells whether a result of a source counts, which an exact date always answers."""
    return source.within_days is None and not source.in_episode and not source.ended_by


def _exact_day(period: EffectivePeriod) -> date | None:
    """The day of a result with a date, to the day or with its time and zone; None if it is of a period that goes on."""
    when = period.last
    if when is None or period.open:
        return None
    is_exact = when.first == when.last if when.timed else when.first_day == when.last_day
    return when.last_day if is_exact else None


def _too_old(wanted: Wanted, chart: Chart) -> date | None:
    """The day before which a number is far too old: two days wider than the look-back, to be quick and sure.

    It spares reading years of old results.
    """
    if wanted.look_back_days is None:
        return None
    last_day = chart.now.date().toordinal()
    days = floor(wanted.look_back_days) + 2
    return date.fromordinal(last_day - days) if days < last_day else None


def _is_before(effective_period: EffectivePeriod, day: date) -> bool:
    """Whether what happened was surely over before a day."""
    when = effective_period.last
    return when is not None and when.last_day < day and not effective_period.open


def _age(code_match: CodeMatch) -> tuple[float, str]:
    when = code_match.effective_period.last
    return (when.last.timestamp() if when else 0.0, code_match.entry.reference)


def _add(
    found: Measurements,
    code_match: CodeMatch,
    *,
    source: FactSource,
    wanted: Wanted,
    substance: str | None,
    chart: Chart,
) -> None:
    reading = _reading(code_match, wanted, substance)
    where, when = code_match.entry.reference, code_match.effective_period.last
    if isinstance(reading, Refused):
        if "component" not in code_match.holder:  # else a panel: its values stand in the components
            found.passed_over.append((when, of_entry(where, reading.reason)))
            found.passed_over += [(when, Note(NoteCode.VALUE_NOT_USED, words=reading.text))] if reading.text else []
        return
    if wanted.plausible is not None and not is_plausible(reading, *wanted.plausible):
        found.passed_over.append((when, of_entry(where, _IMPLAUSIBLE)))
        return
    if when is not None and is_future(when, chart.now):
        found.passed_over.append((when, of_entry(where, FUTURE)))
        return
    measured = _timing(code_match, source, wanted, chart)
    text = BY_TEXT if code_match.by_text else None
    note = joined(code_match.status_class.note, reading.note, measured.note, text, *code_match.notes)
    evidence = Evidence(where, reading.text, when.text if when else None, note)
    (found.preliminary if code_match.status_class.provisional else found.final).append(
        Measurement(reading.interval, when, measured.inside, evidence)
    )


def _reading(code_match: CodeMatch, wanted: Wanted, substance: str | None) -> Reading | Refused:
    """The number as it is asked for; several facts ask for the same one."""
    asked = (wanted.unit, substance, wanted.plausible)
    known = code_match.readings.get(asked)
    if known is None:
        holder = _out_of_the_highest(_value_of(code_match, wanted.unit), wanted)
        known = code_match.readings[asked] = read_value(holder, wanted.unit, substance)
    return known


def _value_of(code_match: CodeMatch, unit: str) -> Mapping[str, Any]:
    """Where the number stands: in the Observation, or in the answer of a questionnaire item.

    An item that is known by a link id of ours asks for its number in the unit of the finding; a LOINC code does not.
    """
    if code_match.entry.type != "QuestionnaireResponse":
        return code_match.holder
    is_ours = not LOINC_LINK.fullmatch(str(code_match.holder.get("linkId")))
    for answer in as_objects(code_match.holder.get("answer")):
        for key in ("valueInteger", "valueDecimal"):
            if is_ours and answer.get(key) is not None:
                return {"valueQuantity": {"value": answer[key], "unit": unit}}
        return answer
    return {}


def _out_of_the_highest(holder: Mapping[str, Any], wanted: Wanted) -> Mapping[str, Any]:
    """A grade written as so many out of the highest possible ("1/5") without what it is out of."""
    said = holder.get("valueString")
    if wanted.plausible is None or not isinstance(said, str):
        return holder
    grade, _, highest = said.partition("/")
    is_ours = highest.strip() == str(wanted.plausible[1]) and highest.strip() not in _READ_WITH_THE_UNITS
    return {"valueString": grade} if is_ours else holder


_READ_WITH_THE_UNITS = frozenset({"10", "50", "100"})


def _timing(code_match: CodeMatch, source: FactSource, wanted: Wanted, chart: Chart) -> Timing:
    found = timing(code_match, source, chart)
    if wanted.look_back_days is None or found.inside is False:
        return found
    back = within(code_match.effective_period, wanted.look_back_days, chart.now)
    # Of two windows that one tells which does not hold it, or of which it cannot be known.
    return back if back.inside is False or (back.inside is None and found.inside) else found


def candidates(found: Iterable[Measurement], *, same_day: bool) -> list[Measurement]:
    """The measurements that may be the newest; with ``same_day`` all of the newest calendar day."""
    dated = [one for one in found if one.when is not None]
    if not dated:
        return []
    first = max(one.when.first for one in dated if one.when)
    first_day = max(one.when.first_day for one in dated if one.when)

    def may_be_newest(when: When | None) -> bool:
        if when is None:
            return False
        if same_day or not when.timed:
            return when.last_day >= first_day
        return when.last >= first

    return [one for one in dated if may_be_newest(one.when)]


def newest(found: Sequence[Measurement], *, prefer: str | None, look_back: bool) -> list[Measurement]:
    """The newest usable measurement; several when their order cannot be known and no preference is given.

    An undated one is used only when nothing dated exists and no look-back is asked for.
    """
    usable = [one for one in found if one.inside is not False and one.when is not None]
    if not any(one.inside for one in usable):
        undated = [one for one in found if one.when is None]
        return [] if look_back or usable else preferred(undated, prefer)
    if len(usable) == 1:
        return usable
    return preferred(candidates(usable, same_day=prefer is not None), prefer)


def preferred(tied: Sequence[Measurement], prefer: str | None) -> list[Measurement]:
    """Of several that may all be the newest, the one the fact prefers; without a preference all of them."""
    if not tied or prefer is None:
        return list(tied)
    choose = min if prefer == "lowest" else max

    def key(one: Measurement) -> tuple[Decimal, Decimal, float, str]:
        low = one.number.low if one.number.low is not None else Decimal("-Infinity")
        high = one.number.high if one.number.high is not None else Decimal("Infinity")
        ends = (low, high) if prefer == "lowest" else (high, low)
        seconds = one.when.last.timestamp() if one.when else 0.0
        return (*ends, seconds, one.evidence.resource)

    return [choose(tied, key=key)]
