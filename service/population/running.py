"""Running: a whole run, stage by stage. What is done is not done again, so a run that was ended goes on."""

from __future__ import annotations

import os
import platform
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from service.garbage import keep_what_is_there
from service.population.export import Export, read_export
from service.population.finishing import Finishing
from service.population.inputs import Form, Inputs, find_inputs, without
from service.population.keys import BUNDLE
from service.population.limits import DEFAULT_MEMORY, PopulationError, sizes_for
from service.population.lines import sha256_of
from service.population.plain import PlainEntries
from service.population.plan import Plan, Question, fingerprint, plan_of
from service.population.reading import Reading
from service.population.run_folder import RunFolder, read_json, write_json
from service.population.shared_index import write_shared
from service.population.workers import Task, Workers, may_fork
from service.protocol.evaluation import Services
from service.record.input.reader import READ_TYPES

Json = dict[str, Any]
MakeServices = Callable[[], Services]


class Progress(Protocol):
    """Is called with the progress of a run: the stage, tasks done and in all, and how many patients are decided."""

    def __call__(self, stage: str, done: int, total: int, patients: int) -> None: ...


def say_nothing(stage: str, done: int, total: int, patients: int) -> None:
    """Where nobody watches."""
    del stage, done, total, patients


@dataclass(frozen=True)
class Run:
    """One run over one folder."""

    data: Path
    out: Path
    question: Question
    workers: int = 1
    memory: int = DEFAULT_MEMORY


class _Work:
    """What a worker does: each stage is prepared when its first task comes."""

    def __init__(
        self, plan: Plan, folder: RunFolder, export: Export, question: Question, services: MakeServices
    ) -> None:
        self._plan = plan
        self._folder = folder
        self._export = export
        self._question = question
        self._services = services
        self._stages: dict[str, Any] = {}

    def do(self, task: Task) -> Json:
        """One task."""
        stage, number = task
        if stage == "sha256":
            document = {"sha256": sha256_of(self._plan.sources[number].path)}
            write_json(self._folder.hashed(number), document)
            return document
        if stage not in self._stages:
            self._stages[stage] = self._prepared(stage)
        result: Json = self._stages[stage].do(number)
        return result

    def _prepared(self, stage: str) -> Any:
        if stage == "read":
            return Reading(self._plan, self._folder, self._export, plain_entries_of(self._services, self._question))
        from service.population.deciding import Deciding

        return Deciding(self._plan, self._folder, self._question, self._services())


def plain_entries_of(services: MakeServices, question: Question) -> PlainEntries | None:
    """What tells entries about which the gate has nothing to say; None where no gate is asked."""
    if not question.use_gate:
        return None
    from service.population.gating import plain_entries

    return plain_entries(services().prepared, question)


@dataclass(frozen=True)
class MakeWork:
    """Makes the work of a worker, in the worker."""

    plan: Plan
    folder: RunFolder
    export: Export
    question: Question
    services: MakeServices

    def __call__(self) -> _Work:
        return _Work(self.plan, self.folder, self.export, self.question, self.services)


def prepared_inputs(data: Path, *, incremental_means_partial: bool) -> tuple[Inputs, Export]:
    """The files to read and what the manifest says. Raises PopulationError where they cannot be used."""
    found = find_inputs(data)
    export = read_export(found, incremental_means_partial=incremental_means_partial)
    stored = tuple(replace(one, number=number) for number, one in enumerate(without(found.sources, export.no_data)))
    return replace(found, sources=stored), export


def run(
    run: Run,
    inputs: Inputs,
    export: Export,
    services: Services,
    make_services: MakeServices,
    progress: Progress = say_nothing,
) -> Json:
    """Do what is left of a run, and return what ``run.json`` says.

    Raises PopulationError when the folder holds another run or a worker was ended, OSError when the disk is full.
    """
    began = time.monotonic()
    plan = plan_of(inputs, sizes_for(run.memory))
    folder = RunFolder(run.out)
    asked = fingerprint(plan, run.question, services.prepared.knowledge.digest, version("sciatica-cds"))
    if (finished := begun(folder, asked)) is not None:
        return finished
    # A process that is copied brings the rule set with it; another loads it for itself.
    ready = make_services if run.workers > 1 and not may_fork() else lambda: services
    keep_what_is_there()
    workers = Workers(run.workers, MakeWork(plan, folder, export, run.question, ready))
    try:
        _read_all(plan, folder, workers, progress)
        if not folder.export.exists():
            shared = write_shared(folder, len(plan.tasks), plan.buckets)
            write_export(plan, folder, inputs, export, shared)
        _decide_all(plan, folder, workers, progress)
    finally:
        workers.close()
    temporary = folder.size()
    progress("write", 0, 1, 0)
    finishing = Finishing(plan, folder, run.question, services, inputs, export)
    measured = {
        "workers": run.workers,
        "seconds": round(time.monotonic() - began, 2),
        "peakMemoryOfWorkers": sorted(workers.largest.values(), reverse=True),
        "temporaryBytes": temporary,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
    }
    result = finishing.finish(asked, measured)
    folder.clear()
    progress("write", 1, 1, 0)
    return result


