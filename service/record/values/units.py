"""Units: a recorded value in the unit a fact asks for, exactly, or refused. Never guessed.

Spellings and factors are those of terminology.md section 6 and stand in ``unit_table.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation, localcontext
from functools import lru_cache
from typing import Any

from service.note import Note, NoteCode
from service.record.values.code_systems import LOINC
from service.record.values.concept import codings, wordings
from service.record.values.interval import Interval
from service.record.values.tidy import tidied
from service.record.values.unit_table import (
    CASE_MATTERS,
    IMPLIED_UNIT,
    MONOVALENT,
    PER_MOLE,
    SCORES,
    SPELLINGS,
    SUBSTANCES,
    UNITS,
)

_JUST = Decimal("0.000001")
"""How far inside an excluded bound a value is taken to lie: "<30" is at most 29.999999, so it is not "30 or more"."""
_LONGEST = 40
_BEYOND_ANY_MEASURE = Decimal("1e12")
"""No number of a chart is as large. Rounding keeps twelve places, which larger numbers have no room for."""
_OSWESTRY_POINTS = 50
_HBA1C_HIGHEST_PERCENT = Decimal(20)
_FREEZING_F = Decimal(32)
_KELVIN = Decimal("273.15")
_PERHAPS_THOUSANDS = re.compile(r"[1-9]\d{0,2}\.\d{3}")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_TEXT = re.compile(
    r"(?P<comparator><=|>=|=<|=>|<|>|≤|≥|=)?\s*(?P<value>\d{1,9}(?:\.\d{1,9})?)"
    r"(?:\s*/\s*(?P<out_of>10|50|100)(?![\w.])|\s*(?:-|\u2013|to)\s*(?P<high>\d{1,9}(?:\.\d{1,9})?))?\s*(?P<unit>[^\d\s].*|)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A value in the unit that was asked for. ``text`` is the value as recorded, with its unit."""

    low: Decimal | None
    high: Decimal | None
    unit: str
    text: str
    note: Note | None = None

    @property
    def interval(self) -> Interval:
        """The number as an interval of the unit asked for."""
        return Interval(self.low, self.high)


@dataclass(frozen=True, slots=True)
class Refused:
    """A value that cannot be used, and why ("unit not given"); of one with a wrong unit or none also its words."""

    reason: Note
    text: str = ""


@dataclass(frozen=True, slots=True)
class _Raw:
    """A value as recorded, before its unit is looked at."""

    interval: Interval
    unit: str | None
    text: str
    note: Note | None = None


def decimal(value: object) -> Decimal | None:
    """A JSON number (or a string holding one) as the exact Decimal that was written; None for all else.

    A number of a size that nothing has in a chart is as good as none. So is a text such as "1.600": some write the
    point where others write a comma, so that it may be a thousand times more.
    """
    if type(value) is float or type(value) is int:
        return _decimal(repr(value))
    if isinstance(value, bool) or not isinstance(value, str | Decimal):
        return None
    if isinstance(value, str) and _PERHAPS_THOUSANDS.fullmatch(value.strip()):
        return None
    return _decimal(str(value).strip())


def _decimal(text: str) -> Decimal | None:
    return _read_number(text) if len(text) <= _LONGEST else None


@lru_cache(maxsize=4096)
def _read_number(text: str) -> Decimal | None:
    if not _NUMBER.fullmatch(text):
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if abs(number) < _BEYOND_ANY_MEASURE else None


@lru_cache(maxsize=1024)
def _canonical(written: str) -> str | None:
    unit = written.strip()
    if unit in CASE_MATTERS:
        return CASE_MATTERS[unit] or None
    if unit in UNITS:
        return unit
    return SPELLINGS.get(" ".join(unit.lower().split())) or SPELLINGS.get("".join(unit.lower().split()))


def canonical(unit: object) -> str | None:
    """The UCUM code for a unit as written (``mmHg`` -> ``mm[Hg]``); None when it is not known.

    All spellings of a plain number (``{score}``, ``{INR}``, ``points``) give ``1``.
    """
    return _canonical(unit) if isinstance(unit, str) else None


