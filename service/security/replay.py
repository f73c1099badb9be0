"""Replay: each token is good for one call, whichever worker process it reaches (JW-8).

One SQLite file, shared by the worker processes of one machine. It holds a hash of (iss, jti) and the second after
which the token is expired anyway, nothing else. It survives a restart of the service; after a power failure the last
seconds may be missing, since commits are not forced to the disk.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from service.errors import StoreError

_SCHEMA = "CREATE TABLE IF NOT EXISTS seen (token BLOB PRIMARY KEY, expires INTEGER NOT NULL) WITHOUT ROWID"
_INDEX = "CREATE INDEX IF NOT EXISTS seen_expires ON seen (expires)"
_PAGE_BYTES = 4096
_WAIT_SECONDS = 2.0
_SWEEP_EVERY_SECONDS = 60.0


class Replay:
    """The tokens seen, in the file ``path``, which never grows beyond ``max_bytes`` (about 100 bytes a token).

    A full file refuses with StoreError: only authenticated issuers can fill it, and a forgotten token could be used
    again.
    """

    def __init__(self, path: Path, max_bytes: int = 128 * 1024 * 1024) -> None:
        self._path = path
        self._max_pages = max(max_bytes // _PAGE_BYTES, 8)
        self._mutex = threading.Lock()
        self._opened: tuple[int, sqlite3.Connection, int] | None = None
        self._inherited: list[sqlite3.Connection] = []
        self._swept = 0.0

    def first_use(self, iss: str, jti: str, expires: float, now: float) -> bool:
        """Record the token and say whether it is new; both at once, so of two simultaneous calls one wins.

        ``expires`` is the second from which the token is refused as expired. Raises StoreError if the file cannot be
        used.
        """
        try:
            with self._writing() as connection:
                self._sweep(connection, now)
                row = (_digest(iss, jti), int(expires) + 1)
                return connection.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", row).rowcount == 1
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"the list of used tokens cannot be written: {type(error).__name__}") from None

    def was_used(self, iss: str, jti: str) -> bool:
        """Whether the token has been used. Records nothing; creates no file."""
        if not self._path.exists():
            return False
        try:
            with self._writing() as connection:
                found = connection.execute("SELECT 1 FROM seen WHERE token = ?", (_digest(iss, jti),)).fetchone()
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"the list of used tokens cannot be read: {type(error).__name__}") from None
        return found is not None

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction beside which no other process writes.

        SQLite before 3.51.3 may corrupt its write-ahead log when a checkpoint races a commit.
        """
        with self._mutex:
            connection, lock = self._open()
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                fcntl.flock(lock, fcntl.LOCK_UN)

    def _open(self) -> tuple[sqlite3.Connection, int]:
        """The connection of this process. A connection must not cross a fork, so it is opened at first use."""
        process = os.getpid()
        if self._opened is not None and self._opened[0] == process:
            return self._opened[1], self._opened[2]
        if self._opened is not None:
            self._inherited.append(self._opened[1])  # the parent's: closing it here could break it there
        lock = os.open(f"{self._path}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        with ExitStack() as undone:
            undone.callback(os.close, lock)  # which unlocks it too
            fcntl.flock(lock, fcntl.LOCK_EX)
            connection = sqlite3.connect(
                self._path, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False
            )
            undone.callback(connection.close)
            self._prepare(connection)
            undone.pop_all()
        fcntl.flock(lock, fcntl.LOCK_UN)
        self._opened = (process, connection, lock)
        weakref.finalize(self, _close, process, connection, lock)
        return connection, lock

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA max_page_count = {self._max_pages}")
        connection.execute(_SCHEMA)
        connection.execute(_INDEX)

    def _sweep(self, connection: sqlite3.Connection, now: float) -> None:
        """Forget expired tokens, now and then: they are refused without the list."""
        if abs(now - self._swept) < _SWEEP_EVERY_SECONDS:
            return
        connection.execute("DELETE FROM seen WHERE expires < ?", (int(now),))
        self._swept = now


def _close(process: int, connection: sqlite3.Connection, lock: int) -> None:
    # In a child the connection is the parent's: closing it here could break it there.
    if os.getpid() == process:
        connection.close()
        os.close(lock)


def _digest(iss: str, jti: str) -> bytes:
    return hashlib.sha256(f"{len(iss)}:{iss}{jti}".encode()).digest()
