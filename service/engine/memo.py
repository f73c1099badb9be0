"""States decided once: what both engines made of a vector is cached, so that the same vector is not asked again.

Both engines are pure functions of the vector of a program (``vector.py``). An outcome is put here only after
both agreed on it, so an answer that comes from here is the same to the byte as one that does not.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence

from service.bounded import LastUsed
from service.engine.vector import Vector
from service.knowledge.conditions import Truth

# A few hundred bytes each: two megabytes a program when full.
CAPACITY = 4096
_TRUTHS = tuple(sorted(Truth))


class Memo:
    """The truths of a program's rules by vector, the longest unused forgotten first. Thread-safe."""

    def __init__(self, rules: Sequence[str], capacity: int = CAPACITY) -> None:
        self._rules = tuple(rules)
        self._known: LastUsed[bytes, bytes] = LastUsed(capacity)
        self.hits = 0
        self.misses = 0

    def get(self, vector: Vector) -> Mapping[str, Truth] | None:
        """What the rules came to for this vector, by rule id; None when it was never asked, or too long ago."""
        truths = self._known.get(vector_key(vector))
        if truths is None:
            self.misses += 1
            return None
        self.hits += 1
        return dict(zip(self._rules, map(_TRUTHS.__getitem__, truths), strict=True))

    def put(self, vector: Vector, truths: Mapping[str, Truth]) -> None:
        """Cache what both engines agreed on."""
        self._known.put(vector_key(vector), bytes(truths[rule] for rule in self._rules))

    def clear(self) -> None:
        """Forget all of it."""
        self._known.clear()


def vector_key(vector: Vector) -> bytes:
    """The vector as bytes that no other vector has."""
    return array("H", vector).tobytes()