def begun(folder: RunFolder, asked: Json) -> Json | None:
    """What the folder holds: the whole answer to the same question, the beginning of it, or nothing yet."""
    if folder.run.exists():
        document = read_json(folder.run)
        if document.get("asked") == asked:
            folder.clear()
            return document
        raise PopulationError(f"{folder.out} holds another run: choose another folder")
    if folder.plan.exists():
        if read_json(folder.plan) != asked:
            raise PopulationError(f"{folder.out} holds the beginning of another run: choose another folder")
        return None
    if folder.out.exists() and any(entry for entry in folder.out.iterdir() if entry.name != ".work"):
        raise PopulationError(f"{folder.out} is not empty: choose another folder")
    folder.work.mkdir(parents=True, exist_ok=True)
    write_json(folder.plan, asked)
    return None


def _read_all(plan: Plan, folder: RunFolder, workers: Workers, progress: Progress) -> None:
    # What takes longest begins first, so that no worker waits for it in the end.
    waiting: list[Task] = [("sha256", number) for number in plan.hashed_apart() if not folder.hashed(number).exists()]
    waiting += [("read", number) for number in plan.largest_first() if not folder.found(number).exists()]
    total = len(plan.tasks) + len(plan.hashed_apart())
    done = total - len(waiting)
    progress("read", done, total, 0)
    for _ in workers.run(waiting):
        done += 1
        progress("read", done, total, 0)


def write_export(plan: Plan, folder: RunFolder, inputs: Inputs, export: Export, shared: int) -> None:
    """Write what silence may mean for everyone, now that every line was seen once; so many resources are shared."""
    found = [read_json(folder.found(number)) for number in range(len(plan.tasks))]
    seen = {name for one in found for name in one["types"]} - {BUNDLE}
    strays = {name for one in found for name in one["strays"]}
    bundles = {number for one in found for number in one["bundles"]}
    type_of = {
        source.number: export.files.get(source.path.name) or source.named
        for source in inputs.sources
        if source.form is Form.LINES and source.number not in bundles
    }
    named = {name for name in type_of.values() if name}
    # In files that do not say a type by their name, what occurs counts as exported.
    nameless = any(source.number not in bundles and not type_of.get(source.number) for source in inputs.sources)
    whole = named | (seen - strays if nameless else set())
    partial = dict(export.partial)
    if export.listed is not None:
        whole = set(export.listed)
        for name in sorted((named | seen) - export.listed):
            partial.setdefault(name, "not in the manifest")
    for one in found:
        for name, reason in one["lost"].items():
            partial.setdefault(name, reason)
    _check_counts(plan, found, export, partial)
    document = {
        "whole": sorted(whole & READ_TYPES),
        "partial": dict(sorted(partial.items())),
        "hasLines": bool(named or seen or export.listed),
        "shared": shared,
    }
    write_json(folder.export, document)


def _check_counts(plan: Plan, found: Sequence[Json], export: Export, partial: dict[str, str]) -> None:
    """A file that holds other than as many lines as the manifest announces did not come whole."""
    for source in plan.sources:
        announced = export.counts.get(source.path.name)
        if announced is None:
            continue
        fates: Counter[str] = Counter()
        for one in found:
            fates.update(one["fates"].get(str(source.number), {}))
        lines = sum(number for fate, number in fates.items() if fate != "blank")
        if lines != announced:
            name = export.files[source.path.name]
            partial.setdefault(name, f"{source.name} holds {lines} lines, the manifest announces {announced}")


def _decide_all(plan: Plan, folder: RunFolder, workers: Workers, progress: Progress) -> None:
    waiting = [bucket for bucket in range(plan.buckets) if not folder.decided(bucket).exists()]
    done, patients = plan.buckets - len(waiting), 0
    progress("decide", done, plan.buckets, patients)
    for _, summary in workers.run(("decide", bucket) for bucket in waiting):
        done += 1
        patients += sum(number for _, number in summary["tally"]["patients"])
        progress("decide", done, plan.buckets, patients)
