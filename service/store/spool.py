"""The spool: files on the local disk that hold what is not yet in the database.

Each writer (a process) has one file and appends one line per row; a line is in the file when ``append`` returns, so
killing the process loses nothing. The file is locked while its writer lives: a file whose lock can be had is an
orphan, and any process may drain it. A row may be drained twice, by two processes at once or after a
crash in between; its key (writer, seq) makes that harmless.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from service.folders import private_folder
from service.store.chain import Row, from_line
from service.store.keys import Keyring

_SUFFIX = ".rows"
_REJECTED = ".rejected"
_CHUNK = 1024 * 1024


class SpoolFile:
    """The file of one living writer. Not safe for threads: the writer's lock stands around every call."""

    def __init__(self, folder: Path, writer: str, max_bytes: int) -> None:
        """Make and lock the file. Raises OSError."""
        private_folder(folder)
        self.path = folder / f"{writer}{_SUFFIX}"
        self._max_bytes = max_bytes
        self._descriptor = _made_and_locked(self.path)
        self.size = 0

    def append(self, lines: bytes, *, sync: bool) -> None:
        """Write whole lines, or nothing and raise OSError. With ``sync`` they survive a power failure too."""
        if self.size + len(lines) > self._max_bytes:
            raise OSError("the spool is full")
        written = 0
        try:
            written = os.write(self._descriptor, lines)
            if sync:
                os.fdatasync(self._descriptor)
        except OSError:
            written = 0
            raise
        finally:
            if written != len(lines):
                # What was half written must not stand in front of the next line. Making a file shorter needs no space.
                os.ftruncate(self._descriptor, self.size)
        if written != len(lines):
            raise OSError("the disk is full")
        self.size += written

    def read(self, start: int, end: int) -> bytes:
        """The bytes between two offsets."""
        return os.pread(self._descriptor, end - start, start)

    def clear(self) -> None:
        """Forget everything: all of it is in the database."""
        os.ftruncate(self._descriptor, 0)
        self.size = 0

    def close(self) -> None:
        """Give the file up; an empty one goes away."""
        if self.size == 0:
            self.path.unlink(missing_ok=True)
        os.close(self._descriptor)


def _made_and_locked(path: Path) -> int:
    """A new file, locked. Between making and locking it, another process may take it for an orphan and remove it."""
    while True:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return descriptor
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class Orphan:
    """The file of a writer that is gone, locked by us while we drain it."""

    path: Path
    descriptor: int

    def batches(self, keyring: Keyring) -> Iterator[tuple[list[Row], int]]:
        """Its rows, a megabyte at a time, and how many whole lines among them are no rows under these keys."""
        yield from _batches(self.descriptor, keyring)

    def remove(self) -> None:
        """Delete it: all of it is in the database."""
        self.path.unlink(missing_ok=True)

    def set_aside(self) -> None:
        """Rename it for a person to look at: it holds lines that are no rows under these keys."""
        self.path.rename(self.path.with_suffix(_REJECTED))


def orphans(folder: Path) -> Iterator[Orphan]:
    """The files of writers that are gone, each locked while it is looked at."""
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield Orphan(path, descriptor)
        except BlockingIOError:
            continue
        finally:
            os.close(descriptor)


def living(folder: Path, keyring: Keyring) -> Iterator[list[Row]]:
    """The rows of all files as they stand, also of writers that live; they are only read."""
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            yield from (rows for rows, _ in _batches(descriptor, keyring))
        finally:
            os.close(descriptor)


def rejected(folder: Path) -> list[str]:
    """The writers whose files were set aside."""
    return sorted(path.stem for path in folder.glob(f"*{_REJECTED}"))


def waiting_bytes(folder: Path) -> int:
    """How much waits in the spool."""
    sizes = []
    for path in folder.glob(f"*{_SUFFIX}"):
        try:
            sizes.append(path.stat().st_size)
        except FileNotFoundError:
            continue
    return sum(sizes)


def rows_of(data: bytes, check: Keyring | None) -> list[Row]:
    """The rows of complete lines. A partial or damaged line is no row: it was never promised to anybody."""
    return [row for line in data.split(b"\n") if line and (row := from_line(line, check)) is not None]


def _batches(descriptor: int, keyring: Keyring) -> Iterator[tuple[list[Row], int]]:
    offset, rest = 0, b""
    while chunk := os.pread(descriptor, _CHUNK, offset):
        offset += len(chunk)
        lines, newline, rest = (rest + chunk).rpartition(b"\n")
        if newline:
            rows = rows_of(lines, keyring)
            yield rows, lines.count(b"\n") + 1 - len(rows)
