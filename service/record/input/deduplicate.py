"""Deduplicate: the entries of a record without repeats and in an order that the input's order cannot change."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from service.note import Note, NoteCode
from service.record.input.subject import OF_A_PATIENT
from service.record.model import Entry, Problem
from service.record.values.dates import When, days_between, parse

_LONGEST_VERSION = 18
"""Digits of a version that is compared as a number: ``int`` refuses thousands of them."""
_REPEATED = Note(NoteCode.NEWER_VERSION)
_CONTRADICTED = Note(NoteCode.OTHER_VERSION)
_ANY = ""
"""The server of what does not tell it."""

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_Version = tuple[When | None, int]
"""When an entry was last changed (None where not told), and the number of its version (-1 where it has none)."""


def canonical_json(resource: Mapping[str, Any]) -> bytes:
    """The resource as text that does not depend on the order of its keys. Total: what is too deep gives a constant."""
    try:
        return orjson.dumps(resource, option=orjson.OPT_SORT_KEYS, default=str)
    except TypeError:
        # Integers beyond 64 bits and half surrogates, which orjson refuses and the slower encoder writes.
        try:
            return json.dumps(resource, sort_keys=True, default=str).encode()
        except (RecursionError, TypeError):
            return b"(not comparable)"


def arrange(entries: Iterable[Entry], problems: list[Problem]) -> tuple[Entry, ...]:
    """The entries by type, id and content, repeats dropped.

    Of two versions of one resource the newer stays, and a problem says so. Where nothing tells which is the newer, both
    stay and count: what one of them warns of is not set aside. Two resources that share type and id but come from
    different servers are different resources. Without an id, equal content is a repeat.
    """
    single: dict[tuple[str, str], Entry] = {}
    rivals: dict[tuple[str, str], list[Entry]] = {}
    nameless: list[Entry] = []
    for entry in entries:
        if not entry.id:
            nameless.append(entry)
            continue
        key = (entry.type, entry.id)
        if single.setdefault(key, entry) is not entry:
            rivals.setdefault(key, [single[key]]).append(entry)
    if not rivals and not nameless:
        return tuple([single[key] for key in sorted(single)])
    sorted_entries: list[tuple[str, str, bytes, Entry]] = []
    for key, entry in single.items():
        sorted_entries.extend((*key, content, one) for content, one in _settle(rivals.get(key, [entry]), problems))
    sorted_entries.extend((entry.type, "", content, entry) for content, entry in _distinct(nameless))
    sorted_entries.sort(key=_sort_key)
    return tuple([entry for *_, entry in sorted_entries])


def _sort_key(item: tuple[str, str, bytes, Entry]) -> tuple[str, str, bytes, str]:
    return item[0], item[1], item[2], item[3].full_url or ""


def _settle(versions: list[Entry], problems: list[Problem]) -> list[tuple[bytes, Entry]]:
    """What stays of the entries that share a type and an id: the newest of each server, or all that may be it."""
    if len(versions) == 1:
        return [(b"", versions[0])]
    settled: list[tuple[bytes, Entry]] = []
    newest: dict[str, _Version] = {}
    seen: set[tuple[str, bytes]] = set()
    # Newest first, so that the first of each server stays.
    for entry in sorted(versions, key=_age, reverse=True):
        content, server, version = canonical_json(entry.resource), _server_of(entry), _version(entry)
        # One that does not tell its server may be the same resource as that of any.
        rivals = (server, _ANY) if server != _ANY else tuple(newest)
        if any((other, content) in seen for other in rivals):
            continue
        known = [newest[other] for other in rivals if other in newest]
        if any(entry.type not in OF_A_PATIENT or _is_newer(other, version) for other in known):
            # Of what is no statement about a patient (a Medication) one must do for all who refer to it.
            problems.append(Problem(entry.path, _REPEATED))
            continue
        if known:
            problems.append(Problem(entry.path, _CONTRADICTED))
        seen.add((server, content))
        newest.setdefault(server, version)
        settled.append((content, entry))
    return settled


def _distinct(nameless: list[Entry]) -> list[tuple[bytes, Entry]]:
    """Repeats dropped, but not of what others refer to by its fullUrl (a Medication, a Practitioner)."""
    seen: set[tuple[str, bytes]] = set()
    distinct = []
    for entry in nameless:
        content = canonical_json(entry.resource)
        if entry.type in OF_A_PATIENT or not entry.full_url:
            if (entry.type, content) in seen:
                continue
            seen.add((entry.type, content))
        distinct.append((content, entry))
    return distinct


def _server_of(entry: Entry) -> str:
    """The absolute URL of an entry, which tells the server it comes from; "" where it has none."""
    url = entry.full_url or ""
    return url if url.startswith("http") else _ANY


def _is_newer(one: _Version, other: _Version) -> bool:
    """Whether one version is known to be newer than the other: both tell when they were made, or their number."""
    if one[0] is not None and other[0] is not None:
        if _is_later(one[0], other[0]):
            return True
        if _is_later(other[0], one[0]):
            return False
    return one[1] > other[1] >= 0


def _is_later(one: When, other: When) -> bool:
    least = days_between(other, one).low
    return least is not None and least > 0


def _version(entry: Entry) -> _Version:
    meta = entry.resource.get("meta")
    meta = meta if isinstance(meta, Mapping) else {}
    updated, version = meta.get("lastUpdated"), meta.get("versionId")
    text = version if isinstance(version, str) else ""
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_VERSION else -1
    return parse(updated), number


def _age(entry: Entry) -> tuple[datetime, int, bytes]:
    updated, number = _version(entry)
    content = canonical_json(entry.resource) + b" " + (entry.full_url or "").encode()
    return _LONG_AGO if updated is None else updated.first, number, content
