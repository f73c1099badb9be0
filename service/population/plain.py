"""Plain entries: those about which the gate can say nothing, told by a partial decode.

Most entries of most charts are plain results and visits. What the gate makes of an entry depends on its statuses and
codes, and, for whether it can be read at all, on the shape of its dates and numbers. So the gate is asked once about
each different choice of statuses and codes, with a plain date and number, and an entry of the same choice whose dates
and numbers are plain too needs no more. Whatever else stands in an entry makes it one that is read whole.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from enum import IntEnum
from typing import Any

import msgspec

from service.bounded import Bounded
from service.errors import RequestError
from service.population.entries import (
    NOTHING,
    TYPE_OF,
    Entry,
    Other,
    Patient,
    Plainable,
    Quantity,
    decode_line,
    hold_all,
)
from service.population.texts import parsed
from service.record.kinds.patient import SEX_FOR_CLINICAL_USE

Json = dict[str, Any]
_MOST_STORED = 50_000
_DAY, _MINUTE, _SECOND = 10, 16, 19
"""Where the parts of a date end: the day, the time to the minute and to the second; behind them stands the zone."""
_CUT_SHORT = frozenset({_MINUTE, _SECOND})
"""As long is a time without seconds or without a zone. What is as short as a day has neither."""
_DAYS = re.compile(r"(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}").fullmatch
_MINUTES = re.compile(r"(?:T(?:[01][0-9]|2[0-3]):[0-5][0-9])?").fullmatch
_SECONDS = re.compile(r"(?::[0-5][0-9])?").fullmatch
_ZONES = re.compile(r"(?:(?:\.[0-9]{1,9})?(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]))?").fullmatch
_SOME_DATE, _SOME_NUMBER = "2020-01-02", 1.0
_LARGEST = 1e9
_decode_numbers = msgspec.json.Decoder(list[float]).decode
_SEX = tuple(url.encode() for url in SEX_FOR_CLINICAL_USE)


class Says(IntEnum):
    """What an entry says for the gate. Of several entries the one that says most counts."""

    NOTHING, UNKNOWN, SOMETHING = range(3)


class _Known(msgspec.Struct):
    """One choice of statuses and codes: whether it says something, and how often it was met since that was asked."""

    says: Says
    type: str
    code: bytes
    met: int = 0


class PlainEntries:
    """Tells plain entries, and counts their codes on the way.

    ``says_nothing`` asks the gate about one resource alone; without it nothing is known of any. ``types`` are those
    that the gate reads.
    """

    def __init__(self, says_nothing: Callable[[Any], bool] | None, types: frozenset[str]) -> None:
        self._says_nothing = says_nothing
        self._types = types
        self._known: Bounded[tuple[object, ...], _Known] = Bounded(_MOST_STORED)
        self._dates = PlainDates()
        self._met: list[_Known] = []

    def of_text(self, text: bytes, key: str) -> Says:
        """What an entry about this patient says, given as UTF-8; what is about another is not plain."""
        try:
            entry = decode_line(text)
        except msgspec.DecodeError:
            return Says.UNKNOWN
        is_own = isinstance(entry, Plainable) and entry.about() in {f"Patient/{key}", f"urn:uuid:{key}"}
        return self.of([entry]) if is_own and hold_all([entry], text) else Says.UNKNOWN

    def of(self, entries: Sequence[Entry], *, again: bool = False) -> Says:
        """What entries of one class say together, of which a part was read; ``again``: their codes were counted."""
        return self.of_all((entries,), again=again)

    def of_all(self, groups: Collection[Sequence[Entry]], *, again: bool = False) -> Says:
        """The same of some groups of entries, each of one class."""
        says = max([self._of_choices(entries, again=again) for entries in groups], default=Says.NOTHING)
        return says if says or self._are_plain(groups) else Says.UNKNOWN

    def _of_choices(self, entries: Sequence[Entry], *, again: bool) -> Says:
        """What entries of one class say by their statuses and codes."""
        says = Says.NOTHING
        kind = type(entries[0])
        choices = kind.choices(entries)
        for choice, times in Counter(choices).items():
            known = self._known.get(choice)
            if known is None:
                known = self._known[choice] = self._learned(entries[choices.index(choice)])
            if not again:
                if not known.met:
                    self._met.append(known)
                known.met += times
            says = max(says, known.says)
        return says

    def _are_plain(self, groups: Iterable[Sequence[Entry]]) -> bool:
        """Whether all dates and numbers are such that nothing of them is left to interpretation."""
        dates, numbers = set[str | None](), list[msgspec.Raw]()
        for entries in groups:
            kind = type(entries[0])
            dates |= kind.dates(entries)
            numbers += kind.numbers(entries)
        return self._dates.are_plain(dates) and _are_plain_numbers(numbers)

    def person_of(self, patient: Patient) -> bytes | None:
        """What of a Patient its age and sex are read from, as a resource; None where it must be read whole."""
        return _person_of(patient) if self._dates.are_plain({patient.birthDate, patient.deceasedDateTime}) else None

    def _learned(self, entry: Entry) -> _Known:
        """What the gate makes of all entries of a choice: of one with a plain date and number."""
        type_ = TYPE_OF[type(entry)]
        says = Says.NOTHING
        if self._says_nothing is None:
            says = Says.UNKNOWN
        elif type_ in self._types and isinstance(entry, Plainable):
            says = self._asked(entry, type_)
        elif (type_ in self._types and not isinstance(entry, Patient)) or _holds_others(entry):
            says = Says.UNKNOWN
        return _Known(says, type_, entry.coded())

    def _asked(self, entry: Plainable, type_: str) -> Says:
        assert self._says_nothing is not None
        try:
            example = _example(entry, type_)
        except RequestError:
            return Says.UNKNOWN
        return Says.NOTHING if self._says_nothing(example) else Says.SOMETHING

    def met(self) -> Iterator[tuple[str, bytes, int]]:
        """The types and codes of the entries met since this was asked last, each with its number."""
        for known in self._met:
            yield known.type, known.code, known.met
            known.met = 0
        self._met.clear()


def _holds_others(entry: Entry) -> bool:
    return isinstance(entry, Other) and entry.holds_others


_IGNORED = frozenset({"id", "meta", "text", "identifier", "encounter", "extension", "note", "subject"})


def _example(entry: Plainable, type_: str) -> Json:
    """An entry of the same choice, with plain dates and numbers."""
    dates = {one for one in type(entry).dates([entry]) if one is not None}
    elements = {name: value for name, value in _set_fields(entry) if name not in _IGNORED}
    resource = {name: _json(value, dates) for name, value in elements.items()}
    return {"resourceType": type_, "subject": {"reference": "Patient/somebody"}} | resource


def _set_fields(part: msgspec.Struct) -> Iterator[tuple[str, Any]]:
    """The elements that are there, by their names in FHIR."""
    for name, attribute in zip(part.__struct_encode_fields__, part.__struct_fields__, strict=True):
        value = getattr(part, attribute)
        if value is not NOTHING and value is not None and value != []:
            yield name, value


def _json(value: Any, dates: set[str]) -> Any:
    if isinstance(value, msgspec.Raw):
        return parsed(bytes(value))
    if isinstance(value, Quantity):
        return dict(_set_fields(value)) | {"value": _SOME_NUMBER}
    if isinstance(value, msgspec.Struct):
        return {name: _json(part, dates) for name, part in _set_fields(value)}
    if isinstance(value, list):
        return [_json(part, dates) for part in value]
    return _SOME_DATE if isinstance(value, str) and value in dates else value


def _are_plain_numbers(written: list[msgspec.Raw]) -> bool:
    """Whether all are numbers, none of them beyond measure."""
    if not written:
        return True
    try:
        numbers = _decode_numbers(b"[%s]" % b",".join(written))
    except msgspec.DecodeError:
        return False
    return min(numbers) >= -_LARGEST and max(numbers) <= _LARGEST


class PlainDates:
    """Tells dates of which nothing is left to interpretation: a day, or a second with its zone, of our times.

    Of many dates each part is looked at once: there are few days, minutes, seconds and zones.
    """

    def __init__(self) -> None:
        self._known = tuple((is_part, set[str]()) for is_part in (_is_day, _MINUTES, _SECONDS, _ZONES))

    def are_plain(self, given: AbstractSet[str | None]) -> bool:
        """Whether all of some dates are plain; None is one that is not there."""
        dates = {one for one in given if one is not None}
        if not _CUT_SHORT.isdisjoint(map(len, dates)):
            return False
        # What is done and recorded together has its time of day in common.
        times = {one[_DAY:] for one in dates}
        parts = (
            {one[:_DAY] for one in dates},
            {one[: _MINUTE - _DAY] for one in times},
            {one[_MINUTE - _DAY : _SECOND - _DAY] for one in times},
            {one[_SECOND - _DAY :] for one in times},
        )
        for found, (is_part, known) in zip(parts, self._known, strict=True):
            if found <= known:
                continue
            if not all(map(is_part, found)):
                return False
            if len(known) > _MOST_STORED:
                known.clear()
            known.update(found)
        return True


def _is_day(text: str) -> bool:
    """Whether there is such a day, in a year in which people live."""
    if not _DAYS(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _person_of(patient: Patient) -> bytes:
    said = [one for one in patient.extension if b"\\" in (text := bytes(one)) or any(url in text for url in _SEX)]
    elements: Json = {"resourceType": "Patient"}
    for name in ("birthDate", "gender", "deceasedBoolean"):
        value = getattr(patient, name)
        if value is not NOTHING and value is not None:
            elements[name] = value
    return msgspec.json.encode(elements | {"extension": said} if said else elements)
