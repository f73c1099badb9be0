"""What of a ledger row stands in the other tables too, so that it can be searched.

The same functions fill the tables and, in ``store verify``, say what must stand in them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import orjson
from sqlalchemy import BigInteger, Connection, Integer, LargeBinary, String, Table, Text
from sqlalchemy.dialects import sqlite

from service.store.chain import Row
from service.store.outline import Outline, outline
from service.store.packs import Packs
from service.store.radar import add_calls
from service.store.tables import (
    CARD_LENGTH,
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
Values = tuple[Any, ...]
Projected = dict[str, list[Values]]

# In the order in which they are filled.
PROJECTED = (writers, rule_sets, decisions, cards, card_rules, feedback, tombstones)


def insert_rows(connection: Connection, rows: Sequence[Row], packs: Packs) -> None:
    """Put ledger rows and what follows from them into the tables. Rows that are there already stay as they are."""
    values = [(row.writer, row.seq, row.key, row.kind, row.at, row.body, row.previous, row.hash) for row in rows]
    new = _inserted(connection, values)
    bodies = list(map(_read, rows))
    found = _filled(rows, bodies)
    for table in PROJECTED:
        _insert(connection, table, found[table.name])
    digests = {values[0] for values in found[rule_sets.name]}
    files = [(digest, pack) for digest in digests if (pack := packs.get(digest)) is not None]
    _insert(connection, rule_set_files, files)
    pairs = zip(rows, bodies, strict=True)
    add_calls(connection, [body for row, body in pairs if row.kind == "decision" and (row.writer, row.seq) in new])


def projected(rows: Sequence[Row]) -> Projected:
    """What must stand in the other tables for these rows, by table, each row in the order of the table's columns.

    Raises KeyError, TypeError, ValueError or AttributeError when a body is not one that the store writes.
    """
    return _filled(rows, list(map(_read, rows)))


def _read(row: Row) -> Any:
    """The body of a row; of a decision, which is long, what is looked at here."""
    return outline(row.body) if row.kind == "decision" else orjson.loads(row.body)


def _filled(rows: Sequence[Row], bodies: Sequence[Any]) -> Projected:
    into: Projected = {table.name: [] for table in PROJECTED}
    for row, body in zip(rows, bodies, strict=True):
        _OF_KIND[row.kind](row, body, into)
    return into


def _begin(row: Row, body: Json, into: Projected) -> None:
    into["writers"].append((row.writer, row.at, body["service_version"]))


def _rule_set(row: Row, body: Json, into: Projected) -> None:
    settings = orjson.dumps(body["settings"], option=orjson.OPT_SORT_KEYS).decode()
    findings, rules = (orjson.dumps(body[name]).decode() for name in ("findings", "rules"))
    into["rule_sets"].append((body["digest"], body["name"], body["version"], row.at, settings, findings, rules))


def _decision(row: Row, body: Outline, into: Projected) -> None:
    patient = body.patient or {}
    into["decisions"].append(
        (
            body.id,
            row.writer,
            row.seq,
            body.at,
            body.service,
            body.hook,
            body.hook_instance,
            body.issuer,
            body.ruleset,
            patient.get("hash"),
            patient.get("key"),
            len(body.cards),
            _how_gated(body.gate),
            body.problem_count,
            body.microseconds,
        )
    )
    for card in body.cards:
        into["cards"].append((card.uuid, body.id, card.indicator))
        into["card_rules"] += [(card.uuid, *rule) for rule in card.rules]


def _how_gated(gate: Json | None) -> str | None:
    return None if gate is None else "in full" if gate["in_full"] else "skipped"


def _feedback(row: Row, body: Json, into: Projected) -> None:
    names = ("service", "outcome", "outcome_at", "received_at", "reason", "comment", "issuer")
    values = (_storable(body[name]) for name in names)
    # A client may send anything as the uuid; what does not fit names no card that is known.
    card = _storable(body["card"])[:CARD_LENGTH]
    into["feedback"].append((body["event"], row.writer, row.seq, card, *values))


def _storable(text: Any) -> Any:
    """PostgreSQL holds no NUL in text: one such row would keep its whole batch from ever reaching the database."""
    return text.replace("\x00", "\ufffd") if isinstance(text, str) else text


def _tombstone(row: Row, body: Json, into: Projected) -> None:
    # The beginning of these writers was deleted; they are named here instead.
    into["writers"] += map(tuple, body["writers"])
    names = ("writer", "last_seq", "last_hash", "count")
    for deleted in body["deleted"]:
        values = (deleted[name] for name in names)
        into["tombstones"].append((*values, body["before"], row.writer, row.seq))


_OF_KIND: Mapping[str, Callable[[Row, Any, Projected], None]] = {
    "begin": _begin,
    "rule-set": _rule_set,
    "decision": _decision,
    "feedback": _feedback,
    "tombstone": _tombstone,
}


_THERE = "SELECT seq FROM ledger WHERE writer = ? AND seq BETWEEN ? AND ?"


def _inserted(connection: Connection, rows: Sequence[Values]) -> set[tuple[str, int]]:
    """Put rows into the ledger; which of them were not there before. Two drains may write the same row."""
    if connection.dialect.name != "sqlite":
        statement = f"{_all_at_once(ledger)} RETURNING writer, seq"
        arrays = tuple(map(list, zip(*rows, strict=True)))
        return {(writer, seq) for writer, seq in connection.exec_driver_sql(statement, arrays)} if rows else set()
    # Nobody else writes to a SQLite file meanwhile, so what is there now is what was there before.
    there: set[tuple[str, int]] = set()
    numbers: dict[str, list[int]] = {}
    for values in rows:
        numbers.setdefault(values[0], []).append(values[1])
    for writer, seqs in numbers.items():
        there.update((writer, seq) for [seq] in connection.exec_driver_sql(_THERE, (writer, min(seqs), max(seqs))))
    _insert(connection, ledger, rows)
    return {(values[0], values[1]) for values in rows} - there


def _insert(connection: Connection, table: Table, values: Sequence[Values]) -> None:
    if not values:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_one_by_one(table), list(values))
    else:
        connection.exec_driver_sql(_all_at_once(table), tuple(map(list, zip(*values, strict=True))))


@cache
def _one_by_one(table: Table) -> str:
    """SQLite takes many rows of one statement without a round trip for each."""
    statement = sqlite.insert(table).on_conflict_do_nothing()
    return str(statement.compile(dialect=sqlite.dialect()))


@cache
def _all_at_once(table: Table) -> str:
    """PostgreSQL takes all rows as one array for each column: one statement, whatever their number."""
    kinds = {String: "text", Text: "text", Integer: "int", BigInteger: "bigint", LargeBinary: "bytea"}
    arrays = ", ".join(f"%b::{kinds[type(column.type)]}[]" for column in table.columns)
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    return f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({arrays}) ON CONFLICT DO NOTHING"  # noqa: S608
