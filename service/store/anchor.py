"""The newest checkpoint, kept outside the database as well: beside the keys, and where the settings say.

Whoever shortens the store (drops its newest rows and checkpoints, puts an older copy back, removes it) does not
reach these files at the same time, so an audit can tell.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from service.errors import StoreError
from service.folders import private_folder

NAME = "store-anchor.json"


@dataclass(frozen=True, slots=True)
class Anchor:
    """A checkpoint as it was when it was made: its number, its hash and how many rows it joined."""

    number: int
    hash: str
    rows: int

    def body(self) -> dict[str, object]:
        """What is written of it."""
        return {"number": self.number, "hash": self.hash, "rows": self.rows}


def read_anchor(path: Path) -> Anchor | None:
    """The anchor in a file; None when the file is not there. Raises StoreError when it cannot be used."""
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        return Anchor(int(body["number"]), str(body["hash"]), int(body["rows"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"the anchor file cannot be used: {type(error).__name__}") from None


def newest_anchor(paths: Sequence[Path]) -> Anchor | None:
    """The anchor with the highest number of all files. Raises StoreError."""
    found = [anchor for path in paths if (anchor := read_anchor(path)) is not None]
    return max(found, key=lambda anchor: anchor.number, default=None)


def write_anchor(paths: Sequence[Path], anchor: Anchor) -> bool:
    """Write the anchor into each file that holds an older one, or none.

    Returns False when a file holds one that is as new and another: then the store is not the one it was, and the
    file stays as it is, so that an audit finds it. Raises StoreError when a file cannot be written.
    """
    known = newest_anchor(paths)
    if known is not None and known.number >= anchor.number and known != anchor:
        return False
    for path in paths:
        _replace(path, json.dumps(anchor.body()) + "\n")
    return True


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        private_folder(path.parent)
        descriptor = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise StoreError(f"the anchor file cannot be written: {type(error).__name__}") from None
