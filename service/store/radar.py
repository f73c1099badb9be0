"""Data radar, the counting: what arrived of each fact, each prefetch key, and which codes.

Counts only. Those of findings and prefetch keys follow from the decisions as they are drained, in the same transaction;
codes are counted in memory by the process that saw them (``radar_codes.py``) and go along with its next rows.
"""

from __future__ import annotations

import struct
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, delete, select
from sqlalchemy.engine.interfaces import DBAPICursor

from service.store.database import Database
from service.store.outline import Outline
from service.store.tables import radar_codes, radar_days, rule_sets

PATIENTS_OF_DAY = "Patient"
"""In place of a type: how many patients of a day were looked at for codes that are read."""
Key = tuple[str, str, str, str]
"""Day, issuer, service, digest of the rule set."""
_DAY = 10
_LANE = 4
Json = dict[str, Any]
Prefetch = dict[str, dict[str, int]]
_STATES = (b"pmv", b"a", b"unw")
_TABLES = tuple(bytes(letter in letters for letter in range(256)) for letters in _STATES)
"""The letters of a decision's findings as 1 where it is present, absent, unknown, and 0 else."""


@dataclass(frozen=True, slots=True)
class CodeKey:
    """A code seen on a day from a client: ``unit`` says whether it is read (``SentCode``)."""

    day: str
    issuer: str
    type: str
    system: str
    code: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class CodeCount:
    """In how many calls of that day and client it was seen, and what it is called, if known.

    ``calls`` of a code that is read are patients.
    """

    key: CodeKey
    display: str | None
    calls: int


@dataclass(frozen=True, slots=True)
class RadarDay:
    """The counts of one day, client and service under one rule set.

    ``gated`` are the calls that the gate let pass; ``findings`` are (present, absent, unknown) by name in the others;
    ``prefetch`` counts by key and state; ``version`` is that of the rule set.
    """

    day: str
    issuer: str
    service: str
    ruleset: str
    version: str
    calls: int
    gated: int
    findings: Mapping[str, tuple[int, int, int]]
    prefetch: Mapping[str, Mapping[str, int]]


class Counts:
    """Counts of some calls of one day, client, service and rule set, added up before they are written.

    Hundreds of findings a call are one addition: present, absent and unknown of each have four bytes of one number.
    """

    def __init__(self) -> None:
        self.calls = self.gated = 0
        self.prefetch: Prefetch = {}
        self._sum = self._width = 0

    def add(self, findings: str, prefetch: Mapping[str, Sequence[str]], *, gated: bool) -> None:
        """Add one call: the letters of its findings, and its prefetch keys by state."""
        self.calls += 1
        self.gated += gated
        letters = findings.encode()
        self._width = len(letters)
        # What was asked of a call with nothing to say would only thin out the others.
        if not gated:
            self._sum += int.from_bytes(_lanes(letters), "big")
        for state, keys in prefetch.items():
            for key in keys:
                counts = self.prefetch.setdefault(key, {})
                counts[state] = counts.get(state, 0) + 1

    def findings(self, known: str = "") -> str:
        """How often each finding was present, absent, unknown, with what is ``known`` already."""
        total = self._sum + int.from_bytes(_packed(known), "big")
        packed = total.to_bytes(_LANE * len(_STATES) * self._width, "big")
        return b2a_base64(packed, newline=False).decode()


def _lanes(letters: bytes) -> bytearray:
    """A number of four bytes for each finding: 1 where it is present, then the same for absent, and for unknown."""
    wide, part = bytearray(_LANE * len(_STATES) * len(letters)), _LANE * len(letters)
    for index, table in enumerate(_TABLES):
        wide[index * part + _LANE - 1 : (index + 1) * part : _LANE] = letters.translate(table)
    return wide


def _packed(findings: str) -> bytes:
    """The bytes of a row; a row of the first days of this program has three lists as JSON."""
    if findings.startswith("["):
        numbers = [number for row in orjson.loads(findings) for number in row]
        return struct.pack(f">{len(numbers)}I", *numbers)
    return a2b_base64(findings)


def _unpacked(findings: str) -> Iterator[tuple[int, int, int]]:
    """Present, absent, unknown of each finding."""
    packed = _packed(findings)
    numbers = struct.unpack(f">{len(packed) // _LANE}I", packed)
    third = len(numbers) // len(_STATES)
    return zip(numbers[:third], numbers[third : 2 * third], numbers[2 * third :], strict=True)


def add_calls(connection: Connection, outlines: Iterable[Outline]) -> None:
    """Count decisions that were drained just now, each for the first time."""
    counts: dict[Key, Counts] = {}
    for one in outlines:
        key = (one.at[:_DAY], one.issuer or "", one.service, one.ruleset)
        counts.setdefault(key, Counts()).add(one.findings, one.prefetch, gated=one.gate is not None)
    if counts:
        cursor, statements = _cursor(connection), _STATEMENTS[connection.dialect.name]
        # In one order, so that two processes never wait for each other in a circle.
        for key in sorted(counts):
            _add_day(cursor, statements, key, counts[key])


