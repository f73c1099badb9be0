"""Rule sets as an audit looks at them: the files are those that the ledger names."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping

import orjson
from sqlalchemy import Connection, select

from service.store.faults import AuditReport
from service.store.tables import ledger, rule_sets


def audit_rule_sets(connection: Connection, report: AuditReport) -> None:
    """Hold the kept files of every rule set against what the ledger says of it."""
    said = archives_named(connection)
    found = dict(connection.execute(select(rule_sets.c.digest, rule_sets.c.pack)).tuples().all())
    for digest in said.keys() - found.keys():
        report.fault(f"rule_sets {digest}", "is missing: dropped")
    for digest, pack in found.items():
        where = f"rule_sets {digest}"
        if digest not in said:
            report.fault(where, "no row of the ledger speaks of it: inserted")
        elif pack is None:
            report.fault(where, "its files are not here, so its decisions cannot be made again")
        elif _digest(pack) != said[digest]:
            report.fault(where, "its files are not those that were in use: changed")


def archives_named(connection: Connection) -> Mapping[str, str]:
    """The digest of the archive of every rule set that the ledger speaks of, also in rows deleted by age."""
    said: dict[str, str] = {}
    rows = select(ledger.c.kind, ledger.c.body).where(ledger.c.kind.in_(["rule-set", "tombstone"]))
    for kind, text in connection.execute(rows):
        body = orjson.loads(text)
        said |= {body["digest"]: body["archive"]} if kind == "rule-set" else body["rule_sets"]
    return said


def _digest(pack: bytes) -> str | None:
    try:
        return hashlib.sha256(gzip.decompress(pack)).hexdigest()
    except (OSError, EOFError):
        return None
