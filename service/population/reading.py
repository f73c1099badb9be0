"""Reading: the first stage. Every line goes to the bucket of its patient, or is counted where it ends."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from msgspec import DecodeError

from service.errors import RequestError
from service.population.bundles import skim
from service.population.codes import CodeCount
from service.population.entries import decode_line, decode_lines, hold_all, holds_unused, is_unused
from service.population.export import EVERYTHING, Export
from service.population.inputs import Form, Source
from service.population.keys import BUNDLE, UNUSED_TYPES, Fate, Keyed, broken, keyed, keyed_whole
from service.population.lines import BOM, TruncatedError, chunks_of, ends_of_objects, whole
from service.population.plain import PlainEntries
from service.population.plan import Piece, Plan
from service.population.run_folder import RunFolder, write_json, written
from service.population.runs import BundleSpan, RunMaker, encode
from service.population.spill import Kind, Spilled, SpillWriter
from service.population.texts import is_clear
from service.record.input.reader import READ_TYPES

Json = dict[str, Any]
_LINE_OF_NOBODY = "a line that cannot be read and names no patient"


@dataclass
class _Found:
    """What one task has come to: counts, rejects, types seen and types lost."""

    fates: dict[int, dict[Fate, int]] = field(default_factory=dict)
    types: Counter[str] = field(default_factory=Counter)
    strays: set[str] = field(default_factory=set)
    bundles: set[int] = field(default_factory=set)
    lost: dict[str, str] = field(default_factory=dict)
    rejects: list[Json] = field(default_factory=list)
    hashes: dict[int, str] = field(default_factory=dict)
    deleted: int = 0
    text: int = 0

    def count(self, source: Source, fate: Fate, lines: int) -> None:
        """Count lines of one fate."""
        counts = self.fates.get(source.number)
        if counts is None:
            counts = self.fates[source.number] = dict.fromkeys(Fate, 0)
        counts[fate] += lines


@dataclass
class _Lines:
    """The lines of one piece of a file. ``skip`` is how lines begin of which nothing more is looked at."""

    source: Source
    named: str | None
    found: _Found
    codes: CodeCount
    runs: RunMaker
    skip: bytes | None = None

    def __post_init__(self) -> None:
        if self.named in UNUSED_TYPES:
            self.skip = b'{"resourceType":"%s"' % self.named.encode()


class Reading:
    """Reads the parts of files that a task is made of."""

    def __init__(self, plan: Plan, folder: RunFolder, export: Export, plain: PlainEntries | None = None) -> None:
        """Without ``plain`` nothing is told of what an entry says for the gate."""
        self._plan = plan
        self._folder = folder
        self._export = export
        self._plain = plain or PlainEntries(None, READ_TYPES)
        # Records of what patients refer to stand in a bucket of their own, after all others.
        self._shared = plan.buckets

    def do(self, number: int) -> Json:
        """Read one task; what it found is written last and says that it is done."""
        with written(self._folder.spill(number)) as file:
            spill = SpillWriter(file, self._plan.buckets, self._plan.sizes.segment)
            summary = self.read(number, spill.add)
            spill.close()
        summary["spilled"] = spill.payload
        write_json(self._folder.found(number), summary)
        return summary

    def read(self, number: int, take: Callable[[Spilled, int | None], None]) -> Json:
        """Hand every record of one task over, with its bucket where it is not its patient's; return what was found."""
        found, codes = _Found(), CodeCount()
        for piece in self._plan.tasks[number]:
            for record, bucket in self._records(piece, found, codes):
                take(record, bucket)
        for type_, code, times in self._plain.met():
            codes.count(type_, code, times)
        return {
            "fates": {
                str(source): {fate.value: n for fate, n in fates.items()} for source, fates in found.fates.items()
            },
            "types": dict(sorted(found.types.items())),
            "strays": sorted(found.strays),
            "bundles": sorted(found.bundles),
            "lost": dict(sorted(found.lost.items())),
            "rejects": found.rejects,
            "sha256": {str(source): digest for source, digest in found.hashes.items()},
            "codes": codes.as_rows(),
            "deleted": found.deleted,
            "text": found.text,
            "spilled": 0,
        }

    def _records(self, piece: Piece, found: _Found, codes: CodeCount) -> Iterator[tuple[Spilled, int | None]]:
        source = self._plan.sources[piece.source]
        named = self._export.files.get(source.path.name) or source.named
        lines = _Lines(source, named, found, codes, self._runs_of(source, named, found))
        try:
            if source.form is Form.DOCUMENT:
                yield from self._of_document(lines)
                return
            digest = hashlib.sha256()
            is_hashed = piece.end is None and not source.compression
            on_read = digest.update if is_hashed else len
            for offset, text in chunks_of(source.path, source.compression, piece.start, piece.end, on_read):
                at, chunk = (0, text) if offset or not text.startswith(BOM) else (len(BOM), text.removeprefix(BOM))
                yield from self._of_chunk(lines, offset + at, chunk)
            if is_hashed:
                found.hashes[source.number] = digest.hexdigest()
        except TruncatedError as error:
            # What would have followed may be about anyone.
            reject = Keyed(Fate.REJECT, named, reason=str(error), loses=True)
            self._reject(lines, error.offset, reject, "a file whose compressed data ends early or is damaged")

    def _runs_of(self, source: Source, named: str | None, found: _Found) -> RunMaker:
        def on_run(type_: str, lines: int) -> None:
            found.types[type_] += lines
            found.count(source, Fate.DECIDED, lines)
            if named is not None and type_ != named:
                found.strays.add(type_)

        return RunMaker(source, self._plain, on_run)

    def _of_document(self, lines: _Lines) -> Iterator[tuple[Spilled, int | None]]:
        source = lines.source
        text = whole(source.path, source.compression)
        if not source.compression:
            lines.found.hashes[source.number] = hashlib.sha256(text).hexdigest()
        lines.found.text += len(text) + 1
        line = text.removeprefix(BOM)
        yield from self._of_line(lines, 0, line, keyed(line, lines.named))
        yield from ((run, None) for run in lines.runs.over())

    def _of_chunk(self, lines: _Lines, offset: int, chunk: bytes) -> Iterator[tuple[Spilled, int | None]]:
        """Many lines at once: those of which a part tells enough, the quick way."""
        lines.found.text += len(chunk) + 1
        # Of lines that are mostly skipped each that is not is looked at by itself.
        are_clear = lines.skip is None and is_clear(chunk)
        if are_clear and not self._export.deleted and self._taken_together(lines, offset, chunk):
            yield from ((run, None) for run in lines.runs.over())
            return
        at, end, skipped = 0, len(chunk), 0
        while at <= end:
            stop = chunk.find(b"\n", at)
            stop = end if stop < 0 else stop
            if lines.skip is not None and chunk.startswith(lines.skip, at):
                skipped += 1
            else:
                yield from self._of_any_line(lines, offset + at, chunk[at:stop], are_clear=are_clear)
            at = stop + 1
        if skipped:
            lines.found.count(lines.source, Fate.TYPE_NOT_READ, skipped)
        yield from ((run, None) for run in lines.runs.over())

    @staticmethod
    def _taken_together(lines: _Lines, offset: int, chunk: bytes) -> bool:
        """Whether all lines of a chunk could be taken in at once."""
        ends = ends_of_objects(chunk)
        if not ends:
            return False
        try:
            entries = decode_lines(chunk)
        except DecodeError:
            return False
        # Each line begins and ends as an object does, so none holds a part of one: as many are one each.
        if len(entries) != len(ends) or holds_unused(entries) or not hold_all(entries, chunk, len(ends) - 1):
            return False
        return lines.runs.take_all(entries, ends, chunk, offset)

    def _of_any_line(
        self, lines: _Lines, offset: int, line: bytes, *, are_clear: bool
    ) -> Iterator[tuple[Spilled, int | None]]:
        entry = None
        if are_clear or is_clear(line):
            with suppress(DecodeError):
                entry = decode_line(line)
        if entry is None or is_unused(entry):
            yield from self._of_line(lines, offset, line, keyed(line, lines.named))
        elif not hold_all([entry], line):
            yield from self._of_line(lines, offset, line, keyed_whole(line, lines.named))
        elif self._export.deleted or not lines.runs.take(entry, line, offset):
            yield from self._of_line(lines, offset, line, keyed(line, lines.named))

    def _of_line(self, lines: _Lines, offset: int, line: bytes, one: Keyed) -> Iterator[tuple[Spilled, int | None]]:
        """One line, whatever it is."""
        found, source = lines.found, lines.source
        if one.fate is Fate.REJECT:
            self._reject(lines, offset, one)
            if one.patient is not None:
                yield self._broken(source, offset, one.patient, one.type), None
            return
        if one.type == BUNDLE and one.fate is Fate.DECIDED:
            yield from self._of_bundle(lines, offset, line)
            return
        if one.id and f"{one.type}/{one.id}" in self._export.deleted:
            found.deleted += 1
            self._reject(lines, offset, Keyed(Fate.REJECT, one.type, reason="deleted, as the manifest says"))
            return
        if one.patient is not None:
            assert one.type is not None
            lines.codes.count(one.type, one.code)
            lines.runs.take_whole(one.type, one.id, one.patient, line, offset)
            return
        found.count(source, one.fate, 1)
        if one.fate is Fate.TYPE_NOT_READ:
            lines.skip = b'{"resourceType":"%s"' % (one.type or "").encode()
        elif one.type is not None:
            yield from self._of_nobody(lines, offset, line, one.type, one)

    def _of_nobody(
        self, lines: _Lines, offset: int, line: bytes, type_: str, one: Keyed
    ) -> Iterator[tuple[Spilled, int | None]]:
        """A line of a type that is read, about no patient."""
        lines.found.types[type_] += 1
        if lines.named is not None and type_ != lines.named:
            lines.found.strays.add(type_)
        if one.loses:
            lines.found.lost.setdefault(type_, "a line that names no patient")
        if one.shared:
            yield Spilled(f"{type_}/{one.id}", Kind.LINE, lines.source.number, offset, line), self._shared

    def _of_bundle(self, lines: _Lines, offset: int, text: bytes) -> Iterator[tuple[Spilled, int | None]]:
        found, source = lines.found, lines.source
        try:
            skimmed = skim(text, self._plain)
        except RequestError as error:
            one = broken(text, BUNDLE, error.issues[0].text)._replace(type=BUNDLE)
            self._reject(lines, offset, one)
            if one.patient is not None:
                yield self._broken(source, offset, one.patient, None), None
            return
        found.types[BUNDLE] += 1
        found.bundles.add(source.number)
        found.count(source, Fate.DECIDED if skimmed.parts else Fate.WITHOUT_PATIENT, 1)
        for type_, code in skimmed.codes:
            lines.codes.count(type_, code)
        for part in skimmed.parts:
            for type_ in sorted(part.incomplete):
                yield self._broken(source, offset, part.patient, None if type_ == BUNDLE else type_), None
            if part.content is not None:
                yield Spilled(part.patient, Kind.DOCUMENT, source.number, offset, part.content), None
            elif source.compression:
                yield Spilled(part.patient, Kind.DOCUMENT, source.number, offset, text), None
            else:
                # It stands in the input and is read there again, if it must be.
                span = part.seen or BundleSpan(len(text))
                yield Spilled(part.patient, Kind.BUNDLE, source.number, offset, encode(span)), None

    @staticmethod
    def _broken(source: Source, offset: int, patient: str, type_: str | None) -> Spilled:
        text = (type_ or EVERYTHING).encode()
        return Spilled(patient, Kind.BROKEN, source.number, offset, text)

    @staticmethod
    def _reject(lines: _Lines, offset: int, one: Keyed, why: str = _LINE_OF_NOBODY) -> None:
        lines.found.count(lines.source, Fate.REJECT, 1)
        if one.loses:
            type_ = EVERYTHING if one.type in (None, BUNDLE) else one.type or EVERYTHING
            lines.found.lost.setdefault(type_, why)
        reject: Json = {"file": lines.source.name, "offset": offset, "reason": one.reason}
        if one.type is not None:
            reject["type"] = one.type
        lines.found.rejects.append(reject)


def text_at(plan: Plan, record: Spilled, length: int) -> bytes:
    """The text of a document or of lines that was left where it stands in the input."""
    with plan.sources[record.source].path.open("rb") as file:
        file.seek(record.offset)
        text = file.read(length + (len(BOM) if not record.offset else 0))
    return text.removeprefix(BOM)[:length]
