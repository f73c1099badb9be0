"""Deletion by age, so that it shows: a tombstone says what was deleted, and the chain goes on from there."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, and_, delete, func, select

from service.store.chain import ZEROS, Link, Row, canonical, chained
from service.store.database import Database
from service.store.keys import Keyring
from service.store.options import StoreOptions
from service.store.projection import insert_rows
from service.store.radar import forget_days
from service.store.rule_set_audit import rule_sets_named
from service.store.tables import card_rules, cards, decisions, feedback, ledger, tombstones, writers
from service.store.times import written

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Expired:
    """What was deleted: how many rows of how many writers, and the row of the ledger that says so."""

    rows: int
    writers: int
    tombstone: Row | None


def expire(database: Database, options: StoreOptions, keyring: Keyring, before: datetime, now: datetime) -> Expired:
    """Delete everything older than ``before``, and say so in the chain, all or nothing. Raises StoreError.

    Of each writer the oldest rows go, up to the first that is young enough. Rule sets and checkpoints stay: they hold
    nothing about patients, and with them a later audit can tell what was deleted from what was dropped.
    """
    limit = written(before)
    with database.writing(alone=True) as connection:
        if database.is_sqlite:
            # What is deleted must not stay readable in free pages of the file.
            connection.exec_driver_sql("PRAGMA secure_delete = ON")
        forget_days(connection, limit)
        ends = _ends(connection, limit)
        if not ends:
            return Expired(0, 0, None)
        said, begun = _said_in(connection, ends), _begun_in(connection, ends)
        deleted = [*_carried(connection, ends), *ends]
        count = sum(end["count"] for end in ends)
        for end in ends:
            _delete(connection, end["writer"], end["last_seq"])
        body = {"before": limit, "deleted": deleted, "rule_sets": said, "writers": begun}
        rows = _tombstone(body, keyring, written(now))
        insert_rows(connection, rows, options.packs)
        return Expired(count, len(ends), rows[-1])


def _ends(connection: Connection, limit: str) -> list[Json]:
    """Of every writer the last row to be deleted, and how many there are."""
    found = []
    for (writer,) in connection.execute(select(writers.c.id).order_by(writers.c.id)).all():
        mine = ledger.c.writer == writer
        young = connection.execute(select(func.min(ledger.c.seq)).where(mine, ledger.c.at >= limit)).scalar()
        old = mine if young is None else and_(mine, ledger.c.seq < young)
        count, last = connection.execute(select(func.count(), func.max(ledger.c.seq)).where(old)).one()
        if count:
            hashed = connection.execute(select(ledger.c.hash).where(mine, ledger.c.seq == last)).scalar_one()
            found.append({"writer": writer, "last_seq": last, "last_hash": hashed, "count": count})
    return found


def _said_in(connection: Connection, ends: Sequence[Json]) -> Mapping[str, str]:
    """What the rows to be deleted say of rule sets."""
    said: dict[str, str] = {}
    for end in ends:
        said |= rule_sets_named(connection, and_(ledger.c.writer == end["writer"], ledger.c.seq <= end["last_seq"]))
    return said


def _begun_in(connection: Connection, ends: Sequence[Json]) -> list[list[str]]:
    """What the rows to be deleted say of the beginning of writers: id, time, version."""
    begun: list[list[str]] = []
    for end in ends:
        rows = select(ledger.c.kind, ledger.c.at, ledger.c.body).where(
            ledger.c.writer == end["writer"],
            ledger.c.seq <= end["last_seq"],
            ledger.c.kind.in_(["begin", "tombstone"]),
        )
        for kind, at, text in connection.execute(rows):
            body = orjson.loads(text)
            begun += [[end["writer"], at, body["service_version"]]] if kind == "begin" else body["writers"]
    return begun


def _carried(connection: Connection, ends: Sequence[Json]) -> list[Json]:
    """What earlier tombstones say that are themselves deleted now, of writers of which nothing more is deleted now."""
    again = {end["writer"] for end in ends}
    carried: list[Json] = []
    for end in ends:
        mine = and_(tombstones.c.by_writer == end["writer"], tombstones.c.by_seq <= end["last_seq"])
        names = ("writer", "last_seq", "last_hash", "count")
        for row in connection.execute(select(*(tombstones.c[name] for name in names)).where(mine)).all():
            body = dict(zip(names, row, strict=True))
            if body["writer"] not in again:
                carried.append(body)
        connection.execute(delete(tombstones).where(mine))
    return carried


def _delete(connection: Connection, writer: str, last: int) -> None:
    mine = and_(decisions.c.writer == writer, decisions.c.seq <= last)
    gone = select(decisions.c.id).where(mine)
    its_cards = select(cards.c.uuid).where(cards.c.decision.in_(gone))
    connection.execute(delete(card_rules).where(card_rules.c.card.in_(its_cards)))
    connection.execute(delete(cards).where(cards.c.decision.in_(gone)))
    connection.execute(delete(decisions).where(mine))
    connection.execute(delete(feedback).where(feedback.c.writer == writer, feedback.c.seq <= last))
    connection.execute(delete(ledger).where(ledger.c.writer == writer, ledger.c.seq <= last))


def _tombstone(body: Json, keyring: Keyring, now: str) -> list[Row]:
    """The rows of a chain of its own that says what was deleted."""
    writer = secrets.token_hex(8)
    begin = chained(Link(writer, 1, ZEROS), "begin", now, canonical({"service_version": "retention"}), keyring)
    return [begin, chained(Link(writer, 2, begin.hash), "tombstone", now, canonical(body), keyring)]