def convert(value: Decimal, unit: str, to: str, substance: str | None = None) -> Decimal | None:
    """The value in another unit; None when no conversion is known. Both units are UCUM codes.

    ``substance`` (see ``substance_of``) is needed wherever moles, equivalents or HbA1c are involved.
    """
    source, target = canonical(unit), canonical(to)
    if source is None or target is None:
        return None
    if source == target:
        return value
    with localcontext(prec=40):
        return _converted(value, source, target, substance)


def _converted(value: Decimal, source: str, target: str, substance: str | None) -> Decimal | None:
    here, there = UNITS[source], UNITS[target]
    if here.dimension == there.dimension:
        if here.dimension == "temperature":
            return _tidy(_temperature(value, source, target))
        return _tidy(value * here.factor / there.factor)
    dimensions = (here.dimension, there.dimension)
    if substance == "hba1c" and dimensions == ("moles per mole", "share"):
        return _tidy(Decimal("0.0915") * value + Decimal("2.15"))
    if substance in MONOVALENT and set(dimensions) == {"moles per volume", "equivalents per volume"}:
        return _tidy(value * here.factor / there.factor)
    per_mole = PER_MOLE.get(substance or "")
    if per_mole is None:
        return None
    if dimensions == ("moles per volume", "mass per volume"):
        return _tidy(value * here.factor * per_mole / there.factor)
    if dimensions == ("mass per volume", "moles per volume"):
        return _tidy(value * here.factor / per_mole / there.factor)
    return None


def _temperature(value: Decimal, source: str, target: str) -> Decimal:
    celsius = value
    if source == "[degF]":
        celsius = (value - _FREEZING_F) * 5 / 9
    elif source == "K":
        celsius = value - _KELVIN
    if target == "[degF]":
        return celsius * 9 / 5 + _FREEZING_F
    return celsius + _KELVIN if target == "K" else celsius


def _tidy(value: Decimal) -> Decimal:
    """Cut what division adds far behind the point, so that 100.4 degF is 38 Cel and not nearly so."""
    return round(value, 12).normalize() + 0


def substance_of(value_sets: Iterable[str]) -> str | None:
    """The substance that observations of these value sets measure (``obs-creatinine`` -> ``creatinine``)."""
    found = {SUBSTANCES[name] for name in value_sets if name in SUBSTANCES}
    return found.pop() if len(found) == 1 else None


def read_value(holder: Mapping[str, Any], unit: str, substance: str | None = None) -> Reading | Refused:
    """The value of an Observation (or of one of its components) in ``unit``.

    Reads valueQuantity, valueInteger, valueRange, valueString (">60", "7/10", "5.4 %"). A comparator makes an
    interval open on one side. No value, an unknown unit, or a unit that does not convert is refused.
    """
    quantity = holder.get("valueQuantity")
    if type(quantity) is dict and "comparator" not in quantity:
        value, shown, code = quantity.get("value"), quantity.get("unit"), quantity.get("code")
        is_number = type(value) is float or type(value) is int
        if is_number and type(shown) is str and type(code) is str and len(shown) + len(code) < _LONGEST:
            # Written out, so that 5 and 5.0 stay two.
            return _read_plainly(repr(value), shown, code, unit, substance)
    return _read_anew(holder, unit, substance)


@lru_cache(maxsize=4096)
def _read_plainly(value: str, shown: str, code: str, unit: str, substance: str | None) -> Reading | Refused:
    """The same of a number with its unit and nothing beside it, which charts repeat."""
    return _read_anew({"valueQuantity": {"value": Decimal(value), "unit": shown, "code": code}}, unit, substance)


def _read_anew(holder: Mapping[str, Any], unit: str, substance: str | None) -> Reading | Refused:
    raw = _raw(holder)
    return raw if isinstance(raw, Refused) else _in_unit(raw, unit, substance)


def is_number(holder: Mapping[str, Any]) -> bool:
    """Whether the value of an Observation, or of a component, is a number, in whatever unit."""
    return not isinstance(_raw(holder), Refused)


