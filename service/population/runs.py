"""Runs: what the first stage writes down of lines and bundles, in place of their text, which stays where it stands.

A run is lines that follow one another, of one type and about one patient. Of most patients nothing more is ever read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from service.population.entries import TYPE_OF, Entry, Patient
from service.population.inputs import Source
from service.population.keys import is_plain_id, patient_named
from service.population.plain import Says, person_of
from service.population.spill import Kind, Spilled

_NEWLINE = b"\n"


class Run(msgspec.Struct, array_like=True, gc=False):
    """Lines that follow one another: their type, whom they are about as they say it, and so many bytes of them.

    ``says`` is what they say for the gate. ``ids`` are their own ids. ``person`` is what age and sex are read from, of
    a Patient. ``text`` is there where the lines cannot be read again, because their file is compressed.
    """

    type: str
    about: str
    length: int
    says: int
    ids: list[str]
    person: bytes = b""
    text: bytes = b""


class Placed(msgspec.Struct, array_like=True, gc=False):
    """A bundle that stands in the input: so many bytes, and what it says for the gate.

    Where it says nothing: how many entries it has, of which types, and what age and sex are read from.
    """

    length: int
    says: int = Says.UNKNOWN
    entries: int = 0
    types: list[str] = []
    person: bytes = b""


encode = msgspec.msgpack.Encoder().encode
decode_run = msgspec.msgpack.Decoder(Run).decode
decode_placed = msgspec.msgpack.Decoder(Placed).decode


def lines_of_run(record: Spilled, text: bytes) -> Iterator[tuple[bytes, Spilled]]:
    """The lines of a run, each with where it stands."""
    place = record.offset
    for line in text.split(_NEWLINE):
        yield line, Spilled(record.key, Kind.LINE, record.source, place, b"")
        place += len(line) + 1


class RunMaker:
    """Puts the lines of one file together to runs. ``told`` hears of each run: its type and its number of lines."""

    def __init__(self, source: Source, says: Callable[[Entry], Says], told: Callable[[str, int], None]) -> None:
        self._source = source
        self._says = says
        self._told = told
        self._over: list[Spilled] = []
        self._run: Run | None = None
        self._lines: list[bytes] = []
        self._class: type[Entry] | None = None
        self._key = ""
        self._start = self._end = 0

    def take(self, entry: Entry, line: bytes, place: int) -> bool:
        """Take in a line of which a part was read; False where that part does not tell whom it is about."""
        about, run = entry.about(), self._run
        if run is None or place != self._end or about != run.about or type(entry) is not self._class:
            key = patient_named(about)
            if not is_plain_id(key):
                return False
            run = self._begun(Run(TYPE_OF[type(entry)], about, 0, Says.NOTHING, []), key, place)
            self._class = type(entry)
            if isinstance(entry, Patient):
                run.person = person_of(entry) or b""
                run.says = Says.NOTHING if run.person else Says.UNKNOWN
        says = self._says(entry)
        run.says = max(run.says, says)
        self._add(run, entry.id, line, place)
        return True

    def take_unread(self, type_: str, id_: str, key: str, line: bytes, place: int) -> None:
        """Take in a line that must be read whole before anything is said of it."""
        self._add(self._begun(Run(type_, "", 0, Says.UNKNOWN, []), key, place), id_, line, place)

    def _begun(self, run: Run, key: str, place: int) -> Run:
        self._end_run()
        self._run, self._key, self._start, self._class = run, key, place, None
        return run

    def _add(self, run: Run, id_: str, line: bytes, place: int) -> None:
        run.ids.append(id_)
        self._end = place + len(line) + 1
        if self._source.compression:
            self._lines.append(line)

    def _end_run(self) -> None:
        run = self._run
        if run is None:
            return
        run.length = self._end - 1 - self._start
        run.text = _NEWLINE.join(self._lines)
        self._lines.clear()
        self._told(run.type, len(run.ids))
        self._over.append(Spilled(self._key, Kind.RUN, self._source.number, self._start, encode(run)))
        self._run = None

    def over(self) -> Iterator[Spilled]:
        """The runs of the lines so far, as records; what follows begins new ones."""
        self._end_run()
        yield from self._over
        self._over.clear()
