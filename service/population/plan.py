"""Plan: what a run is asked, and the tasks it falls into. The same question over the same files is the same plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from service.population.inputs import Form, Inputs, Source
from service.population.keys import UNUSED_TYPES
from service.population.limits import Sizes

Json = dict[str, Any]
_MOST_BUCKETS = 4096
_GROWTH = 8
"""So many times as long as a compressed file is taken to be its text."""
_SHARE_HELD = 4
"""One of so many bytes of a file is taken to be held, though a bundle that is taken apart is held whole."""
VERSION = 6
"""Raised when what stands in the work folder changes, so that an older one is not gone on with."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about every patient."""

    hook: str
    now: datetime
    largest: int
    findings: bool = False
    fhir: bool = False
    pseudonyms: bytes | None = None
    use_gate: bool = True
    use_memo: bool = True
    visits: bool = False
    small: int = 11

    def tables(self) -> tuple[str, ...]:
        """The tables that a run gives."""
        asked = {"findings": self.findings, "visits": self.visits}
        return ("decisions", "cards", *(name for name, is_asked in asked.items() if is_asked))


class Piece(msgspec.Struct, frozen=True):
    """A part of a file, by the number of the file: the whole of it where ``end`` is None."""

    source: int
    start: int = 0
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The tasks of a run: ``tasks`` read lines, each a list of pieces; ``buckets`` are decided one by one."""

    sources: tuple[Source, ...]
    tasks: tuple[tuple[Piece, ...], ...]
    buckets: int
    sizes: Sizes

    def hashed_apart(self) -> tuple[int, ...]:
        """The files whose SHA-256 is worked out by itself, because no task reads all of them as they stand on disk.

        The largest come first: that of one file cannot be shared out.
        """
        read_whole = {piece.source for task in self.tasks for piece in task if piece.end is None}
        files = (source for source in self.sources if source.compression or source.number not in read_whole)
        return tuple(source.number for source in sorted(files, key=lambda source: -source.size))

    def largest_first(self) -> list[int]:
        """The numbers of the tasks, what reads most first."""
        return sorted(range(len(self.tasks)), key=lambda number: -sum(map(self._size_of, self.tasks[number])))

    def _size_of(self, piece: Piece) -> int:
        return self.sources[piece.source].size if piece.end is None else piece.end - piece.start


def plan_of(inputs: Inputs, sizes: Sizes) -> Plan:
    """How the files are read. What comes out does not depend on it."""
    tasks: list[tuple[Piece, ...]] = []
    together: list[Piece] = []
    held = 0
    for source in inputs.sources:
        if _is_shared_out(source, sizes):
            starts = range(0, source.size, sizes.task)
            tasks.extend((Piece(source.number, start, min(start + sizes.task, source.size)),) for start in starts)
            continue
        together.append(Piece(source.number))
        held += source.size
        if held >= sizes.task:
            tasks.append(tuple(together))
            together, held = [], 0
    if together:
        tasks.append(tuple(together))
    # Of files that can be read again little more is held than where lines stand; of others it is their text.
    total = sum(
        source.size * _GROWTH if source.compression else source.size // _SHARE_HELD for source in inputs.sources
    )
    wanted = max(1, total // sizes.bucket)
    buckets = min(_MOST_BUCKETS, 1 << (wanted - 1).bit_length())
    return Plan(inputs.sources, tuple(tasks), buckets, sizes)


def _is_shared_out(source: Source, sizes: Sizes) -> bool:
    """Whether a file is read in pieces. One of a type of which nothing is read takes hardly longer than its SHA-256."""
    is_cuttable = source.form is Form.LINES and not source.compression and source.named not in UNUSED_TYPES
    return is_cuttable and source.size > sizes.task


def fingerprint(plan: Plan, question: Question, digest: str, program: str) -> Json:
    """What must be the same for a run to be gone on with: files as they stand, question, rule set and program."""
    import hashlib

    return {
        "version": VERSION,
        "program": program,
        "ruleset": digest,
        "question": {
            "hook": question.hook,
            "now": question.now.isoformat(),
            "largestPatient": question.largest,
            "findings": question.findings,
            "fhir": question.fhir,
            "pseudonyms": None
            if question.pseudonyms is None
            else hashlib.sha256(b"sciatica-cds population\n" + question.pseudonyms).hexdigest(),
            "gate": question.use_gate,
            "memo": question.use_memo,
            "visits": question.visits,
            "hideBelow": question.small,
        },
        "files": [
            [source.name, source.size, source.path.stat().st_mtime_ns, source.form.value] for source in plan.sources
        ],
        "tasks": len(plan.tasks),
        "buckets": plan.buckets,
        "segment": plan.sizes.segment,
    }
