"""Gating: whether anything in a chart can bring a card at all, seen by reading only the types that the gate reads.

Whatever is not plain (a line that cannot be read, a page that follows, a resource of no known type) is decided in full.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import msgspec
import orjson

from service.bounded import Bounded
from service.decision import Prepared
from service.decision.gate import Gate, is_sampled
from service.errors import RequestError
from service.population.chart import Exported, Gathered, Group, Read, read_document, with_gaps
from service.population.entries import NOTHING, Bundle, hold_all
from service.population.keys import BUNDLE
from service.population.plain import PlainEntries, Says
from service.population.plan import Question
from service.population.texts import is_text, parsed
from service.record.input.reader import read_bundle
from service.record.input.resource_types import RESOURCE_TYPES
from service.record.input.subject import OF_A_PATIENT
from service.record.model import Record
from service.record.values.dates import age_years, parse

_TYPE_FIRST = re.compile(rb'\{\s*"resourceType"\s*:\s*"([A-Za-z]{1,64})"')
_MOST_STORED = 65_536
_NOBODY = b'{"resourceType":"Patient"}'
_CONTAINED = b'"contained"'
_UNUSUAL = frozenset({BUNDLE, "OperationOutcome"})


class _Item(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """An entry of a bundle as it is written."""

    resource: msgspec.Raw
    fullUrl: msgspec.Raw = NOTHING  # noqa: N815  # as FHIR spells it
    id: msgspec.Raw = NOTHING
    link: msgspec.Raw = NOTHING
    search: msgspec.Raw = NOTHING
    request: msgspec.Raw = NOTHING
    response: msgspec.Raw = NOTHING
    extension: msgspec.Raw = NOTHING


class _Bundle(Bundle, tag=BUNDLE, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    entry: list[_Item]  # type: ignore[assignment]  # the same entries, each as it is written


_decode = msgspec.json.Decoder(_Bundle).decode


class _NotPlainError(Exception):
    """The chart must be read whole."""


class Passed(NamedTuple):
    """That a chart passed: what was read of it, and the group of its patient."""

    read: Read
    group: Group


class Gating:
    """Asks the gate of the rule set about charts as they were gathered."""

    def __init__(
        self, prepared: Prepared, question: Question, exported: Exported, persons: Callable[[Record], Group]
    ) -> None:
        self._persons = persons
        self._gate = prepared.gates[question.hook]
        self._derivation = prepared.derivation
        self._question = question
        self._exported = exported
        self._types = types_of(self._gate)
        self._plain = plain_entries(prepared, question)
        self._passing: Bounded[tuple[str, ...], bool] = Bounded(_MOST_STORED)
        self._groups: Bounded[tuple[object, ...], Group | None] = Bounded(_MOST_STORED)

    @property
    def digest(self) -> str:
        """Which gate it is."""
        return self._gate.digest

    def passed(self, gathered: Gathered, read_texts: Callable[[Gathered], None]) -> Passed | None:
        """How the chart passes, when no card is possible whatever else stands in it; None to decide in full."""
        if not self._gate.is_open or gathered.broken:
            return None
        group = self._at_sight(gathered)
        if group is not None:
            return Passed(Read(None, duplicates=gathered.duplicates, resources=gathered.resources), group)
        if _may_say_something(gathered):
            return None
        read_texts(gathered)
        return None if gathered.left_out else self._looked_at(gathered)

    def _at_sight(self, gathered: Gathered) -> Group | None:
        """The group of a patient, when what was written down of the chart tells that no card is possible."""
        if gathered.documents:
            return None
        if gathered.bundles:
            person, types = self._in_bundle(gathered)
        else:
            person, types = self._in_lines(gathered), ()
        return self._group_of(person) if person and self._depends_on(types) else None

    def _in_bundle(self, gathered: Gathered) -> tuple[bytes, tuple[str, ...]]:
        span = gathered.bundles[0][0]
        if len(gathered.bundles) > 1 or gathered.runs or span.says or span.entries > self._question.largest:
            return b"", ()
        return span.person, tuple(span.types)

    def _in_lines(self, gathered: Gathered) -> bytes:
        patients = [run for run, _ in gathered.runs if run.type == "Patient"]
        if len(patients) != 1 or len(patients[0].ids) != 1 or gathered.resources > self._question.largest:
            return b""
        if any(run.says for run, _ in gathered.runs):
            return b""
        # Who is named in two ways may be two persons.
        about = {run.about for run, _ in gathered.runs if run.type != "Patient"}
        return patients[0].person if len(about) <= 1 else b""

    def _depends_on(self, types: tuple[str, ...]) -> bool:
        """Whether the gate is open for the lists as they came, of a chart with bundles of these types."""
        known = self._passing.get(types)
        if known is None:
            record = self._record_of(_NOBODY, frozenset(types))
            known = self._passing[types] = record is not None and self._gate.depends_on(record.completeness)
        return known

    def _group_of(self, person: bytes) -> Group | None:
        """The group of a patient of whom this is told; None where it cannot be read."""
        alike = self._alike(person)
        if alike not in self._groups:
            record = self._record_of(person, frozenset())
            self._groups[alike] = None if record is None or record.unread else self._persons(record)
        return self._groups[alike]

    def _alike(self, person: bytes) -> tuple[object, ...]:
        """The same for persons who differ in nothing but the day on which they were born, and are of one age."""
        told = orjson.loads(person)
        born = parse(told.pop("birthDate", None))
        age = None if born is None else age_years(born, self._question.now)
        return born is None, born is not None and born.timed, age, orjson.dumps(told)

    def _record_of(self, person: bytes, types: frozenset[str]) -> Record | None:
        exported = replace(self._exported, whole=self._exported.whole | types)
        try:
            return with_gaps(read_document([{"resource": orjson.loads(person)}], "", exported), [], self._exported)
        except RequestError:
            return None

    def _looked_at(self, gathered: Gathered) -> Passed | None:
        """How the chart passes, told by reading those of its resources on which the gate depends."""
        try:
            documents, types = self._needed(gathered)
            exported = Exported(self._exported.whole | types, self._exported.partial, self._exported.has_lines)
            record = with_gaps(read_document(documents, gathered.key, exported), [], self._exported)
        except (RequestError, _NotPlainError):
            return None
        if not self._gate.may_skip(self._derivation.chart(record, self._question.now)):
            return None
        read = Read(record, duplicates=gathered.duplicates, resources=gathered.resources)
        return Passed(read, self._persons(record))

    def is_sample(self, gathered: Gathered) -> bool:
        """Whether a chart that may be left out is decided all the same, as one of a hundred."""
        return is_sampled(f"{self._gate.digest}/{gathered.key}")

    def _needed(self, gathered: Gathered) -> tuple[list[Any], frozenset[str]]:
        """The resources of the types that are read, and the types that occur in bundles."""
        documents: list[Any] = []
        types: set[str] = set()
        for text, _ in gathered.documents:
            for type_, entry in _entries(text):
                types.add(type_)
                if self._is_read(type_, resource := bytes(entry.resource), gathered.key):
                    documents.append({"fullUrl": _text(entry.fullUrl), "resource": parsed(resource)})
        for text, _ in gathered.lines:
            type_ = _type_of(text)
            if self._is_read(type_, text, gathered.key):
                documents.append(parsed(text))
        return documents, frozenset(types)

    def _is_read(self, type_: str, text: bytes, key: str) -> bool:
        """Whether the gate reads it: it is of its types and says something, or what stands within it may."""
        if type_ in self._types:
            return bool(self._plain.of_text(text, key))
        return type_ in OF_A_PATIENT and _CONTAINED in text


def _may_say_something(gathered: Gathered) -> bool:
    """Whether it was seen already that something on a chart may bring a card."""
    said = [run.says for run, _ in gathered.runs] + [span.says for span, _ in gathered.bundles]
    return Says.SOMETHING in said


def plain_entries(prepared: Prepared, question: Question) -> PlainEntries:
    """Tells of entries whether the gate of the question has anything to say about them."""
    gate, derivation = prepared.gates[question.hook], prepared.derivation
    whole = frozenset(gate.lists)

    def says_nothing(resource: Any) -> bool:
        """Whether a chart of one entry may be left out, were all its lists whole."""
        try:
            record = read_bundle([resource], complete=whole)
        except RequestError:
            return False
        if any(problem.unread for problem in record.problems):
            return False
        return gate.may_skip(derivation.chart(record, question.now))

    return PlainEntries(says_nothing, types_of(gate))


def types_of(gate: Gate) -> frozenset[str]:
    """The resource types that must be read to tell whether a chart may be left out."""
    return frozenset({*gate.types, *gate.lists, "Patient"})


def _entries(text: bytes) -> Iterator[tuple[str, _Item]]:
    if not is_text(text):
        raise _NotPlainError
    try:
        bundle = _decode(text)
    except msgspec.DecodeError:
        raise _NotPlainError from None
    if b"next" in bytes(bundle.link) or not hold_all(bundle, text):
        raise _NotPlainError
    yield from ((_type_of(bytes(entry.resource)), entry) for entry in bundle.entry)


def _text(raw: msgspec.Raw) -> Any:
    return orjson.loads(bytes(raw)) if raw is not NOTHING else None


def _type_of(text: bytes) -> str:
    """The resource type of a text that says it first; anything else is not plain."""
    found = _TYPE_FIRST.match(text)
    name = found[1].decode() if found is not None else ""
    if name not in RESOURCE_TYPES or name in _UNUSUAL:
        raise _NotPlainError
    return name
