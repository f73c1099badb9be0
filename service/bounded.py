"""Bounded: what was worked out once and may be asked again, without growing for ever."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Bounded(dict[K, V]):
    """A dict that forgets everything when it is full: the cheapest way to look up, for small values made often."""

    __slots__ = ("_most",)

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, key: K, value: V) -> None:
        if len(self) >= self._most:
            self.clear()
        super().__setitem__(key, value)


class LastUsed(Generic[K, V]):
    """The values that were used last, the longest unused forgotten first. Safe for threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[K, V] = OrderedDict()
        self._mutex = threading.Lock()

    def get(self, key: K) -> V | None:
        """The value, which now counts as used; None when it was never put here, or too long ago."""
        with self._mutex:
            value = self._known.get(key)
            if value is not None:
                self._known.move_to_end(key)
            return value

    def put(self, key: K, value: V) -> None:
        """Keep a value under a key."""
        with self._mutex:
            self._known[key] = value
            if len(self._known) > self._most:
                self._known.popitem(last=False)

    def clear(self) -> None:
        """Forget all of it."""
        with self._mutex:
            self._known.clear()
