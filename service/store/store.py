"""The store as the service uses it: ``append`` a row and go on; a thread drains them to the database.

A row is chained and in the spool when ``append`` returns, so an answer never waits for the database. Where the spool
cannot be written, the row goes to the database at once. Where neither can be written StoreError is raised, and the
row is no part of any chain.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog

from service.errors import StoreError
from service.record.sent_codes import SentCode
from service.store.anchor import newest_anchor
from service.store.chain import Row
from service.store.checkpoints import make_checkpoint
from service.store.database import Database, store_url
from service.store.draining import drain_orphans
from service.store.keys import Keyring, read_keyring
from service.store.options import StoreOptions
from service.store.projection import insert_rows
from service.store.radar import add_codes
from service.store.radar_codes import SeenCodes
from service.store.reachability import Reachability
from service.store.rule_sets import RuleSet
from service.store.spool import waiting_bytes
from service.store.writer import Entry, Writer

# Rows are gathered so long before they are drained together: many rows in one transaction cost little each.
GATHER_SECONDS = 0.5
CHECKPOINT_SECONDS = 300.0
CHECKPOINT_ROWS = 10_000
_ORPHANS_EVERY_SECONDS = 15.0
# A chart has dozens of codes: those of many calls are written together.
_CODES_EVERY_SECONDS = 10.0
_RETRY_SECONDS = 1.0
_PATIENCE_SECONDS = 5.0


def _utc() -> datetime:
    return datetime.now(UTC)


class Store:
    """The store as one process uses it. Safe for threads; a child after a fork becomes a writer of its own.

    ``version`` is that of the program; ``clock`` tells when a row was written.
    """

    def __init__(self, options: StoreOptions, version: str, clock: Callable[[], datetime] = _utc) -> None:
        """Raises StoreError when the URL or the file of keys cannot be used; the database need not be there."""
        self.options = options
        self.database = Database(store_url(options.url), options.wait_seconds)
        self.keyring: Keyring = read_keyring(options.keys, options.anchors[0])
        self.codes = SeenCodes()
        self.reachability = Reachability(self.database.probe)
        self._version = version
        self._clock = clock
        self._mutex = threading.Lock()
        self._draining = threading.Lock()
        self._process = 0
        self._writer: Writer | None = None
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._unjoined = 0
        self._packs = options.packs
        self._direct_again = 0.0
        self.failure: str | None = None

    def append(self, kind: str, body: dict[str, Any], rule_set: RuleSet | None = None) -> Row:
        """Store a row; when this returns it outlives this process.

        The rule set that the body names is stored too, once. Raises StoreError when neither the spool nor the
        database can be written; then the service has not stored it.
        """
        row = None
        while row is None:
            writer = self._current()
            row = writer.append((kind, body), self._about(rule_set, writer), self._clock(), self._directly)
        if not self._wake.is_set():
            self._wake.set()
        return row

    def saw(self, day: str, issuer: str | None, patient: str, codes: Iterable[SentCode], calls: int = 1) -> None:
        """Count the codes of a call that stands for so many; they are drained with its row or one of the next."""
        self._current()
        self.codes.add(day, issuer, patient, codes, calls)

    def drain(self, *, with_codes: bool = True) -> None:
        """Drain the spool of this process, with the codes that were seen unless they are given. Raises StoreError."""
        writer = self._writer
        if writer is None or self._process != os.getpid():
            return
        with self._draining:
            for rows in writer.waiting():
                codes = self.codes.take() if with_codes else []
                try:
                    with self.database.writing() as connection:
                        insert_rows(connection, rows, self._packs)
                        add_codes(connection, codes)
                except StoreError:
                    self.codes.put_back(codes)
                    raise
                self._unjoined += len(rows)

    def checkpoint(self) -> None:
        """Join the chains of all writers as they stand in the database. Raises StoreError."""
        made = make_checkpoint(self.database, self.keyring, self.options.anchors, self._clock())
        self._unjoined = 0
        if made is not None:
            # In the log it stands outside the database: whoever rewrites the one cannot rewrite the other.
            structlog.get_logger().info("checkpoint", number=made.number, digest=made.hash)

    def waiting_bytes(self) -> int:
        """How much waits in the spool, of all processes."""
        return waiting_bytes(self.options.spool)

    def close(self) -> None:
        """Stop the thread, drain what waits, leave a checkpoint. What cannot be drained stays in the spool."""
        if self._process == os.getpid():
            self._end_writing()
        try:
            self.database.close()
        except StoreError as error:
            _log_failure(error)

    def _end_writing(self) -> None:
        with self._mutex:
            thread, self._thread = self._thread, None
            self._stopping.set()
            self._wake.set()
        if thread is not None:
            thread.join(self.options.wait_seconds)
        try:
            self.drain()
            if self._unjoined:
                self.checkpoint()
        except StoreError as error:
            _log_failure(error)
        with self._mutex:
            writer, self._writer = self._writer, None
        if writer is not None:
            writer.end()

    def _current(self) -> Writer:
        """The writer of this process, with the thread that drains its spool."""
        with self._mutex:
            if self._process != os.getpid():
                self._process, self._writer, self._thread = os.getpid(), None, None
                self._draining, self._unjoined, self.codes = threading.Lock(), 0, SeenCodes()
                atexit.register(self.close)
            if self._writer is None:
                self._writer = Writer(self.options, self.keyring, self._begin())
            if self._thread is None:
                self._wake, self._stopping = threading.Event(), threading.Event()
                self._thread = threading.Thread(
                    target=self._run, args=(self._wake, self._stopping), name="store", daemon=True
                )
                self._thread.start()
            return self._writer

    def _begin(self) -> dict[str, Any]:
        """What the first row of a writer says: the program, and the newest checkpoint at its start."""
        anchor = newest_anchor(self.options.anchors)
        return {"service_version": self._version} | ({} if anchor is None else {"checkpoint": anchor.body()})

    def _about(self, rule_set: RuleSet | None, writer: Writer) -> Entry | None:
        if rule_set is None or writer.knows(rule_set.digest):
            return None
        archive = rule_set.archive()
        self._packs.put(rule_set.digest, archive)
        return "rule-set", rule_set.body(archive)

    def _directly(self, rows: Sequence[Row]) -> None:
        """Store rows in the database at once, since the spool cannot be written.

        After a failure the next answers do not wait for the database too: for a while they fail at once.
        """
        if time.monotonic() < self._direct_again:
            self._begin_anew()
            raise StoreError("neither the spool nor the store can be written")
        try:
            with self.database.writing() as connection:
                insert_rows(connection, rows, self._packs)
        except StoreError:
            self._direct_again = time.monotonic() + _PATIENCE_SECONDS
            self._begin_anew()
            raise
        self._unjoined += len(rows)

    def _begin_anew(self) -> None:
        """Let the next row begin another chain: what became of the last ones of this one is not known."""
        with self._mutex:
            self._writer = None

    def _run(self, wake: threading.Event, stopping: threading.Event) -> None:
        orphans_due = checkpoint_due = codes_due = time.monotonic()
        while not stopping.is_set():
            wake.wait(_ORPHANS_EVERY_SECONDS)
            stopping.wait(GATHER_SECONDS)
            wake.clear()
            now = time.monotonic()
            try:
                self.drain(with_codes=now >= codes_due)
                if now >= codes_due:
                    codes_due = now + _CODES_EVERY_SECONDS
                if now >= orphans_due:
                    orphans_due = now + _ORPHANS_EVERY_SECONDS
                    self._unjoined += drain_orphans(self.database, self.options, self.keyring)
                if self._unjoined and (now >= checkpoint_due or self._unjoined >= CHECKPOINT_ROWS):
                    checkpoint_due = now + CHECKPOINT_SECONDS
                    self.checkpoint()
                self.failure = None
            except Exception as error:  # noqa: BLE001  # the thread must live, or nothing is drained any more
                if self.failure is None:
                    _log_failure(error)
                self.failure = _error_text(error)
                stopping.wait(_RETRY_SECONDS)
                wake.set()


def _log_failure(error: Exception) -> None:
    structlog.get_logger().error("store", error=_error_text(error))


def _error_text(error: Exception) -> str:
    """The text of an error of ours; of any other, which may quote what was written, only its kind."""
    return str(error) if isinstance(error, StoreError) else type(error).__name__
