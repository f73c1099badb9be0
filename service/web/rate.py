"""How often one address may ask: a bucket of so many questions that fills again with time."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

MOST_ADDRESSES = 4096


@dataclass
class Rate:
    """At most ``most`` questions at once from one address, and one more every ``seconds``. Safe for threads."""

    most: int
    seconds: float
    clock: Callable[[], float] = time.monotonic
    _left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)
    _mutex: threading.Lock = field(default_factory=threading.Lock)

    def is_empty(self, address: str) -> bool:
        """Whether the next question of an address would have to wait; takes none."""
        with self._mutex:
            left, since = self._left.get(address, (float(self.most), self.clock()))
            return left + (self.clock() - since) / self.seconds < 1

    def wait(self, address: str) -> float:
        """Take one question. Returns 0 when it may be asked, else how many seconds until it may."""
        with self._mutex:
            now = self.clock()
            left, since = self._left.pop(address, (float(self.most), now))
            left = min(float(self.most), left + (now - since) / self.seconds)
            asked = left >= 1
            self._left[address] = (left - 1 if asked else left, now)
            if len(self._left) > MOST_ADDRESSES:
                self._left.popitem(last=False)
            return 0.0 if asked else (1 - left) * self.seconds
