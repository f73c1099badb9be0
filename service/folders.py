"""Folders of the service's own data: for its user alone, each of them, also those on the way (SE-8).

``Path.mkdir`` gives its mode to the last folder only; the data folder above the spool would be open to read.
"""

from __future__ import annotations

from pathlib import Path

PRIVATE = 0o700


def private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for this user alone. Raises OSError."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=PRIVATE, exist_ok=True)
    if not folder.is_dir():
        raise NotADirectoryError(20, "is a file where a folder is needed")
