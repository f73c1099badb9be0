"""Codes and units that nothing reads, as one process sees them: gathered in memory until its next rows go home.

Nothing is counted before three patients of a client had it: then it is a word of the client's system, not of one
person's record. What a code is called is kept only where three patients had it in the same words.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from service.store.radar import CodeCount, CodeKey

PATIENTS = 3
_MOST = 5_000
"""How many codes are remembered and counted; beyond that a client sends anything, and new ones are passed over."""
_LENGTHS = {"type": 32, "system": 256, "code": 128, "unit": 32}
_DISPLAY = 128

_Said = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SeenCode:
    """One code, or unit of a code, that nothing reads, as it stood in the record of one call."""

    type: str
    system: str
    code: str
    display: str | None = None
    unit: str = ""


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


class SeenCodes:
    """Counts of one process that are not in the database yet. Safe for threads."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._codes, self._displays = _Gate(), _Gate()
        self._counts: Counter[CodeKey] = Counter()
        self._names: dict[_Said, str] = {}

    def add(self, day: str, issuer: str | None, patient: str | None, codes: Iterable[SeenCode]) -> None:
        """Count what one call brought; without a patient nothing is counted."""
        if patient is None:
            return
        person = hash(patient)
        with self._mutex:
            for one in codes:
                said = (issuer or "", one.type, one.system, one.code, one.unit)
                if not _fits(one) or not self._codes.passes(said, person):
                    continue
                key = CodeKey(day, *said)
                if key in self._counts or len(self._counts) < _MOST:
                    self._counts[key] += 1
                if one.display and len(one.display) <= _DISPLAY and self._displays.passes((*said, one.display), person):
                    self._names[said] = one.display

    def take(self) -> list[CodeCount]:
        """What was counted since it was last taken."""
        with self._mutex:
            taken, self._counts = self._counts, Counter()
            return [
                CodeCount(key, self._names.get((key.issuer, key.type, key.system, key.code, key.unit)), calls)
                for key, calls in taken.items()
            ]

    def put_back(self, counts: Iterable[CodeCount]) -> None:
        """Keep what could not be written, for another time."""
        with self._mutex:
            for one in counts:
                self._counts[one.key] += one.calls


def _fits(one: SeenCode) -> bool:
    return all(
        len(text) <= most and (text.isprintable() or not text)
        for name, most in _LENGTHS.items()
        for text in [getattr(one, name)]
    )
