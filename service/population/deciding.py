"""Deciding: the second stage. One bucket of patients at a time: put together, decided, written as rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from service.errors import GateError, RequestError
from service.population.chart import Exported, Gathered, Read, SharedResources, read_chart, resources_of
from service.population.gating import Gating
from service.population.judging import Judge, Rows, Tally, count_visits, visit_rows
from service.population.plan import Plan, Question
from service.population.reading import text_at
from service.population.row_files import write_rows
from service.population.run_folder import RunFolder, read_json, write_json
from service.population.shared_index import SharedIndex
from service.population.spill import Spilled, hash_of, index_of, records_at
from service.population.visits import Replay
from service.protocol.evaluation import Services

Json = dict[str, Any]
_GATE_WAS_WRONG = "the gate let pass a patient about whom there is something to say: run with --no-gate, and tell us"


class Deciding:
    """Decides the patients of one bucket after another."""

    def __init__(self, plan: Plan, folder: RunFolder, question: Question, services: Services) -> None:
        self._plan = plan
        self._folder = folder
        self._question = question
        self._exported = exported_of(read_json(folder.export))
        self._judging = Judging(services, plan, question, self._exported, SharedIndex(folder))
        self._blocks = _blocks_by_bucket(plan, folder)

    def do(self, bucket: int) -> Json:
        """Decide one bucket; what it came to is written last and says that it is done."""
        tables, summary = self._judging.of_records(_records(self._folder, self._blocks.get(bucket, {})))
        for table, rows in tables.items():
            write_rows(self._folder.rows(bucket, table), rows)
        write_json(self._folder.decided(bucket), summary)
        return summary


def _blocks_by_bucket(plan: Plan, folder: RunFolder) -> dict[int, dict[int, list[tuple[int, int]]]]:
    found: dict[int, dict[int, list[tuple[int, int]]]] = {}
    for task in range(len(plan.tasks)):
        for bucket, start, length in index_of(folder.spill(task)):
            found.setdefault(bucket, {}).setdefault(task, []).append((start, length))
    return found


def records_of(plan: Plan, folder: RunFolder) -> Iterator[Iterator[Spilled]]:
    """What was spilled of the patients of one bucket after another."""
    blocks = _blocks_by_bucket(plan, folder)
    for bucket in range(plan.buckets):
        yield _records(folder, blocks.get(bucket, {}))


def _records(folder: RunFolder, blocks: Mapping[int, list[tuple[int, int]]]) -> Iterator[Spilled]:
    for task, spans in blocks.items():
        yield from records_at(folder.spill(task), spans)


def exported_of(document: Json) -> Exported:
    """What silence may mean, as the first stage found it."""
    return Exported(frozenset(document["whole"]), frozenset(document["partial"]), bool(document["hasLines"]))


def gather(records: Iterable[Spilled]) -> list[Gathered]:
    """Records by patient, the patients in order of their hash."""
    found: dict[str, Gathered] = {}
    for record in records:
        one = found.get(record.key)
        if one is None:
            one = found[record.key] = Gathered(record.key)
        one.add(record)
    return sorted(found.values(), key=lambda one: (hash_of(one.key), one.key))


class Judging:
    """Patients as they were gathered to rows: the same on one machine and on many."""

    def __init__(
        self, services: Services, plan: Plan, question: Question, exported: Exported, shared: SharedResources
    ) -> None:
        self._plan = plan
        self._question = question
        self._exported = exported
        self._shared = shared
        self._judge = Judge(services, question)
        self._replay = Replay(services) if question.visits else None
        self._gating = (
            Gating(services.prepared, question, exported, self._judge.group_of) if question.use_gate else None
        )
        self._services = services

    def of_records(self, records: Iterable[Spilled]) -> tuple[dict[str, list[Json]], Json]:
        """The rows of all patients of one bucket by table, and what is counted of them."""
        tables, summary = self._all(gather(records))
        files = self._plan.sources
        summary["rejects"] = [reject | {"file": files[reject["file"]].name} for reject in summary["rejects"]]
        return tables, summary

    def _all(self, gathered: Iterable[Gathered]) -> tuple[dict[str, list[Json]], Json]:
        tables: dict[str, list[Json]] = {name: [] for name in self._question.tables()}
        tally, rejects = Tally(), list[Json]()
        memo = self._services.prepared.programs[self._question.hook].memo
        hits, misses = memo.hits, memo.misses
        for one in gathered:
            if not self._question.use_memo:
                memo.clear()
            rows = self.one(one, tally, rejects)
            tables["decisions"].append(rows.decision)
            for name in tables.keys() - {"decisions"}:
                tables[name].extend(getattr(rows, name))
        summary: Json = {
            "tally": tally.as_json(),
            "rejects": rejects,
            "memo": {"hits": memo.hits - hits, "misses": memo.misses - misses},
        }
        return tables, summary

    def _visits(self, replay: Replay, gathered: Gathered, tally: Tally) -> list[Json]:
        """The rows of the visits of one patient; they are counted."""
        self._read_texts(gathered)
        try:
            calls = list(replay.of(resources_of(gathered, self._shared)))
        except RequestError:
            tally.figures["patientsNotReplayed"] += 1
            return []
        count_visits(calls, tally)
        return list(visit_rows(self._judge.name_of(gathered), calls))

    def one(self, gathered: Gathered, tally: Tally, rejects: list[Json]) -> Rows:
        """The rows of one patient."""
        visits = [] if self._replay is None else self._visits(self._replay, gathered, tally)
        rows = self._as_it_stands(gathered, tally, rejects)
        rows.visits = visits
        return rows

    def _as_it_stands(self, gathered: Gathered, tally: Tally, rejects: list[Json]) -> Rows:
        gating = self._gating
        passed = None if gating is None else gating.passed(gathered, self._read_texts)
        if gating is not None and passed is not None and not gating.is_sample(gathered):
            return self._judge.skipped(gathered, passed, tally, gating.digest)
        self._read_texts(gathered)
        read = read_chart(gathered, self._exported, self._shared)
        rejects.extend(_rejects(gathered, read))
        rows = self._judge.judge(gathered, read, tally)
        if passed is not None and rows.cards:
            raise GateError(_GATE_WAS_WRONG)
        return rows

    def _read_texts(self, gathered: Gathered) -> None:
        gathered.read_texts(partial(text_at, self._plan), self._question.largest)


def _rejects(gathered: Gathered, read: Read) -> Iterator[Json]:
    for record, reason in zip(read.rejects, read.reasons, strict=True):
        yield {"file": record.source, "offset": record.offset, "reason": reason}
    for record in gathered.cut_lines:
        yield {"file": record.source, "offset": record.offset, "reason": "more than --largest-patient allows"}
    if read.refused is not None:
        records = [record for _, record in (*gathered.lines, *gathered.documents)]
        for record in records:
            reason = f"the chart of its patient was refused: {read.refused}"
            yield {"file": record.source, "offset": record.offset, "reason": reason}
