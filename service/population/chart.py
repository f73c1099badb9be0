"""Chart: the record of one patient from what was spilled about it, with what silence may mean.

The order of the records changes nothing: they are put into an order of their own by their text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from service.errors import RequestError
from service.note import Note, NoteCode
from service.population.bundles import cut, importance
from service.population.export import EVERYTHING
from service.population.runs import BundleSpan, Run, decode_bundle_span, decode_run, lines_of_run
from service.population.spill import Kind, Spilled
from service.population.texts import parsed
from service.record.input.reader import read_bundle
from service.record.model import UNTYPED, Completeness, Problem, Record

_SHARED = re.compile(rb'"reference"\s*:\s*"(?:[^"\\]*/)?((?:Medication|Device)/[A-Za-z0-9.\-]{1,64})')
_SLACK = 4
"""A patient with a quarter more lines than the most is cut while its lines are being read."""
_DEEPEST = 3
"""How many references are followed from one shared resource to the next: a drug, its ingredient."""
_TYPE = re.compile(rb'"resourceType"\s*:\s*"([A-Za-z]{1,64})"')


@dataclass(frozen=True, slots=True)
class Exported:
    """What is known of all lists: ``whole`` were exported whole; of ``partial`` not all came, ``EVERYTHING`` stands for
    all types.
    """  # noqa: D205

    whole: frozenset[str] = frozenset()
    partial: frozenset[str] = frozenset()
    has_lines: bool = False


class SharedResources(Protocol):
    """The resources that are about no patient and that patients refer to, by ``Type/id``."""

    def texts(self, name: str) -> Sequence[bytes]: ...

    def __bool__(self) -> bool:
        """Whether there are any."""
        ...


Group = tuple[str, str]
"""The band of age and the sex of a patient."""
TextAt = Callable[[Spilled, int], bytes]
"""Reads so many bytes again where a record says that they stand."""


@dataclass(slots=True)
class Gathered:
    """What was spilled about one patient: first where it stands, then, where it must be read, its ``lines`` and
    ``documents``. ``left_out`` counts by type what was more than a patient may have.
    """  # noqa: D205

    key: str
    runs: list[tuple[Run, Spilled]] = field(default_factory=list)
    bundles: list[tuple[BundleSpan, Spilled]] = field(default_factory=list)
    lines: list[tuple[bytes, Spilled]] = field(default_factory=list)
    documents: list[tuple[bytes, Spilled]] = field(default_factory=list)
    broken: list[Spilled] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    cut_lines: list[Spilled] = field(default_factory=list)
    is_read: bool = False

    def add(self, record: Spilled) -> None:
        """Take one record in."""
        if record.kind == Kind.RUN:
            self.runs.append((decode_run(record.text), record))
        elif record.kind == Kind.BUNDLE:
            self.bundles.append((decode_bundle_span(record.text), record))
        elif record.kind == Kind.BROKEN:
            self.broken.append(record)
        else:
            self.documents.append((record.text, record))

    @property
    def resources(self) -> int:
        """How many lines there are; in a bundle they are not counted."""
        return sum(len(run.ids) for run, _ in self.runs)

    @property
    def duplicates(self) -> int:
        """How many lines hold a resource that another line holds too."""
        every: list[str] = []
        for run, _ in self.runs:
            every += run.ids
        if len(set(every)) == len(every):
            return 0
        ids: dict[str, list[str]] = {}
        for run, _ in self.runs:
            ids.setdefault(run.type, []).extend(filter(None, run.ids))
        return sum(len(found) - len(set(found)) for found in ids.values())

    def read_texts(self, text_at: TextAt, most: int) -> None:
        """Read what stands in the input, if it was not read yet, and keep of it at most so many resources."""
        if self.is_read:
            return
        self.is_read = True
        for run, record in self.runs:
            self.lines.extend(lines_of_run(record, run.text or text_at(record, run.length)))
            if len(self.lines) > most + most // _SLACK:
                self.keep_at_most(most)
        self.keep_at_most(most)
        self.documents = [self._stored(text, record, most) for text, record in self.documents]
        for span, record in self.bundles:
            self.documents.append(self._stored(text_at(record, span.length), record, most))

    def _stored(self, text: bytes, record: Spilled, most: int) -> tuple[bytes, Spilled]:
        stored, left_out = cut(text, most)
        self.left_out.update(left_out)
        return stored, record

    def texts_once(self) -> Iterator[tuple[bytes, Spilled]]:
        """The lines in order of their texts, which are forgotten one by one: of a large patient they are much."""
        self.lines.sort(key=lambda line: line[0])
        for number, (text, record) in enumerate(self.lines):
            self.lines[number] = (b"", record)
            yield text, record

    def keep_at_most(self, most: int) -> None:
        """Leave out what is more than a patient may have; what is left does not depend on the order of the records."""
        if len(self.lines) <= most:
            return
        ranked = sorted(self.lines, key=lambda line: (importance(_type_of(line[0])), line[0]))
        self.lines = ranked[:most]
        for text, record in ranked[most:]:
            self.left_out[_type_of(text)] += 1
            self.cut_lines.append(record._replace(text=b""))


@dataclass(frozen=True, slots=True)
class Read:
    """The record of one patient, or why it was refused; what could not be read; repeats; what was left out."""

    record: Record | None
    refused: str | None = None
    rejects: tuple[Spilled, ...] = ()
    reasons: tuple[str, ...] = ()
    duplicates: int = 0
    resources: int = 0


def _type_of(text: bytes) -> str:
    found = _TYPE.search(text)
    return found[1].decode() if found is not None else ""


def read_chart(gathered: Gathered, exported: Exported, shared: SharedResources) -> Read:
    """The record of one patient. Never raises for what stands in a chart: what cannot be read is reported."""
    documents: list[Any] = []
    rejects: list[Spilled] = []
    reasons: list[str] = []
    problems = [_problem(record.text.decode()) for record in gathered.broken]
    for text, spilled in sorted(gathered.documents, key=lambda one: one[0]):
        try:
            document = parsed(text)
        except RequestError as error:
            rejects.append(spilled)
            reasons.append(error.issues[0].text)
            problems.append(_problem(EVERYTHING))
            continue
        documents.extend(document if isinstance(document, list) else [document])
    referred = _referred(gathered, shared)
    for text, spilled in gathered.texts_once():
        try:
            documents.append(parsed(text))
        except RequestError as error:
            rejects.append(spilled)
            reasons.append(error.issues[0].text)
            problems.append(_problem(_type_of(text) or EVERYTHING))
    for name in referred:
        documents.extend(parsed(text) for text in shared.texts(name))
    problems += [_problem(name, _TOO_MANY) for name in sorted(gathered.left_out)]
    read = Read(None, None, tuple(rejects), tuple(reasons), gathered.duplicates, len(gathered.lines))
    try:
        record = read_document(documents, gathered.key, exported)
    except RequestError as error:
        return replace(read, refused=error.issues[0].text)
    return replace(read, record=with_gaps(record, problems, exported))


_LINE_NOT_READ = Note(NoteCode.LINE_NOT_READ)
_TOO_MANY = Note(NoteCode.TOO_MANY_RESOURCES)


def _problem(type_: str, reason: Note = _LINE_NOT_READ) -> Problem:
    return Problem("line", reason, UNTYPED if type_ == EVERYTHING else type_)


def read_document(documents: Sequence[Any], key: str, exported: Exported) -> Record:
    """Read as a plain Bundle is; where more than one person is spoken of, the one of the key. Raises RequestError."""
    is_one = len(documents) == 1 and not exported.has_lines and "resource" not in documents[0]
    document = documents[0] if is_one else list(documents)
    try:
        return read_bundle(document, complete=exported.whole)
    except RequestError as error:
        if error.status != RequestError([]).status or not documents:
            raise
        return read_bundle(document, patient=key, complete=exported.whole)


def with_gaps(record: Record, problems: Iterable[Problem], exported: Exported) -> Record:
    """The record with what did not come whole: for everyone, for this patient, or because nobody asked for it."""
    own = list(problems)
    partial = set(exported.partial) | {problem.unread or UNTYPED for problem in own}
    everything = EVERYTHING in partial or UNTYPED in partial
    completeness: dict[str, Completeness] = {}
    for name, state in record.completeness.items():
        is_stray = exported.has_lines and name not in exported.whole
        is_partial = everything or name in partial or is_stray
        completeness[name] = Completeness.PARTIAL if is_partial and state is Completeness.COMPLETE else state
    for problem in own:
        if problem.unread is not None and problem.unread != UNTYPED:
            completeness.setdefault(problem.unread, Completeness.PARTIAL)
    return replace(record, completeness=completeness, problems=(*record.problems, *own))


def _referred(gathered: Gathered, shared: SharedResources) -> list[str]:
    """The shared resources that a patient's own refer to, and those which these refer to in turn."""
    if not shared:
        return []
    found: dict[str, None] = {}
    texts = [text for text, _ in gathered.lines] + [text for text, _ in gathered.documents]
    for _ in range(_DEEPEST):
        names = {name.decode() for text in texts for name in _SHARED.findall(text)} - found.keys()
        if not names:
            break
        found.update(dict.fromkeys(sorted(names)))
        texts = [text for name in sorted(names) for text in shared.texts(name)]
    return sorted(found)


def resources_of(gathered: Gathered, shared: SharedResources) -> list[Any]:
    """The resources of one patient and what they refer to. Raises RequestError where one cannot be read."""
    found = [parsed(text) for text, _ in sorted(gathered.lines, key=lambda line: line[0])]
    found += [parsed(text) for name in _referred(gathered, shared) for text in shared.texts(name)]
    for text, _ in sorted(gathered.documents, key=lambda one: one[0]):
        document = parsed(text)
        entries = document.get("entry") if isinstance(document, Mapping) else None
        held = [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []
        found.extend(entry["resource"] for entry in held if isinstance(entry.get("resource"), Mapping))
    return found
