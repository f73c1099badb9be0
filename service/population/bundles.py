"""Bundles: whose chart a bundle holds. One about a single patient stays as it is; others are taken apart."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
import orjson

from service.errors import Issue, RequestError
from service.population.entries import TYPE_OF, Bundle, InBundle, Patient, UnusedType, decode_bundle, hold_all
from service.population.keys import BUNDLE, person
from service.population.limits import MEGABYTE
from service.population.plain import PlainEntries, Says
from service.population.runs import BundleSpan
from service.population.texts import DEEPEST, is_clear, is_text, readable
from service.record.input.reader import READ_TYPES
from service.record.input.subject import OF_A_PATIENT, Patients, Subject
from service.record.input.unpacking import Piece, unpack
from service.security.limits import parse_json

IMPORTANCE = ("Patient", "Condition", "AllergyIntolerance", "MedicationRequest", "MedicationStatement", "Medication")
"""What is stored first of a patient who has more resources than one may have."""


_LONG = 32 * MEGABYTE
_SUMS = re.compile(
    rb'\{\s*(?:"fullUrl"\s*:\s*"[^"\\]*"\s*,\s*)?"resource"\s*:\s*\{\s*'
    rb'"resourceType"\s*:\s*"(Claim|ExplanationOfBenefit)"'
)


class Part(NamedTuple):
    """What a bundle holds about one patient; ``content`` is None where that is the bundle as it is.

    ``incomplete`` says of which types something may be about this patient and is not here, ``seen`` what the bundle
    says for the gate.
    """

    patient: str
    content: bytes | None = None
    incomplete: frozenset[str] = frozenset()
    seen: BundleSpan | None = None


class Skimmed(NamedTuple):
    """The parts of a bundle by patient, and the elements that say codes, with the type they stand in."""

    parts: tuple[Part, ...]
    codes: tuple[tuple[str, bytes], ...] = ()


class _Resource(msgspec.Struct):
    resourceType: str = ""  # noqa: N815  # as FHIR spells it
    id: str = ""
    code: msgspec.Raw = msgspec.Raw()
    medicationCodeableConcept: msgspec.Raw = msgspec.Raw()  # noqa: N815


class _Entry(msgspec.Struct):
    resource: _Resource | None = None


class _Bundle(msgspec.Struct):
    entry: list[_Entry] = []


class _RawResource(msgspec.Struct):
    resourceType: str = ""  # noqa: N815


class _RawEntry(msgspec.Struct):
    resource: _RawResource | None = None


class _RawBundle(msgspec.Struct):
    resourceType: str = ""  # noqa: N815
    entry: list[msgspec.Raw] = []
    link: msgspec.Raw = msgspec.Raw()


_decode = msgspec.json.Decoder(_Bundle).decode
_decode_raw = msgspec.json.Decoder(_RawBundle).decode
_decode_entry = msgspec.json.Decoder(_RawEntry).decode


def skim(text: bytes, plain: PlainEntries) -> Skimmed:
    """Whose charts a bundle holds. Raises RequestError when it cannot be read at all."""
    if not is_clear(text):
        if is_text(text) and not readable(text):
            raise RequestError([Issue("body", "not JSON")])
        return _skimmed(text) if is_text(text) else _taken_apart(text)
    if len(text) > _LONG:
        # What is made of its entries would take more memory than the text itself.
        return _skimmed(text)
    bundle = opened(text)
    if bundle is None:
        return _skimmed(text)
    patients = [entry for entry in bundle.entry if type(entry.resource) is Patient]
    if len(patients) != 1 or not patients[0].resource.id:
        return _taken_apart(text)
    return Skimmed((Part(patients[0].resource.id, seen=_seen(text, bundle, patients[0], plain)),))


def opened(text: bytes) -> Bundle | None:
    """A bundle of which a part is read; None where it, or an entry, has an element that is not known."""
    try:
        return decode_bundle(text)
    except msgspec.DecodeError:
        return None


def _seen(text: bytes, bundle: Bundle, patient: InBundle, plain: PlainEntries) -> BundleSpan:
    """What the entries of a bundle about one patient say. All of them are looked at, as their codes are counted."""
    by_class: dict[type[Any], list[Any]] = {}
    for entry in bundle.entry:
        resource = entry.resource
        kind = type(resource)
        if kind in by_class:
            by_class[kind].append(resource)
        else:
            by_class[kind] = [resource]
    read = [found for kind, found in by_class.items() if not issubclass(kind, UnusedType)]
    says = plain.of_all(read)
    about = {resource.about() for found in read for resource in found}
    id_ = patient.resource.id
    about -= {"", f"Patient/{id_}", f"urn:uuid:{id_}", patient.fullUrl}
    person = plain.person_of(patient.resource)
    if says or about or person is None or b"next" in bytes(bundle.link) or not hold_all(bundle, text):
        return BundleSpan(len(text), max(says, Says.UNKNOWN))
    types = sorted(TYPE_OF[kind] for kind in by_class)
    return BundleSpan(len(text), says, len(bundle.entry), types, person)


def _skimmed(text: bytes) -> Skimmed:
    """The same of a bundle that holds what is unusual, without what it says."""
    try:
        entries = _decode(text).entry
    except msgspec.DecodeError:
        return _taken_apart(text)
    ids = [entry.resource.id for entry in entries if entry.resource and entry.resource.resourceType == "Patient"]
    nested = any(entry.resource is not None and entry.resource.resourceType == BUNDLE for entry in entries)
    if len(ids) != 1 or not ids[0] or nested:
        return _taken_apart(text)
    codes = [
        (entry.resource.resourceType, code)
        for entry in entries
        if entry.resource is not None
        and entry.resource.resourceType in READ_TYPES
        and (code := bytes(entry.resource.code) or bytes(entry.resource.medicationCodeableConcept))
    ]
    return Skimmed((Part(ids[0]),), tuple(codes))


def _taken_apart(text: bytes) -> Skimmed:
    document = parse_json(text, max_depth=DEEPEST)
    unpacked = unpack(document)
    patients = Patients(unpacked.pieces)
    said = [patients.subject_of(piece) for piece in unpacked.pieces]
    persons = patients.persons(said)
    codes = tuple(_codes(unpacked.pieces))
    if len(persons) == 1:
        key = person(persons[0])
        return Skimmed((Part(key),) if key else (), codes)
    of_nobody = [piece for piece, subject in zip(unpacked.pieces, said, strict=True) if isinstance(subject, Subject)]
    beside = [piece for piece in of_nobody if piece.type not in OF_A_PATIENT]
    lost = frozenset(
        piece.type
        for piece, subject in zip(unpacked.pieces, said, strict=True)
        if subject is Subject.NOT_SAID and piece.type in OF_A_PATIENT
    )
    if unpacked.is_partial:
        lost |= {BUNDLE}
    parts = []
    for one in persons:
        own = [piece for piece, subject in zip(unpacked.pieces, said, strict=True) if subject == one]
        key = person(one)
        if key:
            parts.append(Part(key, _written([*own, *beside]), lost))
    return Skimmed(tuple(parts), codes)


def _written(pieces: list[Piece]) -> bytes:
    entries = [
        ({"fullUrl": piece.full_url} if piece.full_url else {}) | {"resource": piece.resource} for piece in pieces
    ]
    return orjson.dumps({"resourceType": BUNDLE, "type": "collection", "entry": entries})


def _codes(pieces: list[Piece]) -> Iterator[tuple[str, bytes]]:
    for piece in pieces:
        code = piece.resource.get("code") or piece.resource.get("medicationCodeableConcept")
        if piece.type in READ_TYPES and isinstance(code, Mapping):
            yield piece.type, msgspec.json.encode(code)


def cut(text: bytes, most: int) -> tuple[bytes, dict[str, int]]:
    """A bundle with at most so many entries, and how many of each type were left out. Not all of it is decoded at once.

    What is left does not depend on the order of the entries. Of what is only about money just the type is left.
    """
    try:
        bundle = _decode_raw(text)
    except msgspec.DecodeError:
        return text, {}
    if len(bundle.entry) <= most:
        is_whole = bundle.resourceType == BUNDLE and not bytes(bundle.link) and is_clear(text)
        return (_written_anew(map(_without_sums, map(bytes, bundle.entry))) if is_whole else text), {}
    types = [type_of_entry(entry) for entry in bundle.entry]
    marks = [hashlib.blake2b(entry, digest_size=16).digest() for entry in bundle.entry]
    ranked = sorted(range(len(types)), key=lambda number: (importance(types[number]), marks[number]))
    left_out = Counter(types[number] for number in ranked[most:])
    return _written_anew(bytes(bundle.entry[number]) for number in ranked[:most]), dict(left_out)


def _written_anew(entries: Iterable[bytes]) -> bytes:
    return b'{"resourceType":"Bundle","type":"collection","entry":[' + b",".join(entries) + b"]}"


def _without_sums(entry: bytes) -> bytes:
    """An entry as it is; of claims and of what was paid for them, long and read by nothing, the type."""
    found = _SUMS.match(entry)
    return entry if found is None else b'{"resource":{"resourceType":"%s"}}' % found[1]


def type_of_entry(entry: bytes | msgspec.Raw) -> str:
    """The resource type of one entry of a bundle; ``Bundle`` where it cannot be known."""
    try:
        resource = _decode_entry(entry).resource
    except msgspec.DecodeError:
        return BUNDLE
    return (resource.resourceType if resource is not None else "") or BUNDLE


def importance(type_: str) -> int:
    """The rank of a type in the order of what is read first."""
    return IMPORTANCE.index(type_) if type_ in IMPORTANCE else len(IMPORTANCE)
