"""What of a ledger row stands in the other tables too, so that it can be searched.

The same functions fill the tables and, in ``audit verify``, say what must stand in them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from service.store.chain import Row
from service.store.packs import Packs
from service.store.tables import (
    card_rules,
    cards,
    decisions,
    feedback,
    ledger,
    rule_set_files,
    rule_sets,
    tombstones,
    writers,
)

Json = dict[str, Any]
Projected = dict[str, list[Json]]

# In the order in which they are filled.
_TABLES = (writers, rule_sets, rule_set_files, decisions, cards, card_rules, feedback, tombstones)


def insert_rows(connection: Connection, rows: Sequence[Row], packs: Packs) -> None:
    """Put ledger rows and what follows from them into the tables. Rows that are there already stay as they are."""
    values = [
        {
            "writer": row.writer,
            "seq": row.seq,
            "key": row.key,
            "kind": row.kind,
            "at": row.at,
            "body": row.body,
            "previous": row.previous,
            "hash": row.hash,
        }
        for row in rows
    ]
    _insert(connection, ledger, values)
    found = projected(rows)
    digests = {row["digest"] for row in found[rule_sets.name]}
    found[rule_set_files.name] = [
        {"digest": digest, "pack": pack} for digest in digests if (pack := packs.get(digest)) is not None
    ]
    for table in _TABLES:
        _insert(connection, table, found.get(table.name, []))


def projected(rows: Sequence[Row]) -> Projected:
    """What must stand in the other tables for these rows, by table."""
    into: Projected = {table.name: [] for table in _TABLES}
    for row in rows:
        _OF_KIND[row.kind](row, orjson.loads(row.body), into)
    return into


def _begin(row: Row, body: Json, into: Projected) -> None:
    into["writers"].append(
        {
            "id": row.writer,
            "begun": row.at,
            "service_version": body["service_version"],
        }
    )


def _rule_set(row: Row, body: Json, into: Projected) -> None:
    into["rule_sets"].append(
        {
            "digest": body["digest"],
            "name": body["name"],
            "version": body["version"],
            "first_used": row.at,
            "settings": orjson.dumps(body["settings"], option=orjson.OPT_SORT_KEYS).decode(),
            "findings": orjson.dumps(body["findings"]).decode(),
            "rules": orjson.dumps(body["rules"]).decode(),
        }
    )


def _decision(row: Row, body: Json, into: Projected) -> None:
    patient = body["patient"] or {}
    into["decisions"].append(
        {
            "id": body["id"],
            "writer": row.writer,
            "seq": row.seq,
            "at": body["at"],
            "service": body["service"],
            "hook": body["hook"],
            "hook_instance": body["hook_instance"],
            "issuer": body["issuer"],
            "ruleset": body["ruleset"],
            "patient": patient.get("hash"),
            "patient_key": patient.get("key"),
            "cards": len(body["cards"]),
            "problems": body["problem_count"],
            "microseconds": body["microseconds"],
        }
    )
    for card in body["cards"]:
        into["cards"].append({"uuid": card["uuid"], "decision": body["id"], "indicator": card["indicator"]})
        into["card_rules"].extend(
            {"card": card["uuid"], "rule": rule, "version": version, "speaks": speaks}
            for rule, version, speaks in card["rules"]
        )


def _feedback(row: Row, body: Json, into: Projected) -> None:
    names = ("event", "card", "service", "outcome", "outcome_at", "received_at", "reason", "comment", "issuer")
    into["feedback"].append({"writer": row.writer, "seq": row.seq} | {name: body[name] for name in names})


def _tombstone(row: Row, body: Json, into: Projected) -> None:
    into["tombstones"].extend(
        {**deleted, "before": body["before"], "by_writer": row.writer, "by_seq": row.seq} for deleted in body["deleted"]
    )


_OF_KIND: Mapping[str, Callable[[Row, Json, Projected], None]] = {
    "begin": _begin,
    "rule-set": _rule_set,
    "decision": _decision,
    "feedback": _feedback,
    "tombstone": _tombstone,
}
KINDS = frozenset(_OF_KIND)


def _insert(connection: Connection, table: Table, values: Sequence[Json]) -> None:
    if values:
        make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        connection.execute(make(table).on_conflict_do_nothing(), list(values))