def _add_day(cursor: DBAPICursor, statements: Mapping[str, str], key: Key, counts: Counts) -> None:
    prefetch = counts.prefetch
    cursor.execute(statements["kept"], key)
    row = cursor.fetchone()
    if row is None:
        cursor.execute(statements["insert"], (*key, counts.calls, counts.gated, counts.findings(), _json(prefetch)))
        if cursor.fetchone() is not None:
            return
        # Another process made the row in between.
        cursor.execute(statements["kept"], key)
        row = cursor.fetchone()
    assert row is not None
    calls, gated, known, old_prefetch = row
    merged: Prefetch = orjson.loads(old_prefetch)
    for name, states in prefetch.items():
        of_key = merged.setdefault(name, {})
        for state, number in states.items():
            of_key[state] = of_key.get(state, 0) + number
    sums = (calls + counts.calls, gated + counts.gated, counts.findings(known), _json(merged), *key)
    cursor.execute(statements["update"], sums)


def add_codes(connection: Connection, codes: Sequence[CodeCount]) -> None:
    """Add what was seen of codes and units."""
    rows = [
        (one.day, one.issuer, one.type, one.system, one.code, one.unit, seen.display, seen.calls)
        for seen in sorted(codes, key=lambda seen: repr(seen.key))
        for one in [seen.key]
    ]
    if rows:
        _cursor(connection).executemany(_STATEMENTS[connection.dialect.name]["code"], rows)


def _cursor(connection: Connection) -> DBAPICursor:
    """A cursor of the driver in the same transaction: what SQLAlchemy does for a row costs ten times the row itself."""
    return connection.connection.cursor()


def _statements(placeholder: str, lock: str) -> dict[str, str]:
    """The statements of this module, with the driver's placeholder for a value and what locks a row that was read."""
    key = f"day = {placeholder} AND issuer = {placeholder} AND service = {placeholder} AND ruleset = {placeholder}"
    placeholders = ", ".join([placeholder] * 8)
    values = f"calls = {placeholder}, gated = {placeholder}, findings = {placeholder}, prefetch = {placeholder}"
    days = "day, issuer, service, ruleset, calls, gated, findings, prefetch"
    codes = "day, issuer, type, system, code, unit"
    sums = "calls = radar_codes.calls + excluded.calls, display = coalesce(excluded.display, radar_codes.display)"
    return {
        "kept": f"SELECT calls, gated, findings, prefetch FROM radar_days WHERE {key}{lock}",  # noqa: S608
        "insert": f"INSERT INTO radar_days ({days}) VALUES ({placeholders}) ON CONFLICT DO NOTHING RETURNING day",  # noqa: S608
        "update": f"UPDATE radar_days SET {values} WHERE {key}",  # noqa: S608
        "code": f"INSERT INTO radar_codes ({codes}, display, calls) VALUES ({placeholders}) "  # noqa: S608
        f"ON CONFLICT ({codes}) DO UPDATE SET {sums}",
    }


_STATEMENTS = {"sqlite": _statements("?", ""), "postgresql": _statements("%s", " FOR UPDATE")}


def forget_days(connection: Connection, before: str) -> None:
    """Delete the counts of days that lie wholly before a time."""
    for table in (radar_days, radar_codes):
        connection.execute(delete(table).where(table.c.day < before[:_DAY]))


def counted_days(database: Database, since: str) -> Iterator[RadarDay]:
    """The counts from a day (``2026-03-01``) on, oldest first. Raises StoreError."""
    named: dict[str, tuple[list[str], str]] = {}
    with database.reading() as connection:
        for digest, findings, version in connection.execute(
            select(rule_sets.c.digest, rule_sets.c.findings, rule_sets.c.version)
        ):
            named[digest] = (orjson.loads(findings), version)
        query = select(radar_days).where(radar_days.c.day >= since).order_by(*radar_days.primary_key)
        for day, issuer, service, digest, calls, gated, findings, prefetch in connection.execute(query):
            names, version = named.get(digest, ([], ""))
            of_findings = dict(zip(names, _unpacked(findings), strict=False))
            yield RadarDay(day, issuer, service, digest, version, calls, gated, of_findings, orjson.loads(prefetch))


def counted_codes(database: Database, since: str) -> Iterator[CodeCount]:
    """Codes and units, as seen from a day on, oldest first. Raises StoreError."""
    query = select(radar_codes).where(radar_codes.c.day >= since).order_by(*radar_codes.primary_key)
    with database.reading() as connection:
        for day, issuer, kind, system, code, unit, display, calls in connection.execute(query):
            yield CodeCount(CodeKey(day, issuer, kind, system, code, unit), display, calls)


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
