"""Checkpoints: how far every chain was at one moment, chained among themselves and signed with a key."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import Connection, func, select

from service.store.anchor import Anchor, write_anchor
from service.store.chain import ZEROS
from service.store.database import Database
from service.store.keys import Keyring
from service.store.tables import checkpoint_heads, checkpoints, ledger, writers
from service.store.times import written


@dataclass(frozen=True, slots=True)
class Head:
    """The last row of a chain: ``row_hash`` is its hash."""

    writer: str
    seq: int
    row_hash: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One checkpoint, without its heads."""

    number: int
    at: str
    rows: int
    previous: str
    hash: str
    key: str
    signature: str

    def is_complete(self, heads: Iterable[Head]) -> bool:
        """Whether the hash is that of the content."""
        return self.hash == checkpoint_hash(self.number, self.at, self.rows, self.previous, heads)


def checkpoint_hash(number: int, at: str, rows: int, previous: str, heads: Iterable[Head]) -> str:
    """The hash of a checkpoint and its heads."""
    parts = [str(number), at, str(rows), previous]
    for head in sorted(heads, key=lambda head: head.writer):
        parts += [head.writer, str(head.seq), head.row_hash]
    return hashlib.sha256("\t".join(parts).encode()).hexdigest()


def make_checkpoint(database: Database, keyring: Keyring, anchors: Sequence[Path], now: datetime) -> Checkpoint | None:
    """Join all chains as they stand; None when nothing was written since the last one.

    What was joined is written into the files ``anchors`` too. Raises StoreError.
    """
    made = _join(database, keyring, now)
    if made is not None and not write_anchor(anchors, Anchor(made.number, made.hash, made.rows)):
        structlog.get_logger().error(
            "store", error="the store has another history than the anchor beside its keys", checkpoint=made.number
        )
    return made


def _join(database: Database, keyring: Keyring, now: datetime) -> Checkpoint | None:
    with database.writing(alone=True) as connection:
        grown = list(_grown(connection))
        if not grown:
            return None
        last = last_checkpoint(connection)
        number, before, previous = (last.number + 1, last.rows, last.hash) if last else (1, 0, ZEROS)
        heads = [head for head, _ in grown]
        rows = before + sum(head.seq - joined for head, joined in grown)
        at = written(now)
        hashed = checkpoint_hash(number, at, rows, previous, heads)
        made = Checkpoint(number, at, rows, previous, hashed, keyring.current, keyring.sign(hashed))
        connection.execute(
            checkpoints.insert(), {column.name: getattr(made, column.name) for column in checkpoints.columns}
        )
        connection.execute(
            checkpoint_heads.insert(),
            [{"writer": head.writer, "seq": head.seq, "hash": head.row_hash, "checkpoint": number} for head in heads],
        )
        return made


def last_checkpoint(connection: Connection) -> Checkpoint | None:
    """The newest checkpoint."""
    found = connection.execute(select(checkpoints).order_by(checkpoints.c.number.desc()).limit(1)).first()
    return Checkpoint(*found) if found else None


def _grown(connection: Connection) -> Iterator[tuple[Head, int]]:
    """The new head of every chain that has grown, and how far it was joined before."""
    top = select(func.max(ledger.c.seq)).where(ledger.c.writer == writers.c.id).scalar_subquery()
    joined = select(func.max(checkpoint_heads.c.seq)).where(checkpoint_heads.c.writer == writers.c.id).scalar_subquery()
    for writer, highest, before in connection.execute(select(writers.c.id, top, joined)).all():
        known = before or 0
        if highest is not None and highest > known and (head := _end_of_run(connection, writer, known)) is not None:
            yield head, known


def _end_of_run(connection: Connection, writer: str, known: int) -> Head | None:
    """The last row without a gap below it: rows of one writer may be drained in two pieces."""
    rows = select(ledger.c.seq, ledger.c.hash).where(ledger.c.writer == writer, ledger.c.seq > known)
    head = None
    for seq, hashed in connection.execute(rows.order_by(ledger.c.seq)):
        if seq != known + 1:
            break
        known, head = seq, Head(writer, seq, hashed)
    return head
