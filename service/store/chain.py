"""The chain: each row of a writer carries the hash of the row before it, and nobody without the key can make a hash."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from service.store.keys import Keyring

ZEROS = "0" * 64


@dataclass(frozen=True, slots=True)
class Link:
    """Where a row stands: the writer, its number there, and the hash of the row before it."""

    writer: str
    seq: int
    previous: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the ledger."""

    writer: str
    seq: int
    key: str
    kind: str
    at: str
    body: str
    previous: str
    hash: str

    def is_complete(self, keyring: Keyring) -> bool:
        """Whether the hash is that of the content, under a key that we have."""
        return self.key in keyring.keys and self.hash == self.hash_at(self.seq, keyring)

    def hash_at(self, seq: int, keyring: Keyring) -> str:
        """The hash that the content would have as row ``seq``."""
        text = f"{self.writer}\t{seq}\t{self.key}\t{self.kind}\t{self.at}\t{self.previous}\t{self.body}"
        return keyring.row(text, self.key)


def canonical(body: Any) -> str:
    """A body in the one form that is hashed and stored: JSON, sorted keys, no white space."""
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS).decode()


def chained(link: Link, kind: str, at: str, body: str, keyring: Keyring) -> Row:
    """The row that follows the one with the hash ``link.previous``."""
    key = keyring.current
    text = f"{link.writer}\t{link.seq}\t{key}\t{kind}\t{at}\t{link.previous}\t{body}"
    return Row(link.writer, link.seq, key, kind, at, body, link.previous, keyring.row(text, key))


def as_line(row: Row) -> bytes:
    """A row as one line of the spool. JSON and the other columns hold neither tabs nor line breaks."""
    parts = (row.writer, str(row.seq), row.key, row.kind, row.at, row.previous, row.hash, row.body)
    return "\t".join(parts).encode() + b"\n"


def from_line(line: bytes, check: Keyring | None) -> Row | None:
    """The row of a spool line; None when the line is partial (a full disk, a power failure) or damaged.

    Without ``check`` the line is one of ours and taken as it is.
    """
    try:
        writer, seq, key, kind, at, previous, hashed, body = line.decode().split("\t", 7)
        row = Row(writer, int(seq), key, kind, at, body, previous, hashed)
    except ValueError:
        return None
    return row if check is None or row.is_complete(check) else None
