"""Runs: what the first stage writes down of lines and bundles, in place of their text, which stays where it stands.

A run is lines that follow one another, of one type and about one patient. Of most patients nothing more is ever read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

import msgspec

from service.population.entries import TYPE_OF, Entry, Patient, by_class
from service.population.inputs import Source
from service.population.keys import is_plain_id, patient_named
from service.population.plain import PlainEntries, Says
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


class BundleSpan(msgspec.Struct, array_like=True, gc=False):
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
decode_bundle_span = msgspec.msgpack.Decoder(BundleSpan).decode


def lines_of_run(record: Spilled, text: bytes) -> Iterator[tuple[bytes, Spilled]]:
    """The lines of a run, each with where it stands."""
    offset, key, source, kind = record.offset, record.key, record.source, Kind.LINE
    for line in text.split(_NEWLINE):
        yield line, Spilled(key, kind, source, offset, b"")
        offset += len(line) + 1


class RunMaker:
    """Puts the lines of one file together to runs. ``on_run`` is called with the type and lines of each run."""

    def __init__(self, source: Source, plain: PlainEntries, on_run: Callable[[str, int], None]) -> None:
        self._source = source
        self._plain = plain
        self._on_run = on_run
        self._over: list[Spilled] = []
        self._entries: list[Entry] = []
        self._lines: list[bytes] = []
        self._class: type[Entry] | None = None
        self._about = self._key = ""
        self._start = self._end = 0

    def take(self, entry: Entry, line: bytes, offset: int) -> bool:
        """Take in a line of which a part was read; False where that part does not tell whom it is about."""
        about = entry.about()
        if offset != self._end or about != self._about or type(entry) is not self._class:
            key = patient_named(about)
            if not is_plain_id(key):
                return False
            self._end_run()
            self._class, self._about, self._key, self._start = type(entry), about, key, offset
        self._entries.append(entry)
        self._end = offset + len(line) + 1
        if self._source.compression:
            self._lines.append(line)
        return True

    def take_all(self, entries: Sequence[Entry], ends: Sequence[int], text: bytes, offset: int) -> bool:
        """Take in all lines of a text, with where each ends in it; False where one does not tell whom it is about."""
        subjects = [entry.about() for entry in entries]
        keys = {about: patient_named(about) for about in set(subjects)}
        if not all(map(is_plain_id, keys.values())):
            return False
        self._end_run()
        kinds = by_class(entries)
        says = self._seen(kinds)
        first = start = 0
        for about, group in _groups(entries, subjects, is_one_class=len(kinds) == 1):
            end = ends[first + group - 1]
            some = entries[first : first + group]
            content = text[start:end] if self._source.compression else b""
            self._add_run(some, says, about, keys[about], offset + start, end - start, content)
            first, start = first + group, end + 1
        return True

    def take_whole(self, type_: str, id_: str, key: str, line: bytes, offset: int) -> None:
        """Take in a line that must be read whole before anything is said of it."""
        self._end_run()
        text = line if self._source.compression else b""
        self._add(Run(type_, "", len(line), Says.UNKNOWN, [id_], b"", text), key, offset)

    def _end_run(self) -> None:
        entries = self._entries
        if not entries:
            return
        text = _NEWLINE.join(self._lines)
        says = self._plain.of(entries)
        self._add_run(entries, says, self._about, self._key, self._start, self._end - 1 - self._start, text)
        entries.clear()
        self._lines.clear()
        self._class = None

    def _seen(self, kinds: Mapping[type[Entry], Sequence[Entry]]) -> Says | None:
        """Nothing, where no entry says anything; else None: it must be asked of each run. Their codes are counted."""
        return None if self._plain.of_all(kinds.values()) else Says.NOTHING

    def _add_run(  # all that is known of a run
        self, entries: Sequence[Entry], says: Says | None, about: str, key: str, offset: int, length: int, text: bytes
    ) -> None:
        if says is None:
            says = self._plain.of(entries, again=True)
        person, first = b"", entries[0]
        if isinstance(first, Patient):
            person = self._plain.person_of(first) or b""
            says = says if person else Says.UNKNOWN
        ids = [entry.id for entry in entries]
        self._add(Run(TYPE_OF[type(first)], about, length, says, ids, person, text), key, offset)

    def _add(self, run: Run, key: str, offset: int) -> None:
        self._on_run(run.type, len(run.ids))
        self._over.append(Spilled(key, Kind.RUN, self._source.number, offset, encode(run)))

    def over(self) -> Iterator[Spilled]:
        """The runs of the lines so far, as records; what follows begins new ones."""
        self._end_run()
        yield from self._over
        self._over.clear()


def _groups(entries: Sequence[Entry], subjects: Sequence[str], *, is_one_class: bool) -> Iterator[tuple[str, int]]:
    """Entries of one type and about one patient that follow one another: whom they are about, and how many."""
    if is_one_class:
        yield from ((about, len(list(group))) for about, group in groupby(subjects))
        return
    for (_, about), group in groupby(zip(map(type, entries), subjects, strict=True)):
        yield about, len(list(group))
