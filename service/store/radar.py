"""Data radar, the counting: what arrived of each fact, each prefetch key, and codes and units that nothing reads.

Counts only. Those of findings and prefetch keys follow from the decisions that come home, in the same transaction;
codes are counted in memory by the process that saw them (``radar_codes.py``) and go along with its next rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, Table, and_, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from service.store.database import Database
from service.store.tables import radar_codes, radar_days, rule_sets

Key = tuple[str, str, str, str]
"""Day, issuer, service, digest of the rule set."""
_DAY = 10
_PRESENT, _ABSENT, _UNKNOWN = "pmv", "a", "unw"


@dataclass(frozen=True, slots=True)
class CodeKey:
    """A code, or a unit of a code that is read, which nothing reads: seen on a day from a client."""

    day: str
    issuer: str
    type: str
    system: str
    code: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class CodeCount:
    """In how many calls of that day and client a code or unit was seen, and what the code is called, if known."""

    key: CodeKey
    display: str | None
    calls: int


@dataclass(frozen=True, slots=True)
class RadarDay:
    """The counts of one day, client and service under one rule set.

    ``findings`` are (present, absent, unknown) by name; ``prefetch`` counts by key and state; ``version`` is that of
    the rule set.
    """

    day: str
    issuer: str
    service: str
    ruleset: str
    version: str
    calls: int
    findings: Mapping[str, tuple[int, int, int]]
    prefetch: Mapping[str, Mapping[str, int]]


class Counts:
    """Counts of some calls of one day, client, service and rule set, added up before they are written."""

    def __init__(self) -> None:
        self.calls = 0
        self.letters: list[str] = []
        self.prefetch: dict[str, Counter[str]] = {}

    def add(self, findings: str, prefetch: Mapping[str, Sequence[str]]) -> None:
        """Add one call: the letters of its findings, and its prefetch keys by state."""
        self.calls += 1
        self.letters.append(findings)
        for state, keys in prefetch.items():
            for key in keys:
                self.prefetch.setdefault(key, Counter())[state] += 1

    def findings(self) -> list[list[int]]:
        """How often each finding was present, absent, unknown."""
        present, absent, unknown = [], [], []
        for column in zip(*self.letters, strict=True):
            said = "".join(column)
            present.append(sum(map(said.count, _PRESENT)))
            absent.append(said.count(_ABSENT))
            unknown.append(sum(map(said.count, _UNKNOWN)))
        return [present, absent, unknown]


def add_calls(connection: Connection, bodies: Iterable[str]) -> None:
    """Count decisions that came home just now, each for the first time, by their bodies."""
    counts: dict[Key, Counts] = {}
    for body in map(orjson.loads, bodies):
        key = (body["at"][:_DAY], body["issuer"] or "", body["service"], body["ruleset"])
        counts.setdefault(key, Counts()).add(body["findings"], body.get("prefetch", {}))
    # In one order, so that two processes never wait for each other in a circle.
    for key in sorted(counts):
        _add_day(connection, key, counts[key])


def _add_day(connection: Connection, key: Key, counts: Counts) -> None:
    columns = (radar_days.c.day, radar_days.c.issuer, radar_days.c.service, radar_days.c.ruleset)
    of_key = and_(*(column == value for column, value in zip(columns, key, strict=True)))
    findings, prefetch = counts.findings(), {name: dict(states) for name, states in counts.prefetch.items()}
    names = [column.name for column in columns]
    new = dict(zip(names, key, strict=True)) | {
        "calls": counts.calls,
        "findings": _json(findings),
        "prefetch": _json(prefetch),
    }
    if connection.execute(_insert_new(connection, radar_days), new).rowcount:
        return
    kept = select(radar_days.c.calls, radar_days.c.findings, radar_days.c.prefetch).where(of_key).with_for_update()
    calls, old_findings, old_prefetch = connection.execute(kept).one()
    sums = [
        [one + other for one, other in zip(*pair, strict=True)]
        for pair in zip(orjson.loads(old_findings), findings, strict=True)
    ]
    merged = orjson.loads(old_prefetch)
    for name, states in prefetch.items():
        merged[name] = dict(Counter(merged.get(name, {})) + Counter(states))
    connection.execute(
        radar_days.update().where(of_key),
        {"calls": calls + counts.calls, "findings": _json(sums), "prefetch": _json(merged)},
    )


def add_codes(connection: Connection, codes: Sequence[CodeCount]) -> None:
    """Add what was seen of codes and units that nothing reads."""
    for seen in sorted(codes, key=lambda one: repr(one.key)):
        key = seen.key
        values = {name: getattr(key, name) for name in ("day", "issuer", "type", "system", "code", "unit")}
        dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
        statement = dialect.insert(radar_codes).values(**values, display=seen.display, calls=seen.calls)
        again: dict[str, Any] = {"calls": radar_codes.c.calls + seen.calls}
        if seen.display is not None:
            again["display"] = seen.display
        connection.execute(statement.on_conflict_do_update(index_elements=list(values), set_=again))


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
        for day, issuer, service, digest, calls, findings, prefetch in connection.execute(query):
            names, version = named.get(digest, ([], ""))
            present, absent, unknown = orjson.loads(findings)
            of_findings = dict(zip(names, zip(present, absent, unknown, strict=True), strict=False))
            yield RadarDay(day, issuer, service, digest, version, calls, of_findings, orjson.loads(prefetch))


def counted_codes(database: Database, since: str) -> Iterator[CodeCount]:
    """Codes and units that nothing reads, as seen from a day on, oldest first. Raises StoreError."""
    query = select(radar_codes).where(radar_codes.c.day >= since).order_by(*radar_codes.primary_key)
    with database.reading() as connection:
        for day, issuer, kind, system, code, unit, display, calls in connection.execute(query):
            yield CodeCount(CodeKey(day, issuer, kind, system, code, unit), display, calls)


def _insert_new(connection: Connection, table: Table) -> Any:
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    return dialect.insert(table).on_conflict_do_nothing()


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
