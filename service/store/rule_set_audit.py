"""Rule sets as an audit looks at them: what is stored of them, with their files, is what the ledger says."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Row, select

from service.store.audit_report import AuditReport
from service.store.chain import canonical
from service.store.tables import ledger, rule_set_files, rule_sets


def audit_rule_sets(connection: Connection, report: AuditReport) -> None:
    """Hold every rule set against the ledger."""
    said = rule_sets_named(connection)
    names = ("digest", "name", "version", "settings", "findings", "rules")
    known = {row.digest: row for row in connection.execute(select(*(rule_sets.c[name] for name in names)))}
    packs = dict(connection.execute(select(rule_set_files.c.digest, rule_set_files.c.pack)).all())
    for digest in sorted((known.keys() | packs.keys()) - said.keys()):
        report.add_issue(f"rule_sets {digest}", "no row of the ledger names it: inserted")
    for digest in sorted(said):
        if digest not in known:
            report.add_issue(f"rule_sets {digest}", "is missing: dropped")
        elif digest not in packs:
            report.add_issue(f"rule_set_files {digest}", "is missing, so its decisions cannot be made again: dropped")
        elif _body_digest(known[digest], packs[digest]) != said[digest]:
            report.add_issue(f"rule_sets {digest}", "it or its files are not what was in use: changed")


def rule_sets_named(connection: Connection, where: ColumnElement[bool] | None = None) -> Mapping[str, str]:
    """The SHA-256 of what the ledger says of every rule set, also in rows deleted by age."""
    said: dict[str, str] = {}
    rows = select(ledger.c.kind, ledger.c.body).where(ledger.c.kind.in_(["rule-set", "tombstone"]))
    for kind, text in connection.execute(rows if where is None else rows.where(where)):
        if kind == "rule-set":
            said[orjson.loads(text)["digest"]] = _sha256(text)
        else:
            said |= orjson.loads(text)["rule_sets"]
    return said


def _body_digest(row: Row[Any], pack: bytes) -> str | None:
    """The digest of what the ledger would say of this row and these files."""
    try:
        archive = hashlib.sha256(gzip.decompress(pack)).hexdigest()
        contents = {name: orjson.loads(getattr(row, name)) for name in ("settings", "findings", "rules")}
    except (OSError, EOFError, ValueError):
        return None
    body = {"digest": row.digest, "name": row.name, "version": row.version, **contents, "archive": archive}
    return _sha256(canonical(body))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
