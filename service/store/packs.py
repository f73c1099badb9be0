"""The files of rule sets that wait for the database: beside the spool, or in memory where no file can be written."""

from __future__ import annotations

import gzip
import secrets
from pathlib import Path

from service.folders import private_folder

_SUFFIX = ".tar.gz"


class Packs:
    """Compressed archives of rule sets by digest."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stored: dict[str, bytes] = {}

    def put(self, digest: str, archive: bytes) -> None:
        """Store an archive until the database has it. A file is written once, whole or not at all."""
        path = self._path(digest)
        if path.is_file():
            return
        packed = gzip.compress(archive, 6, mtime=0)
        try:
            private_folder(self._folder)
            fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
            try:
                fresh.touch(mode=0o600)
                fresh.write_bytes(packed)
                fresh.replace(path)
            finally:
                fresh.unlink(missing_ok=True)
        except OSError:
            self._stored[digest] = packed

    def get(self, digest: str) -> bytes | None:
        """The compressed archive; None when it does not wait here."""
        try:
            return self._path(digest).read_bytes()
        except OSError:
            return self._stored.get(digest)

    def _path(self, digest: str) -> Path:
        return self._folder / f"{digest}{_SUFFIX}"
