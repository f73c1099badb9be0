"""Entries: resources read in part, in one step, by their type.

Of most resources only whose they are and what code they carry is read. Those types in which most entries of most charts
stand are read strictly: an element that is not named here is an error, and who wants to know what such an entry says
must read it whole. Named are the elements that nothing depends on, and those that ``choices``, ``dates`` and
``numbers`` give. What is read strictly keeps all of its text, so that ``hold_all`` can tell whether a key that stands
there twice was lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from keyword import iskeyword
from typing import Any, TypeVar, Union

import msgspec

from service.population.elements import ELEMENTS, OF_ALL
from service.population.keys import BUNDLE, UNUSED_TYPES
from service.record.input.reader import READ_TYPES

NOTHING = msgspec.Raw()
Choice = tuple[object, ...]


_together = b"\0".join
"""Elements as one text: no JSON holds the byte that stands between them."""


class _Strict(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """What has an element that is not named here is not plain."""


class Reference(_Strict):
    """A reference that says nothing but what it refers to."""

    reference: str = ""
    display: str = ""
    type: str = ""


class Quantity(_Strict):
    """A number with its unit, without a comparator."""

    value: msgspec.Raw
    unit: str = ""
    system: str = ""
    code: str = ""


class _Period(_Strict):
    start: str | None = None
    end: str | None = None


class _Component(_Strict):
    code: msgspec.Raw
    valueQuantity: Quantity | None = None  # noqa: N815  # names as FHIR spells them, here and below
    valueCodeableConcept: msgspec.Raw = NOTHING  # noqa: N815


def _part(component: _Component) -> Choice:
    return _together((component.code, component.valueCodeableConcept)), component.valueQuantity is None


class Entry(msgspec.Struct, tag_field="resourceType", gc=False):
    """A resource of which a part is read. ``id`` is "" where it has none."""

    id: str = ""

    def about(self) -> str:
        """What refers to its patient; "" where nothing does."""
        return ""

    def coded(self) -> bytes:
        """The element that says its code; empty where there is none."""
        return b""

    @classmethod
    def choices(cls, entries: Sequence[Any]) -> list[Choice]:
        """What decides whether each of some entries of this class says anything, its dates and numbers apart.

        The choices of two classes differ. Many are made at once, in one expression: this runs over every resource.
        """
        return [(cls, entry.coded()) for entry in entries]

    @classmethod
    def dates(cls, entries: Sequence[Any]) -> set[str | None]:
        """The dates of some entries; None for one that is not there."""
        del entries
        return set()

    @classmethod
    def numbers(cls, entries: Sequence[Any]) -> list[msgspec.Raw]:
        """The numbers of some entries, as they are written."""
        del entries
        return []


class Plainable(Entry, forbid_unknown_fields=True, omit_defaults=True, gc=False, kw_only=True):
    """A resource of which can be told from a part of it that nothing follows for the gate."""

    subject: Reference
    code: msgspec.Raw = NOTHING
    # Elements on which nothing depends.
    meta: msgspec.Raw = NOTHING
    text: msgspec.Raw = NOTHING
    identifier: msgspec.Raw = NOTHING
    encounter: msgspec.Raw = NOTHING
    extension: msgspec.Raw = NOTHING
    note: msgspec.Raw = NOTHING

    def about(self) -> str:
        """The reference that says whom the entry is about."""
        return self.subject.reference

    def coded(self) -> bytes:
        """The codes and words by which facts may be read from the entry."""
        return bytes(self.code)


class Observation(Plainable, tag="Observation", gc=False, kw_only=True):
    """The elements of an Observation that the gate looks at."""

    status: msgspec.Raw = NOTHING
    category: msgspec.Raw = NOTHING
    performer: msgspec.Raw = NOTHING
    referenceRange: msgspec.Raw = NOTHING  # noqa: N815
    specimen: msgspec.Raw = NOTHING
    basedOn: msgspec.Raw = NOTHING  # noqa: N815
    effectiveDateTime: str | None = None  # noqa: N815
    issued: str | None = None
    valueQuantity: Quantity | None = None  # noqa: N815
    valueCodeableConcept: msgspec.Raw = NOTHING  # noqa: N815
    valueString: msgspec.Raw = NOTHING  # noqa: N815
    interpretation: msgspec.Raw = NOTHING
    component: list[_Component] = []

    @classmethod
    def choices(cls, entries: Sequence[Any]) -> list[Choice]:
        return [
            (
                cls,
                _together(
                    (
                        entry.code,
                        entry.status,
                        entry.category,
                        entry.valueCodeableConcept,
                        entry.valueString,
                        entry.interpretation,
                    )
                ),
                entry.effectiveDateTime is None,
                entry.valueQuantity is None,
                tuple(map(_part, entry.component)) if entry.component else (),
            )
            for entry in entries
        ]

    @classmethod
    def dates(cls, entries: Sequence[Any]) -> set[str | None]:
        return {entry.effectiveDateTime for entry in entries} | {entry.issued for entry in entries}

    @classmethod
    def numbers(cls, entries: Sequence[Any]) -> list[msgspec.Raw]:
        own = [entry.valueQuantity.value for entry in entries if entry.valueQuantity is not None]
        parts = (part.valueQuantity for entry in entries if entry.component for part in entry.component)
        return own + [number.value for number in parts if number is not None]


class Encounter(Plainable, tag="Encounter", rename={"class_": "class"}, gc=False, kw_only=True):
    """The elements of an Encounter that the gate looks at."""

    status: msgspec.Raw = NOTHING
    class_: msgspec.Raw = NOTHING
    type: msgspec.Raw = NOTHING
    reasonCode: msgspec.Raw = NOTHING  # noqa: N815
    participant: msgspec.Raw = NOTHING
    period: _Period | None = None
    serviceProvider: msgspec.Raw = NOTHING  # noqa: N815
    location: msgspec.Raw = NOTHING
    hospitalization: msgspec.Raw = NOTHING
    serviceType: msgspec.Raw = NOTHING  # noqa: N815
    priority: msgspec.Raw = NOTHING
    diagnosis: msgspec.Raw = NOTHING
    episodeOfCare: msgspec.Raw = NOTHING  # noqa: N815
    partOf: msgspec.Raw = NOTHING  # noqa: N815

    @classmethod
    def choices(cls, entries: Sequence[Any]) -> list[Choice]:
        return [
            (
                cls,
                _together((entry.type, entry.status, entry.class_, entry.reasonCode)),
                entry.period is None,
            )
            for entry in entries
        ]

    @classmethod
    def dates(cls, entries: Sequence[Any]) -> set[str | None]:
        periods = [entry.period for entry in entries if entry.period is not None]
        return {period.start for period in periods} | {period.end for period in periods}


class Condition(Plainable, tag="Condition", gc=False, kw_only=True):
    """The elements of a Condition that the gate looks at."""

    clinicalStatus: msgspec.Raw = NOTHING  # noqa: N815
    verificationStatus: msgspec.Raw = NOTHING  # noqa: N815
    category: msgspec.Raw = NOTHING
    recorder: msgspec.Raw = NOTHING
    asserter: msgspec.Raw = NOTHING
    onsetDateTime: str | None = None  # noqa: N815
    abatementDateTime: str | None = None  # noqa: N815
    recordedDate: str | None = None  # noqa: N815

    @classmethod
    def choices(cls, entries: Sequence[Any]) -> list[Choice]:
        return [
            (
                cls,
                _together((entry.code, entry.clinicalStatus, entry.verificationStatus, entry.category)),
                entry.onsetDateTime is None,
                entry.abatementDateTime is None,
                entry.recordedDate is None,
            )
            for entry in entries
        ]

    @classmethod
    def dates(cls, entries: Sequence[Any]) -> set[str | None]:
        ends = {entry.abatementDateTime for entry in entries} | {entry.recordedDate for entry in entries}
        return {entry.onsetDateTime for entry in entries} | ends


class Patient(Entry, tag="Patient", forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """The elements of a Patient that age and sex are read from."""

    birthDate: str | None = None  # noqa: N815
    gender: msgspec.Raw = NOTHING
    deceasedBoolean: msgspec.Raw = NOTHING  # noqa: N815
    deceasedDateTime: str | None = None  # noqa: N815
    extension: list[msgspec.Raw] = []
    # Elements on which nothing depends.
    meta: msgspec.Raw = NOTHING
    text: msgspec.Raw = NOTHING
    identifier: msgspec.Raw = NOTHING
    active: msgspec.Raw = NOTHING
    name: msgspec.Raw = NOTHING
    telecom: msgspec.Raw = NOTHING
    address: msgspec.Raw = NOTHING
    maritalStatus: msgspec.Raw = NOTHING  # noqa: N815
    multipleBirthBoolean: msgspec.Raw = NOTHING  # noqa: N815
    multipleBirthInteger: msgspec.Raw = NOTHING  # noqa: N815
    contact: msgspec.Raw = NOTHING
    communication: msgspec.Raw = NOTHING
    generalPractitioner: msgspec.Raw = NOTHING  # noqa: N815
    managingOrganization: msgspec.Raw = NOTHING  # noqa: N815

    def about(self) -> str:
        return f"Patient/{self.id}"


class _Subject(_Strict):
    reference: str = ""
    type: msgspec.Raw = NOTHING
    display: msgspec.Raw = NOTHING
    identifier: msgspec.Raw = NOTHING
    extension: msgspec.Raw = NOTHING


class Other(Entry, forbid_unknown_fields=True, omit_defaults=True, gc=False, kw_only=True):
    """A resource of a type that is read, of which only whose it is and its code are looked at here."""

    subject: _Subject | None = None
    patient: _Subject | None = None
    code: msgspec.Raw = NOTHING
    medicationCodeableConcept: msgspec.Raw = NOTHING  # noqa: N815
    contained: msgspec.Raw = NOTHING

    @property
    def holds_others(self) -> bool:
        """Whether other resources stand within it, which may be of a type that the gate reads."""
        return self.contained is not NOTHING

    def about(self) -> str:
        subject = self.subject or self.patient
        return "" if subject is None else subject.reference

    def coded(self) -> bytes:
        return bytes(self.code) or bytes(self.medicationCodeableConcept)

    @classmethod
    def choices(cls, entries: Sequence[Any]) -> list[Choice]:
        return [
            (cls, _together((entry.code, entry.medicationCodeableConcept)), entry.contained is NOTHING)
            for entry in entries
        ]


class UnusedType(msgspec.Struct, tag_field="resourceType", forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """A resource of a type that is not read; where its elements are known, all of its text is held."""


def _made(type_: str, base: type[Any]) -> type[Any]:
    """The class of a type with its elements as they are written, those that the base has apart."""
    own = set(base.__struct_encode_fields__)
    more = [name for name in (*OF_ALL, *ELEMENTS.get(type_, ())) if name not in own]
    fields: list[tuple[str, Any, Any]] = [
        (f"{name}_" if iskeyword(name) else name, msgspec.Raw, NOTHING) for name in more
    ]
    rename = {f"{name}_": name for name in more if iskeyword(name)}
    strictly = type_ in ELEMENTS
    return msgspec.defstruct(
        type_, fields, bases=(base,), tag=type_, rename=rename, kw_only=True, gc=False, forbid_unknown_fields=strictly
    )


_PLAINABLE: tuple[type[Any], ...] = (Observation, Encounter, Condition)
STRICT = frozenset({"Patient", *(one.__name__ for one in _PLAINABLE)})
"""The types that are read strictly."""
_READ = tuple(_made(name, Other) for name in sorted(READ_TYPES - STRICT))
_UNUSED = tuple(_made(name, UnusedType) for name in sorted(UNUSED_TYPES))
_CLASSES: tuple[type[Any], ...] = (*_PLAINABLE, Patient, *_READ, *_UNUSED)
TYPE_OF: dict[type[Any], str] = {one: one.__name__ for one in _CLASSES}
"""The resource type that a class stands for."""
_UNUSED_CLASSES = frozenset(_UNUSED)
_E = TypeVar("_E")

_ANY: Any = Union[_CLASSES]  # noqa: UP007  # of classes made above


class InBundle(_Strict):
    """An entry of a bundle."""

    resource: _ANY
    fullUrl: str = ""  # noqa: N815
    id: msgspec.Raw = NOTHING
    link: msgspec.Raw = NOTHING
    search: msgspec.Raw = NOTHING
    request: msgspec.Raw = NOTHING
    response: msgspec.Raw = NOTHING
    extension: msgspec.Raw = NOTHING


class Bundle(_Strict, tag_field="resourceType", tag=BUNDLE):
    """A bundle."""

    entry: list[InBundle]
    link: msgspec.Raw = NOTHING
    id: msgspec.Raw = NOTHING
    meta: msgspec.Raw = NOTHING
    implicitRules: msgspec.Raw = NOTHING  # noqa: N815
    language: msgspec.Raw = NOTHING
    identifier: msgspec.Raw = NOTHING
    type: msgspec.Raw = NOTHING
    timestamp: msgspec.Raw = NOTHING
    total: msgspec.Raw = NOTHING


decode_bundle = msgspec.json.Decoder(Bundle).decode
decode_line = msgspec.json.Decoder(_ANY).decode
decode_lines = msgspec.json.Decoder(_ANY).decode_lines
_encode = msgspec.json.Encoder().encode


def hold_all(entries: Sequence[Entry] | Bundle, text: bytes, between: int = 0) -> bool:
    """Whether a bundle, or some entries, hold all of their text: no key stood twice in it.

    Of two members with one key the last is held. Written anew, what is held is then shorter than the text, and where
    white space makes it so too, it has fewer quotation marks. Within an element that is kept as its text nothing is
    told apart. ``between`` bytes of the text stand between the entries. Nothing can be told of types of which the
    elements are not known.
    """
    written = _encode(entries)
    more = 0 if isinstance(entries, Bundle) else between - len(entries) - 1
    return len(written) + more == len(text) or written.count(b'"') == text.count(b'"')


def by_class(entries: Sequence[_E]) -> dict[type[_E], Sequence[_E]]:
    """Entries by their class, in their order. Files mostly hold one class: to see that costs little."""
    classes = set(map(type, entries))
    if len(classes) == 1:
        return {classes.pop(): entries}
    found: dict[type[_E], list[_E]] = {kind: [] for kind in classes}
    for entry in entries:
        found[type(entry)].append(entry)
    return dict(found)


def is_unused(entry: Entry | UnusedType) -> bool:
    """Whether an entry is of a type that is not read."""
    return isinstance(entry, UnusedType)


def holds_unused(entries: Sequence[Entry | UnusedType]) -> bool:
    """Whether one of some entries is of a type that is not read."""
    return not _UNUSED_CLASSES.isdisjoint(map(type, entries))
