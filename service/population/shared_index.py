"""Shared index: resources that are about no patient (drugs, devices), found by ``Type/id`` without holding them."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

from service.bounded import Bounded
from service.population.run_folder import RunFolder, written
from service.population.spill import HEAD_SIZE, hash_of, index_of, record_at, records_at

_ADDRESS = struct.Struct("<QIQ")
"""Hash of the name, number of the task that spilled it, offset in its file."""
_MOST_CACHED = 4096


def write_shared(folder: RunFolder, tasks: int, bucket: int) -> int:
    """Write where each shared resource stands, in order of the hash of its name. Returns how many there are."""
    found: list[tuple[int, int, int]] = []
    for task in range(tasks):
        path = folder.spill(task)
        blocks = [(start, length) for number, start, length in index_of(path) if number == bucket]
        for start, length in blocks:
            at = start
            for record in records_at(path, [(start, length)]):
                found.append((hash_of(record.key), task, at))
                at += HEAD_SIZE + len(record.key.encode()) + len(record.text)
    found.sort()
    with written(folder.shared) as file:
        for one in found:
            file.write(_ADDRESS.pack(*one))
    return len(found)


class SharedIndex:
    """Finds shared resources. Several of one name are all given: the reader keeps the newest."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        size = folder.shared.stat().st_size
        self._count = size // _ADDRESS.size
        self._map: mmap.mmap | None = None
        if size:
            with folder.shared.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._known: Bounded[str, tuple[bytes, ...]] = Bounded(_MOST_CACHED)

    def __bool__(self) -> bool:
        return self._count > 0

    def texts(self, name: str) -> Sequence[bytes]:
        """The texts of the resources of a name, in an order of their own."""
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = tuple(sorted(self._found(name)))
        return known

    def _found(self, name: str) -> Iterable[bytes]:
        if self._map is None:
            return
        wanted = hash_of(name)
        low, high = 0, self._count
        while low < high:
            middle = (low + high) // 2
            if self._at(middle)[0] < wanted:
                low = middle + 1
            else:
                high = middle
        while low < self._count and (one := self._at(low))[0] == wanted:
            record = record_at(self._spill(one[1]), one[2])
            if record.key == name:
                yield record.text
            low += 1

    def _at(self, number: int) -> tuple[int, int, int]:
        assert self._map is not None
        found: tuple[int, int, int] = _ADDRESS.unpack_from(self._map, number * _ADDRESS.size)
        return found

    def _spill(self, task: int) -> Path:
        return self._folder.spill(task)
