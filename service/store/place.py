"""Where a store is, and what it is told once: the place and the rule sets in use."""

from __future__ import annotations

import gzip
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from service.config import Settings


@dataclass(frozen=True, slots=True)
class Place:
    """The database, the spool and the keys.

    ``sync`` forces each row to the disk before the answer, so that it survives a power failure too. A spool that would
    grow beyond ``spool_max_bytes`` counts as one that cannot be written. ``wait_seconds`` bounds the waiting for the
    database and its locks.
    """

    url: str
    spool: Path
    keys: Path
    sync: bool = False
    spool_max_bytes: int = 1024 * 1024 * 1024
    wait_seconds: float = 5.0

    @property
    def packs(self) -> Path:
        """Where rule sets wait that are not in the database yet."""
        return self.spool / "packs"


def place_of(settings: Settings) -> Place:
    """Where the settings say that the store is: by default in SQLite, in the folder for data."""
    return Place(
        url=settings.store_url or str(settings.data / "store.db"),
        spool=settings.data / "spool",
        keys=settings.store_keys or settings.data / "store-keys.json",
        sync=settings.store_sync,
    )


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A rule set in use: what a reader of decisions needs to know of it.

    ``findings`` and ``rules`` (id, version) are in the order of the letters that a decision holds for them; findings
    are facts, then conclusions.
    ``archive`` gives all files as one tar archive, the same bytes for the same files.
    """

    digest: str
    name: str
    version: str
    settings: dict[str, str]
    facts: tuple[str, ...]
    conclusions: tuple[str, ...]
    rules: tuple[tuple[str, str], ...]
    archive: Callable[[], bytes] = field(repr=False)

    @property
    def findings(self) -> tuple[str, ...]:
        return self.facts + self.conclusions

    def body(self, packs: Path) -> dict[str, Any]:
        """What the ledger says of it. Puts its files into ``packs``, where they wait for the database."""
        return {
            "digest": self.digest,
            "name": self.name,
            "version": self.version,
            "settings": dict(self.settings),
            "findings": list(self.findings),
            "rules": [list(rule) for rule in self.rules],
            "archive": hashlib.sha256(self._wait_in(packs)).hexdigest(),
        }

    def _wait_in(self, packs: Path) -> bytes:
        """The archive; its file is written once, whole or not at all. On a full disk only its digest is kept."""
        archive = self.archive()
        path = packs / f"{self.digest}{PACK_SUFFIX}"
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        try:
            if not path.is_file():
                packs.mkdir(parents=True, exist_ok=True, mode=0o700)
                fresh.write_bytes(gzip.compress(archive, 6, mtime=0))
                fresh.replace(path)
        except OSError:
            fresh.unlink(missing_ok=True)
        return archive


PACK_SUFFIX = ".tar.gz"


def waiting_pack(packs: Path, digest: str) -> bytes | None:
    """The compressed files of a rule set that wait for the database."""
    try:
        return (packs / f"{digest}{PACK_SUFFIX}").read_bytes()
    except FileNotFoundError:
        return None
