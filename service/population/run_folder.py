"""Run folder: the files of a run. Each is written under another name and renamed, so it is complete or not there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import orjson

Json = dict[str, Any]
_UNFINISHED = ".unfinished"


@contextmanager
def written(path: Path) -> Iterator[IO[bytes]]:
    """A file to write into; it gets its name when all of it is written. What was begun is removed on an error.

    Until then its name is that of the process: a worker of a run that was killed may still be writing the same.
    """
    unfinished = path.with_name(f"{path.name}.{os.getpid()}{_UNFINISHED}")
    try:
        with unfinished.open("wb") as file:
            yield file
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def write_json(path: Path, content: Json) -> None:
    """JSON that is the same for the same content."""
    with written(path) as file:
        file.write(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")


def read_json(path: Path) -> Json:
    """JSON as ``write_json`` wrote it."""
    content: Json = orjson.loads(path.read_bytes())
    return content


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of a run: what it gives at the top, what it works with below ``.work``."""

    out: Path

    @property
    def work(self) -> Path:
        return self.out / ".work"

    @property
    def plan(self) -> Path:
        return self.work / "plan.json"

    @property
    def export(self) -> Path:
        """What is known of the whole export when every line has been read once."""
        return self.work / "export.json"

    @property
    def shared(self) -> Path:
        """Where the resources stand that patients refer to."""
        return self.work / "shared.index"

    @property
    def run(self) -> Path:
        return self.out / "run.json"

    def spill(self, task: int) -> Path:
        return self.work / f"lines-{task:06d}.spill"

    def found(self, task: int) -> Path:
        """What a task found, written last: it says that the task is done."""
        return self.work / f"lines-{task:06d}.json"

    def hashed(self, source: int) -> Path:
        return self.work / f"sha256-{source:06d}.json"

    def rows(self, bucket: int, table: str) -> Path:
        return self.work / f"{table}-{bucket:06d}.rows"

    def decided(self, bucket: int) -> Path:
        """What a bucket came to, written last: it says that the bucket is done."""
        return self.work / f"decided-{bucket:06d}.json"

    def clear(self) -> None:
        """Remove what was worked with, and what runs that were killed began to write."""
        for path in self.out.glob(f"*{_UNFINISHED}"):
            path.unlink()
        if self.work.is_dir():
            for path in sorted(self.work.iterdir()):
                path.unlink()
            self.work.rmdir()

    def size(self) -> int:
        """How many bytes it works with at the moment."""
        return sum(entry.stat().st_size for entry in os.scandir(self.work)) if self.work.is_dir() else 0
