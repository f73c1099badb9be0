"""Cache of loaded rule sets: reading and checking the rule files takes two seconds of CPU, reading an entry a tenth.

What is worked out from a rule set alone and dear to work out is cached in the same way. An entry is named by a digest
of all that it was made from: names and bytes of the rule files, the settings, the code of the service, the libraries
that have a part in it, and the Python that runs it. So it is never out of date; whatever is wrong with one, it is made
again. An entry is a pickle, and reading a pickle runs what it says. It is therefore read only from a folder and a file
that belong to the user who runs the service and that nobody else may read or write (``0700`` and ``0600``), both looked
at through the very descriptors that are read.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import pickle
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol, TypeVar

from service.folders import private_folder

_CODE = Path(__file__).parent.parent
_LIBRARIES = ("fhir.resources",)
"""They say how drafts are written."""
_HEAD = b"sciatica-cds rule set 2\n"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
# A test site and its former version; more would only fill the disk.
_MOST = 4

T = TypeVar("T")


class Cached(Protocol):
    """What is made under a name: read from the cache, or made now."""

    def __call__(self, name: str, make: Callable[[], T]) -> T: ...


def uncached(name: str, make: Callable[[], T]) -> T:
    """Make it each time."""
    del name
    return make()


@dataclass(frozen=True, slots=True)
class RuleCache:
    """The entries of one rule set in a folder, by what they are."""

    folder: Path
    digest: str

    @classmethod
    def of(cls, folder: Path, files: Mapping[str, bytes], settings: Mapping[str, str]) -> RuleCache:
        """The cache of the rule set in these files under these settings."""
        return cls(folder, _digest(files, settings))

    def cached(self, name: str, make: Callable[[], T]) -> T:
        """What ``make`` makes of nothing but the rule set: from the folder where it is there, else made and put there.

        A folder that cannot be made or is not safe is not used, and that is no error. Raises what ``make`` raises;
        nothing is stored then.
        """
        with _opened(self.folder) as descriptor:
            if descriptor is None:
                return make()
            entry = f"{self.digest}.{name}"
            found = _read(descriptor, entry)
            if found is not None:
                stored: T = found[0]
                return stored
            made = make()
            with contextlib.suppress(OSError):
                _write(descriptor, entry, made)
            return made


def _digest(files: Mapping[str, bytes], settings: Mapping[str, str]) -> str:
    whole = hashlib.sha256(f"{_code_digest()}\n{sys.version}\n".encode())
    for part, content in (("setting", {name: value.encode() for name, value in settings.items()}), ("file", files)):
        for name in sorted(content):
            whole.update(f"{part}\t{name}\t{hashlib.sha256(content[name]).hexdigest()}\n".encode())
    return whole.hexdigest()


@cache
def _code_digest() -> str:
    """The digest of the code of the service as it is on the disk, and of the versions of libraries."""
    code = hashlib.sha256("".join(f"{name} {version(name)}\n" for name in _LIBRARIES).encode())
    for path in sorted(_CODE.rglob("*.py")):
        code.update(f"{path.relative_to(_CODE)}\t{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return code.hexdigest()


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[int | None]:
    """A descriptor of the folder; None where it cannot be used, or is not ours alone."""
    descriptor = None
    try:
        with contextlib.suppress(OSError):
            private_folder(folder)
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        yield descriptor if descriptor is not None and _is_ours_alone(descriptor, stat.S_ISDIR) else None
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _is_ours_alone(descriptor: int, is_kind: Callable[[int], bool]) -> bool:
    state = os.fstat(descriptor)
    return is_kind(state.st_mode) and state.st_uid == os.geteuid() and not state.st_mode & _OTHERS


def _read(folder: int, name: str) -> tuple[Any] | None:
    """What an entry holds; None where there is none, or it is not ours, or not what was written."""
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not _is_ours_alone(descriptor, stat.S_ISREG):
            return None
        content = file.read()
    head = _HEAD + name.encode() + b"\n"
    written, payload = content[len(head) : len(head) + 64], content[len(head) + 64 :]
    if not content.startswith(head) or hashlib.sha256(payload).hexdigest().encode() != written:
        return None
    try:
        # Only from a file that nobody else may write: see above.
        return (pickle.loads(payload),)  # noqa: S301
    except Exception:  # noqa: BLE001 - an entry that cannot be read is no reason not to start
        return None


class _Pickler(pickle.Pickler):
    """Writes dataclasses with slots so that they are read in a fifth of the time: a rule set has twenty thousand."""

    def reducer_override(self, obj: Any) -> Any:
        kind: Any = type(obj)
        if not hasattr(kind, "__dataclass_fields__") or hasattr(obj, "__dict__"):
            return NotImplemented
        return _restored, (kind, tuple(getattr(obj, name) for name in _names(kind)))


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _restored(kind: Any, values: tuple[Any, ...]) -> Any:
    """A dataclass with slots as it was written; what it checks when it is made was checked then."""
    made: Any = object.__new__(kind)
    for name, value in zip(_names(kind), values, strict=True):
        object.__setattr__(made, name, value)
    return made


def _pickled(made: object) -> bytes:
    written = io.BytesIO()
    _Pickler(written, pickle.HIGHEST_PROTOCOL).dump(made)
    return written.getvalue()


def _write(folder: int, name: str, made: object) -> None:
    """Put an entry there at once or not at all, and take the oldest of its kind away where there are too many."""
    payload = _pickled(made)
    content = _HEAD + name.encode() + b"\n" + hashlib.sha256(payload).hexdigest().encode() + payload
    beside = f"{name}.{os.getpid()}"
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=folder)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    os.replace(beside, name, src_dir_fd=folder, dst_dir_fd=folder)
    suffix = name[name.index(".") :]
    entries = [one for one in os.listdir(folder) if one.endswith(suffix)]
    entries.sort(key=lambda one: os.stat(one, dir_fd=folder).st_mtime_ns, reverse=True)
    for old in entries[_MOST:]:
        os.unlink(old, dir_fd=folder)
