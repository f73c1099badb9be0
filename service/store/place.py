"""Where a store is, and what it is told once: the place and the rule sets in use."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from service.config import Settings
from service.store.anchor import NAME
from service.store.packs import Packs


@dataclass(frozen=True, slots=True)
class Place:
    """The database, the spool and the keys; beside the keys, and in ``anchor_copy``, the newest checkpoint.

    ``sync`` forces each row to the disk before the answer, so that it survives a power failure too. A spool that would
    grow beyond ``spool_max_bytes`` counts as one that cannot be written. ``wait_seconds`` bounds the waiting for the
    database and its locks.
    """

    url: str
    spool: Path
    keys: Path
    sync: bool = False
    anchor_copy: Path | None = None
    spool_max_bytes: int = 1024 * 1024 * 1024
    wait_seconds: float = 5.0

    @property
    def anchors(self) -> tuple[Path, ...]:
        """The files that hold the newest checkpoint outside the database."""
        beside = self.keys.with_name(NAME)
        return (beside,) if self.anchor_copy is None else (beside, self.anchor_copy)

    @property
    def packs(self) -> Packs:
        """Where the files of rule sets wait that are not in the database yet."""
        return Packs(self.spool / "packs")


def place_of(settings: Settings) -> Place:
    """Where the settings say that the store is: by default in SQLite, in the folder for data."""
    return Place(
        url=settings.store_url or str(settings.data / "store.db"),
        spool=settings.data / "spool",
        keys=settings.store_keys or settings.data / "store-keys.json",
        sync=settings.store_sync,
        anchor_copy=settings.store_anchor,
    )


@dataclass(frozen=True)
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

    @cached_property
    def findings(self) -> tuple[str, ...]:
        """Facts, then conclusions: the order of the letters."""
        return self.facts + self.conclusions

    @cached_property
    def finding_places(self) -> Mapping[str, int]:
        """Where the letter of each finding stands."""
        return {name: place for place, name in enumerate(self.findings)}

    @cached_property
    def rule_places(self) -> Mapping[str, int]:
        """Where the letter of each rule stands."""
        return {rule: place for place, (rule, _) in enumerate(self.rules)}

    def body(self) -> dict[str, Any]:
        """What the ledger says of it."""
        return {
            "digest": self.digest,
            "name": self.name,
            "version": self.version,
            "settings": dict(self.settings),
            "findings": list(self.findings),
            "rules": [list(rule) for rule in self.rules],
            "archive": hashlib.sha256(self.archive()).hexdigest(),
        }