def _raw(holder: Mapping[str, Any]) -> _Raw | Refused:
    quantity = holder.get("valueQuantity")
    if isinstance(quantity, dict):
        return _raw_quantity(quantity)
    for key in ("valueInteger", "valueDecimal"):
        number = decimal(holder.get(key))
        if number is not None:
            return _Raw(Interval.exactly(number), None, str(number))
    if isinstance(holder.get("valueRange"), Mapping):
        return _raw_range(holder["valueRange"])
    if isinstance(holder.get("valueString"), str):
        return _raw_text(tidied(holder["valueString"]))
    for key in ("valueCodeableConcept", "valueCoding"):
        if (rated := _raw_answer(holder.get(key))) is not None:
            return rated
    has_value = any(key.startswith("value") for key in holder)
    return Refused(Note(NoteCode.NOT_A_NUMBER if has_value else NoteCode.VALUE_ABSENT))


def _raw_answer(chosen: object) -> _Raw | None:
    """The number of a numeric rating, whose answer is a code with the number as its words."""
    for text in wordings(chosen):
        if not isinstance(read := _raw_text(text), Refused):
            return read
    for coding in codings(chosen):
        number = _RATED.get(coding.code) if coding.system == LOINC else None
        if number is not None:
            return _Raw(Interval.exactly(number), None, str(number))
    return None


_RATED: Mapping[str, Decimal] = {
    code: Decimal(number)
    for number, code in enumerate(
        [
            *("LA6111-4", "LA6112-2", "LA6113-0", "LA6114-8", "LA6115-5", "LA10137-0"),
            *("LA10138-8", "LA10139-6", "LA10140-4", "LA10141-2", "LA13942-0"),
        ]
    )
}
"""The answers 0 to 10 of LOINC's list for a numeric rating, which need no words."""


def _raw_quantity(quantity: Mapping[str, Any]) -> _Raw | Refused:
    value = decimal(quantity.get("value"))
    if value is None:
        return Refused(Note(NoteCode.VALUE_NOT_GIVEN if quantity.get("value") is None else NoteCode.NOT_A_NUMBER))
    comparator = quantity.get("comparator")
    shown = quantity.get("unit") or quantity.get("code") or ""
    text = f"{comparator or ''}{value} {shown}".strip()
    unit = _unit_of(quantity)
    if isinstance(unit, Refused):
        return Refused(unit.reason, text)
    if comparator is None:
        return _Raw(Interval.exactly(value), unit, text)
    interval = _compared(str(comparator), value)
    return Refused(Note(NoteCode.COMPARATOR_NOT_UNDERSTOOD)) if interval is None else _Raw(interval, unit, text)


def _compared(comparator: str, value: Decimal) -> Interval | None:
    match comparator:
        case "<":
            return Interval(None, value - _JUST)
        case "<=" | "=<" | "≤":
            return Interval(None, value)
        case ">":
            return Interval(value + _JUST, None)
        case ">=" | "=>" | "≥":
            return Interval(value, None)
        case "=" | "":
            return Interval.exactly(value)
    return None


def _unit_of(quantity: Mapping[str, Any]) -> str | Refused | None:
    """The code, else the unit as text. Two that disagree are refused, and so is one that is not known."""
    code, text = quantity.get("code"), quantity.get("unit")
    by_code, by_text = canonical(code), canonical(text)
    if by_code and by_text and by_code != by_text and not _equal(by_code, by_text):
        return Refused(Note(NoteCode.UNITS_DISAGREE))
    if by_code or by_text:
        return by_code or by_text
    return None if not code and not text else Refused(Note(NoteCode.UNIT_NOT_KNOWN))


def _equal(one: str, other: str) -> bool:
    # A percent sign is often written for a score, and the clearance for the filtration rate: not a contradiction.
    return UNITS[one] == UNITS[other] or {one, other} in ({"1", "%"}, {"mL/min", "mL/min/{1.73_m2}"})


