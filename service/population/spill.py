"""Spill: what one task found, on disk, by bucket of patients, so that each bucket can be read by itself.

A file is a row of segments, each sorted by bucket, then an index of where the records of each bucket stand, then the
start of the index. All numbers are little-endian. A file is complete or not there at all.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

import msgspec

_HEAD = struct.Struct("<HBIQI")
_FOOT = struct.Struct("<Q")
HEAD_SIZE = _HEAD.size
HASH_BITS = 64


class Kind:
    """What a record is.

    A line; a line that could not be read (its type only); a document; where a document stands; where lines stand.
    """

    LINE, BROKEN, DOCUMENT, BUNDLE, RUN = range(5)


class Spilled(NamedTuple):
    """One record: whose it is, what it is, where it stood (file and offset), and its text."""

    key: str
    kind: int
    source: int
    offset: int
    text: bytes


def hash_of(text: str) -> int:
    """A number of 64 bits that stays the same for a text, whatever the machine."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def bucket_of(key_hash: int, buckets: int) -> int:
    """In which of so many buckets (a power of two) a patient is: buckets in order are patients in order of hash."""
    return key_hash >> (HASH_BITS - (buckets.bit_length() - 1)) if buckets > 1 else 0


class SpillWriter:
    """Gathers records and writes them in segments, so that no more than ``most`` bytes are held."""

    def __init__(self, file: IO[bytes], buckets: int, most: int) -> None:
        self._file = file
        self._buckets = buckets
        self._most = most
        self._held: dict[int, list[bytes]] = {}
        self._size = 0
        self._end = 0
        self._hashes: dict[str, int] = {}
        self.index: list[tuple[int, int, int]] = []
        self.payload = 0

    def add(self, record: Spilled, bucket: int | None = None) -> None:
        """Take a record in; ``bucket`` is that of its patient unless it is given."""
        key = record.key.encode()
        if bucket is None:
            bucket = self._bucket(record.key)
        head = _HEAD.pack(len(key), record.kind, record.source, record.offset, len(record.text))
        held = self._held.setdefault(bucket, [])
        held += (head, key, record.text)
        self._size += len(head) + len(key) + len(record.text)
        self.payload += len(record.text)
        if self._size >= self._most:
            self._flush()

    def _bucket(self, key: str) -> int:
        found = self._hashes.get(key)
        if found is None:
            if len(self._hashes) > 1 << 16:
                self._hashes.clear()
            found = self._hashes[key] = bucket_of(hash_of(key), self._buckets)
        return found

    def _flush(self) -> None:
        for bucket in sorted(self._held):
            block = b"".join(self._held[bucket])
            self._file.write(block)
            self.index.append((bucket, self._end, len(block)))
            self._end += len(block)
        self._held.clear()
        self._size = 0

    def close(self) -> None:
        """Write what is held, and the index."""
        self._flush()
        self._file.write(msgspec.msgpack.encode(self.index))
        self._file.write(_FOOT.pack(self._end))


def index_of(path: Path) -> list[tuple[int, int, int]]:
    """Where the records of each bucket stand: bucket, offset, length."""
    with path.open("rb") as file:
        file.seek(-_FOOT.size, 2)
        end = file.tell()
        (start,) = _FOOT.unpack(file.read(_FOOT.size))
        file.seek(start)
        return [tuple(one) for one in msgspec.msgpack.decode(file.read(end - start))]


def records_at(path: Path, blocks: Iterable[tuple[int, int]]) -> Iterator[Spilled]:
    """The records of the blocks of a file, each given by its offset and length."""
    with path.open("rb") as file:
        for start, length in blocks:
            file.seek(start)
            yield from _records(file.read(length))


def _records(block: bytes) -> Iterator[Spilled]:
    start = 0
    while start < len(block):
        key_length, kind, source, offset, text_length = _HEAD.unpack_from(block, start)
        start += _HEAD.size
        key = block[start : start + key_length].decode()
        start += key_length
        yield Spilled(key, kind, source, offset, block[start : start + text_length])
        start += text_length


def record_at(path: Path, offset: int) -> Spilled:
    """The one record that begins at an offset."""
    with path.open("rb") as file:
        file.seek(offset)
        key_length, kind, source, stood_at, text_length = _HEAD.unpack(file.read(_HEAD.size))
        key = file.read(key_length).decode()
        return Spilled(key, kind, source, stood_at, file.read(text_length))
