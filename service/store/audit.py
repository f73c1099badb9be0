"""``audit verify``: whether the memory is as it was written. Names every row that was changed, dropped or inserted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Connection, select

from service.store.chain import ZEROS, Row
from service.store.checkpoint_audit import audit_anchor, audit_checkpoints
from service.store.database import Database
from service.store.faults import AuditReport
from service.store.keys import Keyring
from service.store.projection_audit import ProjectionAudit
from service.store.rule_set_audit import audit_rule_sets
from service.store.tables import ledger, tombstones

_CHUNK = 2000
# Rows whose hash is wrong are compared with each other, to tell an exchange from a change.
_MOST_COMPARED = 500


@dataclass
class _Chains:
    """The chains as they are walked: where each writer is, and which rows did not hold."""

    keyring: Keyring
    report: AuditReport
    deleted: dict[str, tuple[int, str]]
    heads: dict[str, tuple[int, str]] = field(default_factory=dict)
    broken: list[Row] = field(default_factory=list)

    def see(self, row: Row) -> None:
        """Hold one row against the one before it."""
        last, previous = self.heads.get(row.writer) or self.deleted.get(row.writer, (0, ZEROS))
        if row.seq > last + 1:
            first, name = last + 1, f"ledger {row.writer}/{last + 1}"
            told = "this row is" if row.seq == first + 1 else f"the rows from this to {row.seq - 1} are"
            self.report.fault(name, f"{told} missing: dropped")
        if not row.is_whole(self.keyring):
            if row.key in self.keyring.keys:
                self.broken.append(row)
            else:
                self.report.fault(f"ledger {row.writer}/{row.seq}", f"made under the key {row.key}, which is not here")
        elif row.previous != previous and row.seq == last + 1:
            self.report.fault(f"ledger {row.writer}/{row.seq}", "does not follow the row before it: inserted")
        self.heads[row.writer] = (row.seq, row.hash)

    def tell_broken(self) -> None:
        """Say of every row that is not what was written whether it was exchanged with another, or changed."""
        told: set[tuple[str, int]] = set()
        compared = self.broken[:_MOST_COMPARED]
        for row in compared:
            for other in compared:
                if row.writer == other.writer and row.seq < other.seq and self._exchanged(row, other):
                    told |= {(row.writer, row.seq), (row.writer, other.seq)}
                    self.report.fault(f"ledger {row.writer}/{row.seq}", f"swapped with {row.writer}/{other.seq}")
        for row in self.broken:
            if (row.writer, row.seq) not in told:
                self.report.fault(f"ledger {row.writer}/{row.seq}", "is not what was written: changed or inserted")

    def _exchanged(self, row: Row, other: Row) -> bool:
        """Whether each has the content that belongs to the place of the other, with its hash or without."""
        hashes = {row.hash, other.hash}
        return {row.hash_at(other.seq, self.keyring), other.hash_at(row.seq, self.keyring)} == hashes


def audit(database: Database, keyring: Keyring, anchor: tuple[int, str] | None = None) -> AuditReport:
    """Look at everything. ``anchor`` is number and hash of a checkpoint as it was published outside the store.

    Raises StoreError when the database cannot be read.
    """
    report = AuditReport()
    with database.reading() as connection:
        chains = _Chains(keyring, report, _deleted(connection))
        projections = ProjectionAudit(connection, report, partial(_ledger, connection))
        for rows in _ledger(connection):
            for row in rows:
                chains.see(row)
            projections.see(rows)
            report.rows += len(rows)
        chains.tell_broken()
        projections.finish()
        audit_checkpoints(connection, keyring, chains.heads, chains.deleted, report)
        if anchor is not None:
            audit_anchor(connection, anchor, report)
        audit_rule_sets(connection, report)
    return report


def _ledger(connection: Connection) -> Iterator[list[Row]]:
    """All rows, writer by writer in order; the next ones are fetched while these are looked at."""
    with ThreadPoolExecutor(1, "audit") as fetching:
        parts = _fetched(connection)
        coming = fetching.submit(next, parts, None)
        while (part := coming.result()) is not None:
            coming = fetching.submit(next, parts, None)
            yield [Row(*row) for row in part]


def _fetched(connection: Connection) -> Iterator[Sequence[Any]]:
    columns = [ledger.c[name] for name in ("writer", "seq", "key", "kind", "at", "body", "previous", "hash")]
    rows = select(*columns).order_by(ledger.c.writer, ledger.c.seq)
    result = connection.execution_options(stream_results=True, max_row_buffer=_CHUNK).execute(rows)
    yield from result.partitions(_CHUNK)


def _deleted(connection: Connection) -> dict[str, tuple[int, str]]:
    """The last row that was deleted by age of each writer, and its hash."""
    found = select(tombstones.c.writer, tombstones.c.last_seq, tombstones.c.last_hash).order_by(tombstones.c.last_seq)
    return {writer: (seq, hashed) for writer, seq, hashed in connection.execute(found)}
