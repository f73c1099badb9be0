"""Reading: the first stage. Every line goes to the bucket of its patient, or is counted where it ends."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from service.errors import RequestError
from service.population.bundles import readable, skim
from service.population.codes import CodeCount
from service.population.export import EVERYTHING, Export
from service.population.inputs import Form, Source
from service.population.keys import BUNDLE, Fate, Keyed, broken, keyed
from service.population.lines import BOM, TruncatedError, lines_of, whole
from service.population.place import Place, write_json, written
from service.population.plan import Piece, Plan
from service.population.spill import Kind, Spilled, SpillWriter, hash_of

Json = dict[str, Any]


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


class Reading:
    """Reads the parts of files that a task is made of."""

    def __init__(self, plan: Plan, place: Place, export: Export) -> None:
        self._plan = plan
        self._place = place
        self._export = export
        # Records of what patients refer to stand in a bucket of their own, after all others.
        self._shared = plan.buckets

    def do(self, number: int) -> Json:
        """Read one task; what it found is written last and says that it is done."""
        with written(self._place.spill(number)) as file:
            spill = SpillWriter(file, self._plan.buckets, self._plan.sizes.segment)
            summary = self.read(number, spill.add)
            spill.close()
        summary["spilled"] = spill.payload
        write_json(self._place.found(number), summary)
        return summary

    def read(self, number: int, take: Callable[[Spilled, int | None], None]) -> Json:
        """Hand every record of one task over, with its bucket where it is not its patient's; return what was found."""
        found, codes = _Found(), CodeCount()
        for piece in self._plan.tasks[number]:
            for record, bucket in self._records(piece, found, codes):
                take(record, bucket)
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
        for place, line in self._texts(piece, source, named, found):
            found.text += len(line) + 1
            one = keyed(line, named)
            if one.fate is Fate.TYPE_NOT_READ:
                self._count(source, one.fate, found)
                continue
            if one.type == BUNDLE and one.fate is Fate.DECIDED:
                yield from self._of_bundle(source, place, line, found, codes)
                continue
            yield from self._of_line(source, named, place, line, one, found, codes)

    def _texts(self, piece: Piece, source: Source, named: str | None, found: _Found) -> Iterator[tuple[int, bytes]]:
        try:
            if source.form is Form.DOCUMENT:
                text = whole(source.path, source.compression)
                if not source.compression:
                    found.hashes[source.number] = hashlib.sha256(text).hexdigest()
                yield 0, text.removeprefix(BOM)
                return
            for place, line in lines_of(source.path, source.compression, piece.start, piece.end):
                if not place and line.startswith(BOM):
                    yield place, line.removeprefix(BOM)
                else:
                    yield place, line
        except TruncatedError as error:
            # What would have followed may be about anyone.
            self._reject(source, error.place, Keyed(Fate.REJECT, named, reason=str(error), loses=True), found)

    def _of_line(  # one line, where it stood, and where it is counted
        self,
        source: Source,
        named: str | None,
        place: int,
        line: bytes,
        one: Keyed,
        found: _Found,
        codes: CodeCount,
    ) -> Iterator[tuple[Spilled, int | None]]:
        if one.fate is Fate.REJECT:
            self._reject(source, place, one, found)
            if one.patient is not None:
                yield self._broken(source, place, one.patient, one.type), None
            return
        if one.id and f"{one.type}/{one.id}" in self._export.deleted:
            found.deleted += 1
            self._reject(source, place, Keyed(Fate.REJECT, one.type, reason="deleted, as the manifest says"), found)
            return
        self._count(source, one.fate, found)
        if one.type is not None:
            found.types[one.type] += 1
            if named is not None and one.type != named:
                found.strays.add(one.type)
        if one.loses:
            found.lost.setdefault(one.type or EVERYTHING, "a line that names no patient")
        if one.patient is not None:
            assert one.type is not None
            mark = hash_of(f"{one.type}/{one.id}") if one.id else 0
            codes.count(one.type, one.code)
            yield Spilled(one.patient, Kind.LINE, source.number, place, mark, line), None
        elif one.shared:
            assert one.type is not None
            codes.count(one.type, one.code)
            yield Spilled(f"{one.type}/{one.id}", Kind.LINE, source.number, place, 0, line), self._shared

    def _of_bundle(
        self, source: Source, place: int, text: bytes, found: _Found, codes: CodeCount
    ) -> Iterator[tuple[Spilled, int | None]]:
        try:
            skimmed = skim(text)
        except RequestError as error:
            one = broken(text, BUNDLE, error.issues[0].text)._replace(type=BUNDLE)
            self._reject(source, place, one, found)
            if one.patient is not None:
                yield self._broken(source, place, one.patient, None), None
            return
        if b"\\u" in text and not readable(text):
            one = broken(text, BUNDLE, "not JSON")._replace(type=BUNDLE)
            self._reject(source, place, one, found)
            if one.patient is not None:
                yield self._broken(source, place, one.patient, None), None
            return
        found.types[BUNDLE] += 1
        found.bundles.add(source.number)
        self._count(source, Fate.DECIDED if skimmed.parts else Fate.WITHOUT_PATIENT, found)
        for type_, code in skimmed.codes:
            codes.count(type_, code)
        for part in skimmed.parts:
            for type_ in sorted(part.incomplete):
                yield self._broken(source, place, part.patient, None if type_ == BUNDLE else type_), None
            if part.content is not None:
                yield Spilled(part.patient, Kind.DOCUMENT, source.number, place, 0, part.content), None
            elif source.compression:
                yield Spilled(part.patient, Kind.DOCUMENT, source.number, place, 0, text), None
            else:
                # It stands in the input and is read there again.
                length = str(len(text)).encode()
                yield Spilled(part.patient, Kind.PLACE, source.number, place, 0, length), None

    @staticmethod
    def _broken(source: Source, place: int, patient: str, type_: str | None) -> Spilled:
        text = (type_ or EVERYTHING).encode()
        return Spilled(patient, Kind.BROKEN, source.number, place, 0, text)

    def _reject(self, source: Source, place: int, one: Keyed, found: _Found) -> None:
        self._count(source, Fate.REJECT, found)
        if one.loses:
            type_ = EVERYTHING if one.type in (None, BUNDLE) else one.type or EVERYTHING
            found.lost.setdefault(type_, "a line that cannot be read and names no patient")
        reject: Json = {"file": source.name, "offset": place, "reason": one.reason}
        if one.type is not None:
            reject["type"] = one.type
        found.rejects.append(reject)

    @staticmethod
    def _count(source: Source, fate: Fate, found: _Found) -> None:
        counts = found.fates.get(source.number)
        if counts is None:
            counts = found.fates[source.number] = dict.fromkeys(Fate, 0)
        counts[fate] += 1


def place_of_text(plan: Plan, record: Spilled) -> bytes:
    """The text of a document that was left where it stands in the input."""
    source = plan.sources[record.source]
    with source.path.open("rb") as file:
        file.seek(record.offset)
        text = file.read(int(record.text) + (len(BOM) if not record.offset else 0))
    return text.removeprefix(BOM)[: int(record.text)]
