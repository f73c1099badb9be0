"""Plain entries: those about which the gate can say nothing, told by a partial decode.

Most entries of most charts are plain results and visits. What the gate makes of an entry depends on its statuses and
codes, and, for whether it can be read at all, on the shape of its dates and numbers. So the gate is asked once about
each different choice of statuses and codes, with a plain date and number, and an entry of the same choice whose dates
and numbers are plain too needs no more. Whatever else stands in an entry makes it one that is read whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Literal

import msgspec
import msgspec.structs
import orjson

from service.bounded import Bounded

Json = dict[str, Any]
_MOST_KEPT = 50_000
_DAY = 10
_DATE = re.compile(
    r"(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}"
    r"(?:T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]))?"
)


class _Strict(msgspec.Struct, forbid_unknown_fields=True):
    """What has an element that is not named here is not plain."""


class _Reference(_Strict):
    reference: str = ""
    display: str = ""
    type: str = ""


class _Quantity(_Strict):
    value: float
    unit: str = ""
    system: str = ""
    code: str = ""


class _Period(_Strict):
    start: str = ""
    end: str = ""


class _Component(_Strict):
    code: msgspec.Raw
    valueQuantity: _Quantity | None = None  # noqa: N815  # names as FHIR spells them, here and below
    valueCodeableConcept: msgspec.Raw = msgspec.Raw()  # noqa: N815


class _Observation(_Strict):
    resourceType: Literal["Observation"]  # noqa: N815
    status: msgspec.Raw
    code: msgspec.Raw
    subject: _Reference
    id: str = ""
    meta: dict[str, msgspec.Raw] | None = None
    text: msgspec.Raw = msgspec.Raw()
    identifier: msgspec.Raw = msgspec.Raw()
    category: msgspec.Raw = msgspec.Raw()
    encounter: msgspec.Raw = msgspec.Raw()
    performer: msgspec.Raw = msgspec.Raw()
    effectiveDateTime: str = ""  # noqa: N815
    issued: str = ""
    valueQuantity: _Quantity | None = None  # noqa: N815
    valueCodeableConcept: msgspec.Raw = msgspec.Raw()  # noqa: N815
    valueString: msgspec.Raw = msgspec.Raw()  # noqa: N815
    component: list[_Component] = []

    def choice(self) -> tuple[bytes, ...]:
        parts = [bytes(self.status), bytes(self.code), bytes(self.category), bytes(self.valueCodeableConcept)]
        parts += [bytes(self.valueString), b"1" if self.valueQuantity is not None else b""]
        for one in self.component:
            parts += [bytes(one.code), bytes(one.valueCodeableConcept), b"1" if one.valueQuantity is not None else b""]
        return tuple(parts)

    def dates(self) -> tuple[str, ...]:
        return self.effectiveDateTime, self.issued


class _Encounter(_Strict, rename={"class_": "class"}):
    resourceType: Literal["Encounter"]  # noqa: N815
    status: msgspec.Raw
    subject: _Reference
    id: str = ""
    meta: dict[str, msgspec.Raw] | None = None
    text: msgspec.Raw = msgspec.Raw()
    identifier: msgspec.Raw = msgspec.Raw()
    class_: msgspec.Raw = msgspec.Raw()
    type: msgspec.Raw = msgspec.Raw()
    reasonCode: msgspec.Raw = msgspec.Raw()  # noqa: N815
    participant: msgspec.Raw = msgspec.Raw()
    period: _Period | None = None
    serviceProvider: msgspec.Raw = msgspec.Raw()  # noqa: N815
    location: msgspec.Raw = msgspec.Raw()

    def choice(self) -> tuple[bytes, ...]:
        return bytes(self.status), bytes(self.class_), bytes(self.type), bytes(self.reasonCode)

    def dates(self) -> tuple[str, ...]:
        return () if self.period is None else (self.period.start, self.period.end)


class _Condition(_Strict):
    resourceType: Literal["Condition"]  # noqa: N815
    code: msgspec.Raw
    subject: _Reference
    id: str = ""
    meta: dict[str, msgspec.Raw] | None = None
    text: msgspec.Raw = msgspec.Raw()
    identifier: msgspec.Raw = msgspec.Raw()
    clinicalStatus: msgspec.Raw = msgspec.Raw()  # noqa: N815
    verificationStatus: msgspec.Raw = msgspec.Raw()  # noqa: N815
    category: msgspec.Raw = msgspec.Raw()
    encounter: msgspec.Raw = msgspec.Raw()
    onsetDateTime: str = ""  # noqa: N815
    abatementDateTime: str = ""  # noqa: N815
    recordedDate: str = ""  # noqa: N815

    def choice(self) -> tuple[bytes, ...]:
        return bytes(self.clinicalStatus), bytes(self.verificationStatus), bytes(self.category), bytes(self.code)

    def dates(self) -> tuple[str, ...]:
        return self.onsetDateTime, self.abatementDateTime, self.recordedDate


_Plain = _Observation | _Encounter | _Condition
_DECODERS: dict[str, Callable[[bytes], _Plain]] = {
    "Observation": msgspec.json.Decoder(_Observation).decode,
    "Encounter": msgspec.json.Decoder(_Encounter).decode,
    "Condition": msgspec.json.Decoder(_Condition).decode,
}


class PlainEntries:
    """Tells plain entries. ``says_nothing`` asks the gate about one resource alone."""

    def __init__(self, says_nothing: Callable[[Any], bool]) -> None:
        self._says_nothing = says_nothing
        self._known: Bounded[tuple[bytes, ...], bool] = Bounded(_MOST_KEPT)
        self._dates: Bounded[str, bool] = Bounded(_MOST_KEPT)

    def is_plain(self, type_: str, text: bytes) -> bool:
        """Whether nothing can follow from an entry for the gate. False also where it cannot be told so quickly.

        ``text`` is UTF-8.
        """
        decode = _DECODERS.get(type_)
        if decode is None:
            return False
        try:
            entry = decode(text)
        except msgspec.DecodeError:
            return False
        for one in entry.dates():
            if not self._is_plain_date(one):
                return False
        choice = entry.choice()
        known = self._known.get(choice)
        if known is None:
            known = self._known[choice] = self._asked(entry)
        return known

    def _asked(self, entry: _Plain) -> bool:
        """What the gate makes of the entry, which is like all others of its choice."""
        return self._says_nothing({name: _json(value) for name, value in _given(entry)})

    def _is_plain_date(self, text: str) -> bool:
        known = self._dates.get(text)
        if known is None:
            known = self._dates[text] = not text or _is_plain_date(text)
        return known


def _given(entry: msgspec.Struct) -> Iterator[tuple[str, Any]]:
    """The elements that an entry has, by their names in FHIR."""
    for field in msgspec.structs.fields(entry):
        value = getattr(entry, field.name)
        if value not in ("", [], None) and bytes(value if isinstance(value, msgspec.Raw) else b"x"):
            yield field.encode_name, value


def _json(value: Any) -> Any:
    if isinstance(value, msgspec.Raw):
        return orjson.loads(bytes(value))
    if isinstance(value, msgspec.Struct):
        return {name: _json(part) for name, part in _given(value)}
    if isinstance(value, list):
        return [_json(part) for part in value]
    if isinstance(value, dict):
        return {name: _json(part) for name, part in value.items()}
    return value


def _is_plain_date(text: str) -> bool:
    """A day, or a second with its zone, of a year in which people live: nothing of it is left to interpretation."""
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text[:_DAY])
    except ValueError:
        return False
    return True
