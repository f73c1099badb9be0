"""Keys: which patient a line is about, by a partial decode; the whole line is read only where that does not tell.

The quick way reads ``resourceType``, ``id`` and the subject and leaves out the rest, though it looks at the shape of
all of it. Whatever is not plain goes the long way, which asks the record room.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from service.errors import RequestError
from service.population.texts import DEEPEST, is_clear
from service.record.input.left_out import is_loss
from service.record.input.reader import READ_TYPES
from service.record.input.resource_types import RESOURCE_TYPES, meant
from service.record.input.subject import OF_A_PATIENT, Patients, Subject
from service.record.input.unpacking import Piece
from service.record.values.references import parse_literal
from service.security.limits import parse_json

BUNDLE = "Bundle"
_OUTCOME = "OperationOutcome"
SHARED_TYPES = frozenset({"Medication", "Device"})
"""What resources of patients refer to and what is about no patient itself."""

UNUSED_TYPES = RESOURCE_TYPES - READ_TYPES - {BUNDLE, _OUTCOME}
"""The types of which no more than the name is looked at."""

_TYPE_FIRST = re.compile(rb'\s*\{\s*"resourceType"\s*:\s*"([A-Za-z]{1,64})"')
_TYPE_ANYWHERE = re.compile(rb'"resourceType"\s*:\s*"([A-Za-z]{1,64})"')
_PATIENT_ID = re.compile(rb'"resourceType"\s*:\s*"Patient"\s*,\s*"id"\s*:\s*"([A-Za-z0-9.\-]{1,64})"')
_OWN_ID = re.compile(rb'"id"\s*:\s*"([A-Za-z0-9.\-]{1,64})"')
_REFERENCE = re.compile(rb'"reference"\s*:\s*"(?:[^"\\]*/)?Patient/([A-Za-z0-9.\-]{1,64})(?:/_history/[^"]*)?"')
_PLAIN_ID = re.compile(r"[A-Za-z0-9.\-_]{1,64}", re.ASCII)


class Fate(StrEnum):
    """What became of a line. Every line has exactly one."""

    DECIDED = "decided"
    WITHOUT_PATIENT = "without patient"
    TYPE_NOT_READ = "type not read"
    REJECT = "reject"
    BLANK = "blank"


class Keyed(NamedTuple):
    """One line: its fate, resource type, the patient it is about, its own id, and the element that says its code.

    ``reason`` says why it is a reject. A reject may still have a type and a patient: their list is then not whole.
    A line without a patient may be ``shared``: others refer to it. ``loses`` says that a list of its type is not whole
    for anybody, because the line might be about anyone.
    """

    fate: Fate
    type: str | None
    patient: str | None = None
    id: str = ""
    code: bytes = b""
    reason: str | None = None
    shared: bool = False
    loses: bool = False


class _Reference(msgspec.Struct):
    reference: str = ""


class _Line(msgspec.Struct):
    resourceType: str  # noqa: N815  # as FHIR spells it
    id: str = ""
    subject: _Reference | None = None
    patient: _Reference | None = None
    code: msgspec.Raw = msgspec.Raw()
    medicationCodeableConcept: msgspec.Raw = msgspec.Raw()  # noqa: N815


_decode = msgspec.json.Decoder(_Line).decode


def keyed(line: bytes, named: str | None = None) -> Keyed:
    """What a line is and whom it is about. ``named`` is the resource type that its file says, for what is unreadable.

    Total: whatever the bytes, there is an answer. A Bundle is answered by its type only.
    """
    first = _TYPE_FIRST.match(line)
    if first is not None:
        name = first[1].decode()
        if name == BUNDLE:
            return Keyed(Fate.DECIDED, BUNDLE)
        if name in UNUSED_TYPES:
            return Keyed(Fate.TYPE_NOT_READ, name)
    elif not line.strip():
        return Keyed(Fate.BLANK, None)
    if not is_clear(line):
        return keyed_whole(line, named)
    try:
        read = _decode(line)
    except msgspec.DecodeError:
        return keyed_whole(line, named)
    subject = read.subject or read.patient
    if subject is None and read.resourceType != "Patient":
        return keyed_whole(line, named)
    key = read.id if subject is None else patient_named(subject.reference)
    if read.resourceType not in READ_TYPES or not is_plain_id(key):
        return keyed_whole(line, named)
    code = bytes(read.code) or bytes(read.medicationCodeableConcept)
    return Keyed(Fate.DECIDED, read.resourceType, key, read.id, code)


def is_plain_id(key: str) -> bool:
    """Whether a text is an id as FHIR allows it."""
    return _PLAIN_ID.fullmatch(key) is not None


def patient_named(reference: str) -> str:
    """The id in a plain reference to a Patient, relative or to a server; "" for every other."""
    if reference.startswith("Patient/"):
        return reference[8:]
    _, _, id_ = reference.rpartition("/Patient/")
    return id_ if reference.startswith("http") else ""


def keyed_whole(line: bytes, named: str | None = None) -> Keyed:
    """The same of a line that must be read whole."""
    try:
        document = parse_json(line, max_depth=DEEPEST)
    except RequestError as error:
        return broken(line, named, error.issues[0].text)
    return keyed_document(document, line, named)


def keyed_document(document: Any, line: bytes, named: str | None = None) -> Keyed:
    """The same for a line that has been parsed."""
    if isinstance(document, list) and document:
        return Keyed(Fate.DECIDED, BUNDLE)
    if not isinstance(document, Mapping):
        return broken(line, named, "not a FHIR resource")
    type_ = document.get("resourceType")
    if type_ is None and isinstance(document.get("entry"), list):
        return Keyed(Fate.DECIDED, BUNDLE)
    if not isinstance(type_, str) or type_ not in RESOURCE_TYPES:
        reason = "no resourceType" if type_ is None else "resourceType is not the name of a resource type"
        return broken(line, meant(type_) or named, reason)
    if type_ == BUNDLE:
        return Keyed(Fate.DECIDED, BUNDLE)
    if type_ == _OUTCOME and is_loss(document):
        return broken(line, named, "an OperationOutcome stands in place of data")
    if type_ not in READ_TYPES:
        return Keyed(Fate.TYPE_NOT_READ, type_)
    return _of_resource(document, type_)


def _of_resource(document: Mapping[str, Any], type_: str) -> Keyed:
    given = document.get("id")
    id_ = str(given) if isinstance(given, str | int) and not isinstance(given, bool) else ""
    piece = Piece(document, type_, id_ or None, "line", None)
    if type_ == "Patient":
        if not id_:
            return Keyed(Fate.REJECT, type_, reason="a Patient without an id", loses=True)
        return Keyed(Fate.DECIDED, type_, id_, id_)
    # Whom it is about is asked without its focus: that somebody else was observed, the reader finds.
    asked = piece.with_resource({name: value for name, value in document.items() if name != "focus"})
    subject = Patients([asked]).subject_of(asked)
    if isinstance(subject, str) and (key := person(subject)):
        return Keyed(Fate.DECIDED, type_, key, id_, _code_of(document))
    loses = subject is Subject.NOT_SAID and type_ in OF_A_PATIENT
    return Keyed(Fate.WITHOUT_PATIENT, type_, None, id_, shared=type_ in SHARED_TYPES and bool(id_), loses=loses)


def person(subject: str) -> str | None:
    """The id by which a patient is known in this run: the last part of what a reference says; None when it says none.

    The same id on two servers comes to one key; the reader then tells them apart.
    """
    if subject.startswith("urn:"):
        return subject.rpartition(":")[2]
    target = parse_literal(subject)
    if target is not None:
        return target.id
    return subject if _PLAIN_ID.fullmatch(subject) else None


def _code_of(document: Mapping[str, Any]) -> bytes:
    code = document.get("code") or document.get("medicationCodeableConcept")
    return msgspec.json.encode(code) if isinstance(code, Mapping) else b""


def broken(line: bytes, named: str | None, reason: str) -> Keyed:
    """A line that cannot be read: of which type and about whom, as far as its text tells.

    It is taken to be about a patient only when its text names exactly one.
    """
    type_ = _type_of_broken(line, named)
    if type_ is not None and type_ != BUNDLE and type_ not in READ_TYPES:
        return Keyed(Fate.REJECT, type_, reason=reason)
    named_ids = set(_REFERENCE.findall(line)) | set(_PATIENT_ID.findall(line))
    if type_ == "Patient" and not named_ids and (own := _OWN_ID.search(line)) is not None:
        named_ids = {own[1]}
    if len(named_ids) == 1:
        return Keyed(Fate.REJECT, type_, named_ids.pop().decode(), reason=reason)
    return Keyed(Fate.REJECT, type_, reason=reason, loses=True)


def _type_of_broken(line: bytes, named: str | None) -> str | None:
    """The type with which a line begins, else that of its file, else the only one that stands in it; None: of any."""
    first = _TYPE_FIRST.match(line)
    own = first[1].decode() if first is not None else ""
    # Within a line the type of what it contains may stand first, and an OperationOutcome stands in place of any.
    for type_ in (own, named):
        if type_ in RESOURCE_TYPES and type_ != _OUTCOME:
            return type_
    found = {name.decode() for name in _TYPE_ANYWHERE.findall(line)} & RESOURCE_TYPES - {_OUTCOME}
    return found.pop() if len(found) == 1 else None
