"""The chain: each row of a writer carries the hash of the row before it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson

ZEROS = "0" * 64


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the ledger."""

    writer: str
    seq: int
    kind: str
    at: str
    body: str
    previous: str
    hash: str

    @property
    def is_whole(self) -> bool:
        """Whether the hash is that of the content."""
        return self.hash == row_hash(self.writer, self.seq, self.kind, self.at, self.previous, self.body)


def canonical(body: Any) -> str:
    """A body in the one form that is hashed and stored: JSON, sorted keys, no white space."""
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS).decode()


def row_hash(writer: str, seq: int, kind: str, at: str, previous: str, body: str) -> str:
    """The hash of a row, over the exact bytes that are stored."""
    return hashlib.sha256(f"{writer}\t{seq}\t{kind}\t{at}\t{previous}\t{body}".encode()).hexdigest()


def chained(writer: str, seq: int, previous: str, kind: str, at: str, body: str) -> Row:
    """The row that follows the one with the hash ``previous``."""
    return Row(writer, seq, kind, at, body, previous, row_hash(writer, seq, kind, at, previous, body))


def as_line(row: Row) -> bytes:
    """A row as one line of the spool. JSON and the other columns hold neither tabs nor line breaks."""
    return "\t".join((row.writer, str(row.seq), row.kind, row.at, row.previous, row.hash, row.body)).encode() + b"\n"


def from_line(line: bytes, *, check: bool = True) -> Row | None:
    """The row of a spool line; None when the line is torn (a full disk, a power failure) or damaged."""
    try:
        writer, seq, kind, at, previous, hashed, body = line.decode().split("\t", 6)
        row = Row(writer, int(seq), kind, at, body, previous, hashed)
    except ValueError:
        return None
    return row if not check or row.is_whole else None
