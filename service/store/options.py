"""Options of a store: where its database, spool and keys are, and how it writes to them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from service.config import Settings
from service.store.anchor import NAME
from service.store.packs import Packs


@dataclass(frozen=True, slots=True)
class StoreOptions:
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


def store_options(settings: Settings) -> StoreOptions:
    """What the settings say of the store: by default SQLite, in the folder for data."""
    return StoreOptions(
        url=settings.store_url or str(settings.data / "store.db"),
        spool=settings.data / "spool",
        keys=settings.store_keys or settings.data / "store-keys.json",
        sync=settings.store_sync,
        anchor_copy=settings.store_anchor,
    )
