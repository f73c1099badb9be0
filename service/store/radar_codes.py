"""Codes and units, as one process sees them: gathered in memory until its next rows are drained.

No code is counted before three patients of a client had it: then it is a word of the client's system, not of one
person's record. What a code is called is stored only where three patients had it in the same words. What nothing reads
is counted by calls, codes that are read by patients, each once a day: an absence of these is to prove something.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable

from service.record.sent_codes import READ, SentCode
from service.store.radar import PATIENTS_OF_DAY, CodeCount, CodeKey

PATIENTS = 3
_MOST = 5_000
"""How many words of a client wait or are known; beyond that it sends anything, and new ones are passed over."""
_MOST_PATIENTS = 20_000
"""Of so many patients of a client and day it is cached that they came."""
_PATIENT = SentCode(PATIENTS_OF_DAY, "", "", None, READ)
_LENGTHS = {"type": 32, "system": 256, "code": 128, "unit": 32}
_DISPLAY = 128

_Said = tuple[str, ...]


class _Gate:
    """Lets a word through from the third patient on. Remembers its patients until then, as numbers of this process."""

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
        self.through: set[SentCode] = set()
        self.names: dict[_Said, str] = {}
        self.counts: dict[str, Counter[SentCode]] = {}
        self.came: dict[str, set[int]] = {}

    def is_first(self, day: str, person: int) -> bool:
        """Whether a patient came for the first time on that day. Of patients only the newest days are remembered."""
        if day not in self.came:
            self.came = {each: persons for each, persons in self.came.items() if each >= max(self.came)}
        came = self.came.setdefault(day, set())
        if person in came or len(came) >= _MOST_PATIENTS:
            return False
        came.add(person)
        return True

    def lets(self, one: SentCode, person: int) -> bool:
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

    def add(self, day: str, issuer: str | None, patient: str, codes: Iterable[SentCode], calls: int = 1) -> None:
        """Count what one call brought that stands for so many."""
        person = hash(patient)
        with self._mutex:
            client = self._clients.setdefault(issuer or "", _OfClient())
            counts = client.counts.setdefault(day, Counter())
            first = client.is_first(day, person)
            if first:
                counts[_PATIENT] += calls
            for one in codes:
                if (first or one.unit != READ) and (one in client.through or client.lets(one, person)):
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
        """Put back what could not be written, to try again."""
        with self._mutex:
            for one in counts:
                self._back[one.key] += one.calls


def _fits(one: SentCode) -> bool:
    return all(
        len(text) <= most and (text.isprintable() or not text)
        for name, most in _LENGTHS.items()
        for text in [getattr(one, name)]
    )