def _raw_range(value: Mapping[str, Any]) -> _Raw | Refused:
    ends = [value.get(key) for key in ("low", "high")]
    numbers = [decimal(end.get("value")) if isinstance(end, dict) else None for end in ends]
    units = {_unit_of(end) for end in ends if isinstance(end, dict)}
    low, high = numbers
    if (low is None and high is None) or len(units) != 1 or (low is not None and high is not None and low > high):
        return Refused(Note(NoteCode.RANGE_NOT_UNDERSTOOD))
    unit = units.pop()
    if isinstance(unit, Refused):
        return unit
    return _Raw(Interval(low, high), unit, f"{low if low is not None else ''}-{high if high is not None else ''}")


def _raw_text(text: str) -> _Raw | Refused:
    found = _TEXT.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if found is None:
        return Refused(Note(NoteCode.TEXT_NOT_A_NUMBER))
    interval = _compared(found["comparator"] or "", Decimal(found["value"]))
    if interval is None:
        return Refused(Note(NoteCode.COMPARATOR_NOT_UNDERSTOOD))
    if found["high"]:
        if found["comparator"] or Decimal(found["high"]) < Decimal(found["value"]):
            return Refused(Note(NoteCode.RANGE_NOT_UNDERSTOOD))
        interval = Interval(interval.low, Decimal(found["high"]))
    unit = canonical(found["unit"]) if found["unit"] else None
    if found["unit"] and unit is None:
        return Refused(Note(NoteCode.UNIT_NOT_KNOWN), text.strip())
    note = Note(NoteCode.OUT_OF, number=int(found["out_of"])) if found["out_of"] else None
    return _Raw(interval, unit or ("1" if note else None), text.strip(), note)


def _in_unit(raw: _Raw, unit: str, substance: str | None) -> Reading | Refused:
    wanted = "1" if unit in SCORES else canonical(unit)
    if wanted is None:
        return Refused(Note(NoteCode.UNIT_ASKED_NOT_KNOWN))
    written, note = raw.unit, raw.note
    if substance == "odi" and written in {None, "1"}:
        return _oswestry(raw, unit)
    if written is None:
        written = IMPLIED_UNIT.get(substance or "") or ("1" if wanted == "1" else None)
        if written is None:
            return Refused(Note(NoteCode.UNIT_NOT_GIVEN), raw.text)
        if wanted != "1":
            note = Note(NoteCode.UNIT_TAKEN)
    elif substance == "egfr" and written == "mL/min":
        # The codes of this value set all mean "per 1.73 square metres"; laboratories often leave that out of the unit.
        written, note = "mL/min/{1.73_m2}", Note(NoteCode.UNIT_ML_PER_MIN)
    if (
        substance == "hba1c"
        and written == "%"
        and any(end is not None and end > _HBA1C_HIGHEST_PERCENT for end in (raw.interval.low, raw.interval.high))
    ):
        return Refused(Note(NoteCode.HBA1C_TOO_HIGH))
    ends = [
        None if end is None else convert(end, written, wanted, substance)
        for end in (raw.interval.low, raw.interval.high)
    ]
    if ends == [None, None]:
        return Refused(Note(NoteCode.UNIT_DOES_NOT_CONVERT), raw.text)
    return Reading(ends[0], ends[1], unit, raw.text, note)


def _oswestry(raw: _Raw, unit: str) -> Reading | Refused:
    """A plain number of the Oswestry index: 0 to 50 points or the percentage that is twice as much.

    Above 50 it can only be the percentage, and 0 is 0; else only what it is out of tells (terminology.md 4).
    """
    low, high = raw.interval.low, raw.interval.high
    out_of = raw.note.number if raw.note is not None else None
    if out_of == _OSWESTRY_POINTS:
        low, high = (None if end is None else end * 2 for end in (low, high))
        return Reading(low, high, unit, raw.text, raw.note)
    is_percent = out_of == 2 * _OSWESTRY_POINTS or (low is not None and (low > _OSWESTRY_POINTS or low == high == 0))
    if not is_percent:
        return Refused(Note(NoteCode.UNIT_NOT_GIVEN), raw.text)
    return Reading(low, high, unit, raw.text, raw.note)


def is_plausible(reading: Reading, lowest: Decimal, highest: Decimal) -> bool:
    """Whether the value could lie in the range (both included)."""
    return reading.interval.overlaps(lowest, highest)
