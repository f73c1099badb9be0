"""The chains as an audit walks them: every row whole, under a key that we have, and following the one before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from service.store.audit_report import AuditReport
from service.store.chain import ZEROS, Row
from service.store.keys import Keyring
from service.store.projection_audit import AddedUp
from service.store.schema_audit import readable
from service.store.tables import ledger

_CHUNK = 2000
# Rows whose hash is wrong are compared with each other, to tell an exchange from a change.
_MOST_COMPARED = 500

Ends = Mapping[str, tuple[int, str]]


@dataclass
class Walk:
    """What was seen of some chains: issues, rows that are not whole, where each ends, what follows from them."""

    report: AuditReport = field(default_factory=AuditReport)
    heads: dict[str, tuple[int, str]] = field(default_factory=dict)
    broken: list[Row] = field(default_factory=list)
    projected: AddedUp = field(default_factory=AddedUp)

    @classmethod
    def over(cls, parts: Iterable[Sequence[Row]], keyring: Keyring, deleted: Ends) -> Walk:
        """Walk over rows that come writer by writer in order. ``deleted`` says where a chain begins that was cut."""
        walk = cls()
        for rows in parts:
            for row in rows:
                walk._see(row, keyring, deleted)
            walk.projected.see(rows)
            walk.report.rows += len(rows)
        return walk

    def _see(self, row: Row, keyring: Keyring, deleted: Ends) -> None:
        last, previous = self.heads.get(row.writer) or deleted.get(row.writer, (0, ZEROS))
        if row.seq > last + 1:
            missing = "this row is" if row.seq == last + 2 else f"the rows from this to {row.seq - 1} are"
            self.report.add_issue(f"ledger {row.writer}/{last + 1}", f"{missing} missing: dropped")
        if not row.is_complete(keyring):
            if row.key in keyring.keys:
                self.broken.append(row)
            else:
                self.report.add_issue(
                    f"ledger {row.writer}/{row.seq}", f"made under the key {row.key}, which is not here"
                )
        elif row.previous != previous and row.seq == last + 1:
            self.report.add_issue(f"ledger {row.writer}/{row.seq}", "does not follow the row before it: inserted")
        self.heads[row.writer] = (row.seq, row.hash)


class ChainAudit:
    """Brings together what was seen of all chains."""

    def __init__(self, keyring: Keyring, report: AuditReport) -> None:
        self.heads: dict[str, tuple[int, str]] = {}
        self._keyring = keyring
        self._report = report
        self._broken: list[Row] = []

    def add(self, walk: Walk) -> None:
        """Add what was seen of some chains."""
        self._report.add(walk.report)
        self._report.decisions += walk.projected.decisions
        self.heads |= walk.heads
        self._broken += walk.broken

    def name_broken(self) -> None:
        """Say of every row that is not what was written whether it was exchanged with another, or changed."""
        named: set[tuple[str, int]] = set()
        compared = self._broken[:_MOST_COMPARED]
        for row in compared:
            for other in compared:
                if row.writer == other.writer and row.seq < other.seq and self._exchanged(row, other):
                    named |= {(row.writer, row.seq), (row.writer, other.seq)}
                    self._report.add_issue(f"ledger {row.writer}/{row.seq}", f"swapped with {row.writer}/{other.seq}")
        for row in self._broken:
            if (row.writer, row.seq) not in named:
                self._report.add_issue(f"ledger {row.writer}/{row.seq}", "is not what was written: changed or inserted")

    def _exchanged(self, row: Row, other: Row) -> bool:
        """Whether each has the content that belongs to the number of the other, with its hash or without."""
        hashes = {row.hash, other.hash}
        return {row.hash_at(other.seq, self._keyring), other.hash_at(row.seq, self._keyring)} == hashes


def ledger_rows(connection: Connection, tops: Mapping[str, int]) -> Iterator[list[Row]]:
    """The rows of these writers up to these numbers, writer by writer in order."""
    if not tops:
        return
    columns = [ledger.c[name] for name in ("writer", "seq", "key", "kind", "at", "body", "previous", "hash")]
    rows = select(*columns).where(ledger.c.writer.between(min(tops), max(tops)))
    rows = rows.where(readable(connection, ledger, "writer", "seq")).order_by(ledger.c.writer, ledger.c.seq)
    result = connection.execution_options(stream_results=True, max_row_buffer=_CHUNK).execute(rows)
    for part in result.partitions(_CHUNK):
        yield [Row(*row) for row in part if row.seq <= tops.get(row.writer, 0)]
