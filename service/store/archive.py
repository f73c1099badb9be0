"""The files of a rule set as one archive: the same files give the same bytes, whenever and wherever."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from service.errors import StoreError

MOST_BYTES = 64 * 1024 * 1024


def rule_files(folder: Path) -> dict[str, bytes]:
    """The content of every file of a rule set by its path below ``folder``. Raises OSError."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".yaml", ".yml", ".md") and path.is_file() and not _hidden(path.relative_to(folder))
    }


def archived(files: Mapping[str, bytes]) -> bytes:
    """The files as a tar archive without times, owners or modes of this machine."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size = len(files[name])
            archive.addfile(entry, io.BytesIO(files[name]))
    return stream.getvalue()


def files_in(archive: bytes) -> dict[str, bytes]:
    """The files of an archive by path. Raises StoreError when it is none, or holds anything but plain files."""
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
            for entry in _plain(opened):
                stream = opened.extractfile(entry)
                assert stream is not None
                found[entry.name] = stream.read()
    except (tarfile.TarError, EOFError, OSError):
        raise StoreError("the archive of a rule set cannot be read") from None
    return found


def write_files(files: Mapping[str, bytes], folder: Path) -> None:
    """Put the files below ``folder``. Raises StoreError, before anything is written, for a name that leads elsewhere.

    Names are looked at here and not only in the archive: what was cut off in front may have made one absolute.
    """
    for name in files:
        if not name or Path(name).is_absolute() or ".." in Path(name).parts or "\0" in name:
            raise StoreError("a file of the rule set has a name that leads out of its folder")
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _plain(opened: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    total = 0
    for entry in opened:
        total += entry.size
        parts = Path(entry.name).parts
        if not entry.isfile() or Path(entry.name).is_absolute() or ".." in parts or total > MOST_BYTES:
            raise StoreError("the archive of a rule set holds more than rule files")
        yield entry


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
