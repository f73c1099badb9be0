"""The database behind the store: SQLite in a local file, or PostgreSQL by URL. One code for both.

SQLite before 3.51.3 may corrupt its write-ahead log when a checkpoint races a commit, so one file lock stands around
every write, whichever process makes it, and readers open the file read-only.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from service.errors import StoreError
from service.folders import private_folder
from service.store.schema import is_current, upgrade

# The one advisory lock of this product in a PostgreSQL database: held while checkpoints are made or rows deleted.
ADVISORY_LOCK = 0x5C1A71CA
_POLL_SECONDS = 0.005
# After so many steps of a question SQLite looks whether its time is over: some tens of microseconds.
_STEPS = 1000
_SQLITE_HINTS = {
    "DatabaseError": "the file is no SQLite database, or was damaged: put the backup back",
    "OperationalError": "the file or its folder cannot be written, or is locked; SCIATICA_CDS_DATA says where it is",
}
_POSTGRESQL_HINTS = {
    "OperationalError": "PostgreSQL cannot be reached or lets nobody in: see SCIATICA_CDS_STORE_URL and PGPASSFILE",
    "InsufficientPrivilege": "the role may not do this: see docs/store.md",
}
_MEANT = "the URL of the store cannot be used: sqlite:///path or postgresql://… is meant (SCIATICA_CDS_STORE_URL)"


def store_url(text_: str) -> URL:
    """The URL of a store; a plain path means SQLite. Raises StoreError without quoting what may hold a password."""
    try:
        url = make_url(text_ if "://" in text_ else f"sqlite:///{text_}")
    except ArgumentError:
        raise StoreError(_MEANT) from None
    if url.get_backend_name() == "sqlite" and url.database:
        return url.set(drivername="sqlite")
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    raise StoreError(_MEANT)


class Database:
    """Connections of one process. Safe for threads; after a fork the child opens its own.

    ``wait_seconds`` bounds how long a connection or a lock is waited for. Every method raises StoreError when the
    database cannot be reached or does not do what was asked.
    """

    def __init__(self, url: URL, wait_seconds: float = 5.0) -> None:
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        # Once, before workers are forked: the driver of PostgreSQL takes as long to import as twenty calls to answer.
        self._driver_error: type[Exception] = url.get_dialect().import_dbapi().Error
        self._wait = wait_seconds
        self._mutex = threading.RLock()
        self._process = 0
        self._writer: Engine | None = None
        self._reader: Engine | None = None
        self._asking: Any = None
        self._one_question = threading.Lock()
        self._question_ends = 0.0
        self._ready = False

    @property
    def _hints(self) -> Mapping[str, str]:
        """What is usually behind an error of the driver, whose own words may quote what was written."""
        return _SQLITE_HINTS if self.is_sqlite else _POSTGRESQL_HINTS

    @property
    def file(self) -> Path:
        """The file of a SQLite database."""
        assert self.url.database is not None
        return Path(self.url.database)

    @contextmanager
    def writing(self, *, alone: bool = False) -> Iterator[Connection]:
        """A transaction that writes; committed at the end, and then on the disk.

        With ``alone`` no other process writes meanwhile (SQLite: that is always so).
        """
        with self._store_errors():
            self.prepare()
            with self._file_lock(), self._engines()[0].begin() as connection:
                if alone and not self.is_sqlite:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ADVISORY_LOCK})
                yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that cannot write, in one transaction: everything it reads is of one moment."""
        with self._store_errors():
            self.prepare()
            with self._engines()[1].connect() as connection:
                if not self.is_sqlite:
                    connection = connection.execution_options(isolation_level="REPEATABLE READ")  # noqa: PLW2901
                yield connection

    @property
    def is_open_file(self) -> bool:
        """Whether this is a SQLite file with the tables of this program, as was seen by this process already."""
        return self.is_sqlite and self._ready and self._process == os.getpid()

    def asked(self, question: str, values: Sequence[Any], seconds: float) -> list[tuple[Any, ...]]:
        """The rows that answer one question that every call asks, put to the driver; it cannot write.

        What SQLAlchemy does around a question to SQLite costs ten times the question, so a connection is kept for it;
        after ``seconds`` SQLite gives the question up, and StoreError is raised.
        """
        if not self.is_sqlite:
            with self.reading() as connection:
                cursor = connection.connection.cursor()
                cursor.execute(question, values)
                return list(cursor.fetchall())
        if not self.is_open_file:
            self.prepare()
        ends = time.monotonic() + seconds
        if not self._one_question.acquire(timeout=seconds):
            raise StoreError("the store is busy with another question")
        try:
            self._question_ends = ends
            found: list[tuple[Any, ...]] = self._kept(seconds).execute(question, values).fetchall()
        except (self._driver_error, OSError) as error:
            raise self._store_error(error) from None
        finally:
            self._one_question.release()
        return found

    def _kept(self, seconds: float) -> Any:
        """The connection of the driver that is kept for questions."""
        if self._asking is None:
            self._asking = _read_only(self.file, seconds)
            kept = weakref.ref(self)
            self._asking.set_progress_handler(lambda: _is_late(kept()), _STEPS)
            # Who drops the database without closing it (a reload of rules) leaves no open connection behind.
            weakref.finalize(self, self._asking.close).atexit = False
        return self._asking

    @property
    def is_late(self) -> bool:
        """Whether the time of the question that is being asked is over."""
        return time.monotonic() > self._question_ends

    def prepare(self) -> None:
        """Make or upgrade the tables when they are not those of this program; does nothing the second time."""
        with self._store_errors(), self._mutex:
            writer, reader = self._engines()
            if self._ready:
                return
            exists = not self.is_sqlite or self.file.exists()
            if exists and _current(reader):
                self._ready = True
                return
            with self._file_lock():
                if self.is_sqlite:
                    _make_wal(self.file)
                with writer.connect() as connection:
                    upgrade(connection, ADVISORY_LOCK)
            self._ready = True

    def probe(self) -> None:
        """Ask the database for a sign of life; writes nothing. Raises StoreError.

        A SQLite file that is not there yet can be reached when its folder can be written to.
        """
        with self._store_errors():
            if self.is_sqlite and not self.file.exists():
                folder = next(each for each in self.file.absolute().parents if each.exists())
                if not os.access(folder, os.W_OK | os.X_OK):
                    raise StoreError("the store cannot be used: its folder cannot be written to")
                return
            with self._engines()[1].connect() as connection:
                connection.exec_driver_sql("SELECT 1")

    def close(self) -> None:
        """Close all connections of this process. The last one of SQLite folds the write-ahead log in."""
        with self._mutex:
            if self._process != os.getpid():
                return
            with self._one_question, self._file_lock():
                if self._asking is not None:
                    self._asking.close()
                for engine in (self._reader, self._writer):
                    if engine is not None:
                        engine.dispose()
            self._writer = self._reader = self._asking = None
            self._ready = False

    def _engines(self) -> tuple[Engine, Engine]:
        with self._mutex:
            if self._process != os.getpid():
                # A connection must not cross a fork; closing the parent's here could break it there.
                self._process, self._ready = os.getpid(), False
                self._writer = self._reader = self._asking = None
            if self._writer is None or self._reader is None:
                if self.is_sqlite:
                    self._writer, self._reader = self._sqlite_engines()
                else:
                    self._writer = self._reader = self._postgresql_engine()
            return self._writer, self._reader

    def _sqlite_engines(self) -> tuple[Engine, Engine]:
        options: dict[str, Any] = {"pool_size": 2, "max_overflow": 8}
        writer = create_engine(self.url, connect_args={"timeout": self._wait}, **options)
        read_only = URL.create("sqlite", database=f"file:{self.file}", query={"mode": "ro", "uri": "true"})
        reader = create_engine(read_only, connect_args={"timeout": self._wait}, **options)
        event.listen(writer, "connect", _for_writing)
        event.listen(writer, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        event.listen(reader, "connect", _by_hand)
        event.listen(reader, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        return writer, reader

    def _postgresql_engine(self) -> Engine:
        seconds = max(1, round(self._wait))
        options = f"-c statement_timeout=0 -c lock_timeout={int(self._wait * 1000)}"
        return create_engine(
            self.url,
            pool_size=2,
            max_overflow=8,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": seconds,
                "options": options,
                "keepalives_idle": seconds,
                "tcp_user_timeout": seconds * 1000,
                "application_name": "sciatica-cds",
            },
        )

    @contextmanager
    def _file_lock(self) -> Iterator[None]:
        """No other process and no other thread writes to the SQLite file meanwhile."""
        if not self.is_sqlite:
            yield
            return
        private_folder(self.file.parent)
        # One description per use: an inherited or shared one would not lock against its sharers.
        lock = os.open(f"{self.file}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            deadline = time.monotonic() + self._wait
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise StoreError("the store is locked by another process") from None
                    time.sleep(_POLL_SECONDS)
            yield
        finally:
            os.close(lock)

    @contextmanager
    def _store_errors(self) -> Iterator[None]:
        """Errors of the driver quote what was written; only their kind may go further."""
        try:
            yield
        except (SQLAlchemyError, self._driver_error, OSError) as error:
            raise self._store_error(error) from None

    def _store_error(self, error: Exception) -> StoreError:
        kind = type(getattr(error, "orig", None) or error).__name__
        hint = None if isinstance(error, OSError) else self._hints.get(kind)
        return StoreError(f"the store cannot be used: {kind}" + (f" ({hint})" if hint else ""))


def _is_late(database: Database | None) -> bool:
    return database is None or database.is_late


def _current(engine: Engine) -> bool:
    with engine.connect() as connection:
        return is_current(connection)


def _make_wal(file: Path) -> None:
    """Set the journal mode when the file is made: set in each connection it would find the database locked."""
    import sqlite3

    connection = sqlite3.connect(file)
    try:
        file.chmod(0o600)
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()


def _read_only(file: Path, wait_seconds: float) -> Any:
    """A connection of the driver that cannot write, and that any thread may use while no other does."""
    import sqlite3

    return sqlite3.connect(
        f"file:{file}?mode=ro", timeout=wait_seconds, uri=True, isolation_level=None, check_same_thread=False
    )


def _by_hand(connection: Any, _record: Any) -> None:
    # Transactions are begun by the engine's event, not by the driver.
    connection.isolation_level = None


def _for_writing(connection: Any, record: Any) -> None:
    _by_hand(connection, record)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA cache_size = -4000")
