"""Codes and units that nothing reads, as one process sees them: gathered in memory until its next rows go home.

Nothing is counted before three patients of a client had it: then it is a word of the client's system, not of one
person's record. What a code is called is kept only where three patients had it in the same words.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable

from service.record.unread_codes import UnreadCode
from service.store.radar import CodeCount, CodeKey

PATIENTS = 3
_MOST = 5_000
"""How many words of a client wait or are known; beyond that it sends anything, and new ones are passed over."""
_LENGTHS = {"type": 32, "system": 256, "code": 128, "unit": 32}
_DISPLAY = 128

_Said = tuple[str, ...]


class _Gate:
    """Lets a word through from the third patient on. Remembers patients only until then, as numbers of this process."""

    def __init__(self) -> None:
        self._waiting: dict[_Said, set[int]] = {}
        self._through: set[_Said] = set()

    def passes(self, said: _Said, patient: int) -> bool:
        if said in self._through:
            return True
        if said not in self._waiting and len(self._waiting) + len(self._through) >= _MOST:
            return False
        patients = self._waiting.setdefault(said, set())
        patients.add(patient)
        if len(patients) < PATIENTS:
            return False
        del self._waiting[said]
        self._through.add(said)
        return True


class _OfClient:
    """What one client sent: the gates of its words, the codes that are through both, and their counts by day."""

    def __init__(self) -> None:
        self.codes, self.displays = _Gate(), _Gate()
        self.through: set[UnreadCode] = set()
        self.names: dict[_Said, str] = {}
        self.counts: dict[str, Counter[UnreadCode]] = {}

    def lets(self, one: UnreadCode, person: int) -> bool:
        """Whether a code may be counted; where it may be called by its name too, it is looked at no more."""
        if not _fits(one):
            return False
        said = (one.type, one.system, one.code, one.unit)
        named = one.display is None or len(one.display) > _DISPLAY
        if not named and self.displays.passes((*said, str(one.display)), person):
            self.names[said], named = str(one.display), True
        passes = self.codes.passes(said, person)
        if passes and named and len(self.through) < _MOST:
            self.through.add(one)
        return passes


class SeenCodes:
    """Counts of one process that are not in the database yet. Safe for threads."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._clients: dict[str, _OfClient] = {}
        self._back: Counter[CodeKey] = Counter()

    def add(self, day: str, issuer: str | None, patient: str, codes: Iterable[UnreadCode], calls: int = 1) -> None:
        """Count what one call brought that stands for so many."""
        person = hash(patient)
        with self._mutex:
            client = self._clients.setdefault(issuer or "", _OfClient())
            counts = client.counts.setdefault(day, Counter())
            for one in codes:
                if one in client.through or client.lets(one, person):
                    counts[one] += calls

    def take(self) -> list[CodeCount]:
        """What was counted since it was last taken."""
        with self._mutex:
            taken, self._back = self._back, Counter()
            names: dict[CodeKey, str | None] = {}
            for issuer, client in self._clients.items():
                for day, counts in client.counts.items():
                    for one, calls in counts.items():
                        said = (one.type, one.system, one.code, one.unit)
                        key = CodeKey(day, issuer, *said)
                        taken[key] += calls
                        names[key] = client.names.get(said)
                client.counts = {}
            return [CodeCount(key, names.get(key), calls) for key, calls in taken.items()]

    def put_back(self, counts: Iterable[CodeCount]) -> None:
        """Keep what could not be written, for another time."""
        with self._mutex:
            for one in counts:
                self._back[one.key] += one.calls


def _fits(one: UnreadCode) -> bool:
    return all(
        len(text) <= most and (text.isprintable() or not text)
        for name, most in _LENGTHS.items()
        for text in [getattr(one, name)]
    )
