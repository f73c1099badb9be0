"""That one row of the ledger is as it was written: its own hash, the rows beside it, the checkpoint that joins it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from service.store.chain import ZEROS, Row
from service.store.database import Database
from service.store.keys import Keyring
from service.store.tables import checkpoint_heads, checkpoints, ledger, tombstones

_COLUMNS = ("writer", "seq", "key", "kind", "at", "body", "previous", "hash")


@dataclass(frozen=True, slots=True)
class Proof:
    """What can be shown of a row. ``checkpoint`` is the number and time of the first checkpoint that joins it."""

    writer: str
    seq: int
    hash: str
    previous: str
    key: str
    is_whole: bool
    follows: bool
    is_followed: bool | None
    checkpoint: tuple[int, str] | None


def proof_of(database: Database, keyring: Keyring, writer: str, seq: int) -> Proof | None:
    """The proof of a row; None where it is not there. ``is_followed`` is None while it is the last of its writer.

    Raises StoreError when the database cannot be read.
    """
    beside = select(*(ledger.c[name] for name in _COLUMNS))
    beside = beside.where(ledger.c.writer == writer, ledger.c.seq.between(seq - 1, seq + 1))
    joined = select(checkpoints.c.number, checkpoints.c.at).join_from(
        checkpoint_heads, checkpoints, checkpoints.c.number == checkpoint_heads.c.checkpoint
    )
    joined = joined.where(checkpoint_heads.c.writer == writer, checkpoint_heads.c.seq >= seq)
    deleted = select(tombstones.c.last_hash).where(tombstones.c.writer == writer, tombstones.c.last_seq == seq - 1)
    with database.reading() as connection:
        rows = {row[1]: Row(*row) for row in connection.execute(beside)}
        first = connection.execute(joined.order_by(checkpoints.c.number).limit(1)).first()
        before_deleted = connection.execute(deleted).scalar()
    row = rows.get(seq)
    if row is None:
        return None
    previous = rows[seq - 1].hash if seq - 1 in rows else before_deleted or ZEROS
    following = rows.get(seq + 1)
    return Proof(
        writer,
        seq,
        row.hash,
        row.previous,
        row.key,
        row.is_complete(keyring),
        row.previous == previous,
        None if following is None else following.previous == row.hash and following.is_complete(keyring),
        None if first is None else (first[0], first[1]),
    )
