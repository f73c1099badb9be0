"""``store verify``: whether the decision log is as it was written. Names every changed, dropped or inserted row."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from service.errors import StoreError
from service.store.audit_report import AuditReport
from service.store.chain_audit import ChainAudit, Walk, ledger_rows
from service.store.checkpoint_audit import audit_anchors, audit_checkpoints
from service.store.database import Database
from service.store.keys import Keyring
from service.store.projection_audit import ProjectionAudit
from service.store.rule_set_audit import audit_rule_sets
from service.store.schema_audit import audit_schema, audit_types, readable
from service.store.tables import ledger, tombstones

# Below this many rows a second process costs more than it saves.
_MANY = 100_000
_MOST_PROCESSES = 4

Ends = Mapping[str, tuple[int, str]]


def audit(
    database: Database,
    keyring: Keyring,
    anchors: Sequence[Path] = (),
    published: Sequence[tuple[int, str]] = (),
    processes: int | None = None,
) -> AuditReport:
    """Look at everything, as it is at one moment. Uses a process per core where there is much to look at.

    ``anchors`` are the files beside the keys and elsewhere that hold the newest checkpoint; ``published`` are numbers
    and hashes of checkpoints as somebody else has them. One part that cannot be looked at hides no other. Raises
    StoreError when the database cannot be read.
    """
    report = AuditReport()
    with database.reading() as connection:
        if not audit_schema(connection, report):
            return report
        audit_types(connection, report)
        tops = _tops(connection)
        deleted = _deleted(connection)
        count = processes or (_cores() if sum(tops.values()) > _MANY else 1)
        chains = ChainAudit(keyring, report)
        projections = ProjectionAudit(connection, report, partial(ledger_rows, connection, tops))
        for walk in _walks(database, connection, keyring, _shares(tops, count), deleted):
            chains.add(walk)
            projections.add(walk.projected)
        chains.name_broken()
        parts: Mapping[str, Callable[[], None]] = {
            "tables": projections.finish,
            "checkpoints": lambda: audit_checkpoints(connection, keyring, chains.heads, deleted, report),
            "anchors": lambda: audit_anchors(connection, anchors, published, report),
            "rule sets": lambda: audit_rule_sets(connection, report),
        }
        for name, look in parts.items():
            _look(name, look, report)
    return report


def _look(name: str, look: Callable[[], None], report: AuditReport) -> None:
    """Look at one part of the store; a value that cannot even be read there is an issue, and hides no other part."""
    try:
        look()
    except (StoreError, SQLAlchemyError):
        raise
    except Exception as error:  # noqa: BLE001  # whatever a changed value breaks, the other parts must be seen
        report.add_issue(name, f"hold a value that cannot be read ({type(error).__name__}): changed")


def _walks(
    database: Database, connection: Connection, keyring: Keyring, shares: Sequence[Mapping[str, int]], deleted: Ends
) -> Sequence[Walk]:
    """The chains walked, a share of the writers by each process."""
    if len(shares) <= 1:
        return [Walk.over(ledger_rows(connection, share), keyring, deleted) for share in shares]
    # Forked, since the sums of hashes are comparable only under the same hash seed.
    with multiprocessing.get_context("fork").Pool(len(shares)) as pool:
        return pool.starmap(_walk, [(database.url, keyring, share, deleted) for share in shares])


def _walk(url: object, keyring: Keyring, share: Mapping[str, int], deleted: Ends) -> Walk:
    """What a process of its own sees of its share; rows that came later than the moment of the audit are left out."""
    database = Database(url)  # type: ignore[arg-type]
    with database.reading() as connection:
        walk = Walk.over(ledger_rows(connection, share), keyring, deleted)
    database.close()
    return walk


def _tops(connection: Connection) -> dict[str, int]:
    """The last row of every writer."""
    found = select(ledger.c.writer, func.max(ledger.c.seq)).where(readable(connection, ledger, "writer", "seq"))
    return dict(connection.execute(found.group_by(ledger.c.writer).order_by(ledger.c.writer)).all())


def _shares(tops: Mapping[str, int], count: int) -> list[Mapping[str, int]]:
    """The writers in ``count`` shares of about as many rows, each a run of names in order."""
    shares: list[dict[str, int]] = [{}]
    each = sum(tops.values()) / count
    for writer in sorted(tops):
        if sum(shares[-1].values()) >= each and len(shares) < count:
            shares.append({})
        shares[-1][writer] = tops[writer]
    return [share for share in shares if share]


def _deleted(connection: Connection) -> dict[str, tuple[int, str]]:
    """The last row that was deleted by age of each writer, and its hash."""
    found = select(tombstones.c.writer, tombstones.c.last_seq, tombstones.c.last_hash).order_by(tombstones.c.last_seq)
    found = found.where(readable(connection, tombstones, "writer", "last_seq", "last_hash"))
    return {writer: (seq, hashed) for writer, seq, hashed in connection.execute(found)}


def _cores() -> int:
    return min(_MOST_PROCESSES, len(os.sched_getaffinity(0)))
