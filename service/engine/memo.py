"""States decided once: what both engines made of a vector is cached, so that the same vector is not asked again.

Both engines are pure functions of the vector of a program (``vector.py``). An outcome is put here only after
both agreed on it, so an answer that comes from here is the same to the byte as one that does not.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence

from msgspec import Struct

from service.bounded import LastUsed
from service.engine.patterns import STATUS_NUMBER
from service.engine.trace import Concluded, InOrder, Reading, Truths, closed_again
from service.engine.vector import Vector
from service.finding import Finding

# Some kilobytes each: ten megabytes a program when full.
CAPACITY = 4096


class Known(Struct, frozen=True):
    """What followed from a vector, for every patient alike.

    A byte for what each rule came to, one for the status of each conclusion, and on which findings those conclusions
    depend that are present.
    """

    truths: bytes
    statuses: bytes
    behind: Mapping[str, tuple[str, ...]]


class Memo:
    """What followed from each vector of a program, the longest unused forgotten first. Thread-safe."""

    def __init__(self, rules: InOrder, conclusions: Sequence[Concluded], capacity: int = CAPACITY) -> None:
        self._rules, self._conclusions = rules, conclusions
        self._known: LastUsed[bytes, Known] = LastUsed(capacity)
        self.hits = 0
        self.misses = 0

    def get(self, key: bytes) -> Known | None:
        """What followed from the vector with this key; None when it was never asked, or too long ago."""
        known = self._known.get(key)
        if known is None:
            self.misses += 1
        else:
            self.hits += 1
        return known

    def put(self, key: bytes, reading: Reading) -> Known:
        """Cache what both engines agreed on."""
        truths = bytes([reading.truths[rule.id] for rule in self._rules.rules])
        statuses = bytes([STATUS_NUMBER[reading.findings[one.name].status] for one in self._conclusions])
        known = Known(truths, statuses, reading.behind)
        self._known.put(key, known)
        return known

    def read_again(self, known: Known, facts: Mapping[str, Finding]) -> Reading:
        """The plain reading of other facts with the same vector."""
        findings = closed_again(self._conclusions, known.statuses, known.behind, facts)
        return Reading(Truths(self._rules, known.truths), findings, self._conclusions, known.behind)

    def clear(self) -> None:
        """Forget all of it."""
        self._known.clear()


def vector_key(vector: Vector) -> bytes:
    """The vector as bytes that no other vector has: one byte for each number, or two where one does not fit."""
    try:
        return bytes(vector)
    except ValueError:
        return array("H", vector).tobytes()
