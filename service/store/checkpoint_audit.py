"""Checkpoints as an audit looks at them: complete, signed, without gaps, and every head still there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import orjson
from sqlalchemy import Connection, and_, select

from service.errors import StoreError
from service.store.anchor import read_anchor
from service.store.audit_report import AuditReport
from service.store.chain import ZEROS
from service.store.checkpoints import Checkpoint, Head
from service.store.keys import Keyring
from service.store.tables import checkpoint_heads, checkpoints, ledger

Heads = Mapping[str, tuple[int, str]]


def audit_checkpoints(
    connection: Connection, keyring: Keyring, heads: Heads, deleted: Heads, report: AuditReport
) -> None:
    """Hold the checkpoints against the chains, of which ``heads`` are the last rows that are there."""
    joined = _audit_chain(connection, keyring, report)
    for writer, seq in joined.items():
        last = max(heads.get(writer, (0, ""))[0], deleted.get(writer, (0, ""))[0])
        if last < seq:
            missing = "this row is" if last + 1 == seq else f"the rows from this to {seq} are"
            report.add_issue(f"ledger {writer}/{last + 1}", f"{missing} missing at the end: dropped")
    for head, hashed in _heads_with_rows(connection):
        gone = deleted.get(head.writer, (0, ""))[0] >= head.seq
        if hashed is not None and hashed != head.row_hash:
            report.add_issue(f"ledger {head.writer}/{head.seq}", "is not the row that a checkpoint names: changed")
        elif hashed is None and not gone and head.seq <= heads.get(head.writer, (0, ""))[0]:
            report.add_issue(f"ledger {head.writer}/{head.seq}", "a checkpoint names this row, it is missing: dropped")
    report.unjoined = sum(seq - joined.get(writer, 0) for writer, (seq, _) in heads.items())


def audit_anchors(
    connection: Connection, anchors: Sequence[Path], published: Sequence[tuple[int, str]], report: AuditReport
) -> None:
    """Hold the checkpoints against what is known of them elsewhere: published, in files, in first rows of writers."""
    known = [(f"was published as {number}", number, hashed) for number, hashed in published]
    for path in anchors:
        try:
            anchor = read_anchor(path)
        except StoreError as error:
            report.add_issue("anchor", str(error))
            continue
        if anchor is not None:
            known.append(("stands in the anchor file", anchor.number, anchor.hash))
        elif report.checkpoints:
            report.add_issue(
                "anchor", f"the file {path.name} is missing: nobody knows whether the newest checkpoints are here"
            )
    known += [("was there when a writer began", *begun) for begun in _begun(connection)]
    for how, number, hashed in dict.fromkeys(known):
        _audit_known(connection, how, number, hashed, report)


def _begun(connection: Connection) -> Iterator[tuple[int, str]]:
    """The checkpoints that the first rows of writers name."""
    for body in connection.execute(select(ledger.c.body).where(ledger.c.kind == "begin")).scalars():
        try:
            checkpoint = orjson.loads(body)["checkpoint"]
            yield int(checkpoint["number"]), str(checkpoint["hash"])
        except (ValueError, KeyError, TypeError):
            # It names none; a row that was changed is reported where the chains are walked.
            continue


def _audit_known(connection: Connection, how: str, number: int, hashed: str, report: AuditReport) -> None:
    found = connection.execute(select(checkpoints.c.hash).where(checkpoints.c.number == number)).scalar()
    if found is None:
        report.add_issue(f"checkpoint {number}", f"{how} and is not here: dropped")
    elif found != hashed:
        report.add_issue(f"checkpoint {number}", f"is not the one that {how}: the store was rewritten")


def _audit_chain(connection: Connection, keyring: Keyring, report: AuditReport) -> dict[str, int]:
    """How far each writer was joined; issues of the checkpoints themselves are reported."""
    joined: dict[str, int] = {}
    number, previous, rows = 0, ZEROS, 0
    for checkpoint, its_heads in _checkpoints(connection):
        where = f"checkpoint {checkpoint.number}"
        if checkpoint.number != number + 1:
            report.add_issue(f"checkpoint {number + 1}", "is missing: dropped")
        elif checkpoint.previous != previous:
            report.add_issue(where, "does not follow the checkpoint before it: changed or inserted")
        if not checkpoint.is_complete(its_heads):
            report.add_issue(where, "is not what was written: changed")
        elif checkpoint.key not in keyring.keys:
            report.add_issue(where, f"signed under the key {checkpoint.key}, which is not here")
        elif checkpoint.signature != keyring.sign(checkpoint.hash, checkpoint.key):
            report.add_issue(where, "its signature is wrong: inserted")
        rows += sum(head.seq - joined.get(head.writer, 0) for head in its_heads)
        joined |= {head.writer: head.seq for head in its_heads}
        number, previous = checkpoint.number, checkpoint.hash
        report.checkpoints += 1
    return joined


def _checkpoints(connection: Connection) -> Iterator[tuple[Checkpoint, list[Head]]]:
    heads = select(
        checkpoint_heads.c.checkpoint, checkpoint_heads.c.writer, checkpoint_heads.c.seq, checkpoint_heads.c.hash
    ).order_by(checkpoint_heads.c.checkpoint)
    of = {
        number: [Head(writer, seq, hashed) for _, writer, seq, hashed in group]
        for number, group in groupby(connection.execute(heads).all(), key=lambda row: row[0])
    }
    for row in connection.execute(select(checkpoints).order_by(checkpoints.c.number)).all():
        checkpoint = Checkpoint(*row)
        yield checkpoint, of.get(checkpoint.number, [])


def _heads_with_rows(connection: Connection) -> Iterator[tuple[Head, str | None]]:
    """Every head that a checkpoint names, with the hash of that row in the ledger."""
    same = and_(ledger.c.writer == checkpoint_heads.c.writer, ledger.c.seq == checkpoint_heads.c.seq)
    found = select(checkpoint_heads.c.writer, checkpoint_heads.c.seq, checkpoint_heads.c.hash, ledger.c.hash)
    for writer, seq, hashed, present in connection.execute(
        found.join_from(checkpoint_heads, ledger, same, isouter=True)
    ):
        yield Head(writer, seq, hashed), present
