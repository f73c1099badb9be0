"""Charts: every patient of bulk data as a record, read as a population run reads them, for questions of others."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from service.errors import RequestError
from service.population.chart import Read, read_chart, resources_of
from service.population.deciding import exported_of, gather, records_of
from service.population.export import Export
from service.population.inputs import Inputs, find_inputs
from service.population.limits import DEFAULT_LARGEST, DEFAULT_MEMORY, PopulationError, sizes_for
from service.population.plan import Plan, plan_of
from service.population.reading import Reading, text_at
from service.population.run_folder import RunFolder, read_json
from service.population.running import prepared_inputs, write_export
from service.population.shared_index import SharedIndex, write_shared

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class BulkChart:
    """One patient: what was read of it, and its resources as they came."""

    patient: str
    read: Read
    resources: tuple[Json, ...]


def is_bulk(data: Path) -> bool:
    """Whether the data is what a population run reads: files of lines, or a manifest with its files."""
    try:
        found = find_inputs(data)
    except PopulationError:
        return False
    return found.manifest is not None or any(source.form.value == "lines" for source in found.sources)


class BulkCharts:
    """The patients of an export. Raises PopulationError where it cannot be used."""

    def __init__(self, data: Path) -> None:
        self._inputs: Inputs
        self._export: Export
        self._inputs, self._export = prepared_inputs(data, incremental_means_partial=False)
        self.warnings: list[str] = []
        """What came in part or could not be read, in words that name no patient; whole when all charts were read."""

    @property
    def now(self) -> datetime | None:
        """The time of the export, where its manifest tells it."""
        return self._export.now

    def __iter__(self) -> Iterator[BulkChart]:
        with tempfile.TemporaryDirectory(prefix="sciatica-cds-") as name:
            folder = RunFolder(Path(name))
            folder.work.mkdir()
            plan = plan_of(self._inputs, sizes_for(DEFAULT_MEMORY))
            reading = Reading(plan, folder, self._export)
            found = [reading.do(number) for number in range(len(plan.tasks))]
            shared = write_shared(folder, len(plan.tasks), plan.buckets)
            write_export(plan, folder, self._inputs, self._export, shared)
            self._note_losses(read_json(folder.export), sum(len(one["rejects"]) for one in found))
            yield from _of_folder(plan, folder)

    def _note_losses(self, export: Json, rejects: int) -> None:
        if rejects:
            self.warnings.append(f"{rejects} lines could not be read")
        self.warnings += [f"{name} came in part: {why}" for name, why in export["partial"].items()]


def _of_folder(plan: Plan, folder: RunFolder) -> Iterator[BulkChart]:
    exported, index = exported_of(read_json(folder.export)), SharedIndex(folder)

    for records in records_of(plan, folder):
        for gathered in gather(records):
            gathered.read_texts(partial(text_at, plan), DEFAULT_LARGEST)
            try:
                resources = tuple(resources_of(gathered, index))
            except RequestError:
                resources = ()
            yield BulkChart(gathered.key, read_chart(gathered, exported, index), resources)
