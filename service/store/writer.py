"""A writer: the chain of one process, row by row into its spool file."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import structlog

from service.store.chain import ZEROS, Link, Row, as_line, canonical, chained
from service.store.keys import Keyring
from service.store.options import StoreOptions
from service.store.spool import SpoolFile, rows_of
from service.store.times import written

Entry = tuple[str, dict[str, Any]]
KeepDirectly = Callable[[Sequence[Row]], None]

_BATCH_BYTES = 4 * 1024 * 1024
# A file that has grown so long while rows kept coming is drained to its end, so that it can be cleared.
_CLEAR_BYTES = 8 * 1024 * 1024


class Writer:
    """One chain. Safe for threads, not for processes."""

    def __init__(self, options: StoreOptions, keyring: Keyring, begin: dict[str, Any]) -> None:
        """A new chain with a random name; ``begin`` is the body of its first row. The file is made when needed."""
        self.id = secrets.token_hex(8)
        self._options = options
        self._keyring = keyring
        self._begin = begin
        self._mutex = threading.Lock()
        self._spool: SpoolFile | None = None
        self._seq = 0
        self._head = ZEROS
        self._drained = 0
        self._error_text: set[str] = set()
        self._ended = False

    def append(self, entry: Entry, before: Entry | None, now: datetime, directly: KeepDirectly) -> Row | None:
        """Chain a row and store it; None when this chain has ended.

        ``before`` is a row that must stand before it once (the rule set it names). Where the spool cannot be
        written, ``directly`` stores the rows; when that fails too its error is raised and the chain ends, since nobody
        knows then whether the rows were stored.
        """
        with self._mutex:
            if self._ended:
                return None
            entries = [entry]
            if before is not None and before[1]["digest"] not in self._error_text:
                entries.insert(0, before)
            if self._seq == 0:
                entries.insert(0, ("begin", self._begin))
            rows = self._chained(entries, written(now))
            if not self._spooled(rows):
                try:
                    directly(rows)
                except Exception:
                    self._end()
                    raise
            self._seq, self._head = rows[-1].seq, rows[-1].hash
            if before is not None:
                self._error_text.add(before[1]["digest"])
            return rows[-1]

    def knows(self, digest: str) -> bool:
        """Whether this chain has said already which rule set this is."""
        return digest in self._error_text

    def waiting(self) -> Iterator[list[Row]]:
        """The rows that wait in the spool, in batches; a batch is taken as drained when the next one is asked for.

        Rows that come meanwhile are gathered for the next time: few in a transaction cost as much as many.
        """
        left = None
        while True:
            with self._mutex:
                spool = self._spool
                if spool is None or self._ended:
                    return
                if left is None or spool.size > _CLEAR_BYTES:
                    left = spool.size - self._drained
                data = spool.read(self._drained, self._drained + min(left, _BATCH_BYTES))
            complete_lines = data[: data.rfind(b"\n") + 1]
            if not complete_lines:
                return
            yield rows_of(complete_lines, None)
            self._drained_to(len(complete_lines))
            left -= len(complete_lines)

    def _drained_to(self, count: int) -> None:
        with self._mutex:
            self._drained += count
            if self._spool is not None and not self._ended and self._drained == self._spool.size:
                self._spool.clear()
                self._drained = 0

    def end(self) -> None:
        """End the chain. What still waits in its spool file is drained as that of a writer that died."""
        with self._mutex:
            self._end()

    def _end(self) -> None:
        self._ended = True
        if self._spool is not None:
            self._spool.close()

    def _chained(self, entries: Sequence[Entry], now: str) -> list[Row]:
        rows: list[Row] = []
        seq, head = self._seq, self._head
        for kind, body in entries:
            seq += 1
            rows.append(chained(Link(self.id, seq, head), kind, now, canonical(body), self._keyring))
            head = rows[-1].hash
        return rows

    def _spooled(self, rows: Sequence[Row]) -> bool:
        try:
            if self._spool is None:
                self._spool = SpoolFile(self._options.spool, self.id, self._options.spool_max_bytes)
            self._spool.append(b"".join(map(as_line, rows)), sync=self._options.sync)
        except OSError as error:
            structlog.get_logger().error("store", error=f"the spool cannot be written: {type(error).__name__}")
            return False
        return True
