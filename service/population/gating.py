"""Gating: whether anything in a chart can bring a card at all, seen by reading only the types that the gate reads.

Whatever is not plain (a line that cannot be read, a page that follows, a resource of no known type) is decided in full.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from service.decision import Prepared
from service.decision.gate import taken_in_full
from service.errors import RequestError
from service.population.bundles import parsed
from service.population.chart import Exported, Gathered, Read, duplicates_of, read_document, with_gaps
from service.population.keys import BUNDLE, is_text
from service.population.plain import PlainEntries
from service.population.plan import Question
from service.record.input.reader import read_bundle
from service.record.input.resource_types import RESOURCE_TYPES
from service.record.input.subject import OF_A_PATIENT
from service.record.model import Completeness

_TYPE_FIRST = re.compile(rb'\{\s*"resourceType"\s*:\s*"([A-Za-z]{1,64})"')
_CONTAINED = b'"contained"'
_UNUSUAL = frozenset({BUNDLE, "OperationOutcome"})


class _Entry(msgspec.Struct):
    fullUrl: str | None = None  # noqa: N815  # as FHIR spells it
    resource: msgspec.Raw = msgspec.Raw()


class _Bundle(msgspec.Struct):
    resourceType: str  # noqa: N815
    entry: list[_Entry]
    link: msgspec.Raw = msgspec.Raw()


_decode = msgspec.json.Decoder(_Bundle).decode


class _NotPlainError(Exception):
    """The chart must be read whole."""


class Gating:
    """Asks the gate of the rule set about charts as they were gathered."""

    def __init__(self, prepared: Prepared, question: Question, exported: Exported) -> None:
        self._gate = prepared.gates[question.hook]
        self._derivation = prepared.derivation
        self._question = question
        self._exported = exported
        self._types = frozenset({*self._gate.types, *self._gate.lists, "Patient"})
        self._plain = PlainEntries(self._says_nothing)
        self._whole = dict.fromkeys(self._gate.lists, Completeness.COMPLETE)

    @property
    def digest(self) -> str:
        """Which gate it is."""
        return self._gate.digest

    def shut(self, gathered: Gathered) -> Read | None:
        """What was read of the chart, when no card is possible whatever else stands in it; None to decide in full."""
        if not self._gate.is_open or gathered.broken or gathered.left_out:
            return None
        if len(gathered.lines) > self._question.largest:
            return None
        try:
            documents, types = self._needed(gathered)
            exported = Exported(self._exported.whole | types, self._exported.partial, self._exported.has_lines)
            record = with_gaps(read_document(documents, gathered.key, exported), [], self._exported)
        except (RequestError, _NotPlainError):
            return None
        if not self._gate.may_skip(self._derivation.chart(record, self._question.now)):
            return None
        return Read(record, duplicates=duplicates_of(gathered), resources=len(gathered.lines))

    def in_full(self, gathered: Gathered) -> bool:
        """Whether a chart that may be left out is decided all the same, as one of a hundred."""
        return taken_in_full(f"{self._gate.digest}/{gathered.key}")

    def _needed(self, gathered: Gathered) -> tuple[list[Any], frozenset[str]]:
        """The resources of the types that are read, and the types that occur in bundles."""
        documents: list[Any] = []
        types: set[str] = set()
        for text, _ in gathered.documents:
            for type_, entry in _entries(text):
                types.add(type_)
                resource = bytes(entry.resource)
                if self._is_needed(type_, resource):
                    documents.append({"fullUrl": entry.fullUrl, "resource": parsed(resource)})
        for text, _ in gathered.lines:
            type_ = _type_of(text)
            if self._is_needed(type_, text):
                documents.append(parsed(text))
        return documents, frozenset(types)

    def _is_needed(self, type_: str, text: bytes) -> bool:
        """Whether the gate reads it: it is of its types and says something, or may hold what is."""
        if _CONTAINED in text:
            return type_ in self._types or type_ in OF_A_PATIENT
        return type_ in self._types and not self._plain.is_plain(type_, text)

    def _says_nothing(self, resource: Any) -> bool:
        """Whether a chart of one entry may be left out, were all its lists whole."""
        try:
            record = read_bundle([resource], complete=frozenset(self._whole))
        except RequestError:
            return False
        if any(problem.unread for problem in record.problems):
            return False
        return self._gate.may_skip(self._derivation.chart(record, self._question.now))


def _entries(text: bytes) -> Iterator[tuple[str, _Entry]]:
    if not is_text(text):
        raise _NotPlainError
    try:
        bundle = _decode(text)
    except msgspec.DecodeError:
        raise _NotPlainError from None
    if bundle.resourceType != BUNDLE or b"next" in bytes(bundle.link):
        raise _NotPlainError
    yield from ((_type_of(bytes(entry.resource)), entry) for entry in bundle.entry)


def _type_of(text: bytes) -> str:
    """The resource type of a text that says it first; anything else is not plain."""
    found = _TYPE_FIRST.match(text)
    name = found[1].decode() if found is not None else ""
    if name not in RESOURCE_TYPES or name in _UNUSUAL:
        raise _NotPlainError
    return name
