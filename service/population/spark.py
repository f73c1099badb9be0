"""Spark: the two stages of a run on a cluster, as two functions that Spark maps over its partitions.

What is read, decided and written is the same as on one machine, to the byte; only who does which task is Spark's. Files
must be readable under the same path by every executor. Resources that patients refer to are sent to every executor.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import orjson
import pyarrow as pa
from pyspark.sql import SparkSession

from service.population.deciding import Judging, exported_of
from service.population.export import Export
from service.population.finishing import Finishing
from service.population.inputs import Inputs
from service.population.limits import sizes_for
from service.population.lines import sha256_of
from service.population.plan import Plan, Question, fingerprint, plan_of
from service.population.reading import Reading
from service.population.row_files import rows_as_bytes
from service.population.run_folder import RunFolder, read_json, write_json, written
from service.population.running import Run, begun, plain_entries_of, write_export
from service.population.spill import Spilled, bucket_of, hash_of
from service.protocol.evaluation import Services

Json = dict[str, Any]
Batches = Iterator[pa.RecordBatch]
_RECORDS = "task int, bucket int, key string, kind int, source int, offset long, text binary"
_RESULTS = "bucket int, name string, content binary"
_FOUND = -1
"""The bucket of the one row in which a task says what it found."""
_ROWS_OF_A_BATCH = 2048


@dataclass(frozen=True)
class ReadLines:
    """The first function: numbers of tasks to records, each with its bucket; last of a task what it found."""

    plan: Plan
    folder: RunFolder
    export: Export
    question: Question
    services: Callable[[], Services]

    def __call__(self, batches: Batches) -> Batches:
        """Map one partition."""
        plain = plain_entries_of(self.services, self.question)
        reading = Reading(self.plan, self.folder, self.export, plain)
        for batch in batches:
            for task in batch.column("task").to_pylist():
                yield from self._task(reading, task)

    def _task(self, reading: Reading, task: int) -> Batches:
        rows: list[Json] = []

        def take(record: Spilled, bucket: int | None) -> None:
            target = bucket_of(hash_of(record.key), self.plan.buckets) if bucket is None else bucket
            rows.append({**record._asdict(), "task": task, "bucket": target})

        found = orjson.dumps(reading.read(task, take))
        blank = {"key": "", "kind": 0, "source": 0, "offset": 0}
        rows.append({**blank, "task": task, "bucket": _FOUND, "text": found})
        for start in range(0, len(rows), _ROWS_OF_A_BATCH):
            yield pa.RecordBatch.from_pylist(rows[start : start + _ROWS_OF_A_BATCH], _ARROW_RECORDS)


@dataclass(frozen=True)
class DecideBuckets:
    """The second function: records in order of bucket to the rows of each bucket, and what was counted of it."""

    plan: Plan
    question: Question
    exported: Json
    shared: dict[str, tuple[bytes, ...]]
    services: Callable[[], Services]

    def __call__(self, batches: Batches) -> Batches:
        """Map one partition."""
        judging: Judging | None = None
        for bucket, records in _by_bucket(batches):
            judging = judging or self._judging()
            tables, summary = judging.of_records(records)
            rows = [{"bucket": bucket, "name": name, "content": rows_as_bytes(tables[name])} for name in tables]
            rows.append({"bucket": bucket, "name": "told", "content": orjson.dumps(summary)})
            yield pa.RecordBatch.from_pylist(rows, _ARROW_RESULTS)

    def _judging(self) -> Judging:
        shared = _Shared(self.shared)
        return Judging(self.services(), self.plan, self.question, exported_of(self.exported), shared)


@dataclass(frozen=True)
class _Shared:
    known: dict[str, tuple[bytes, ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.known)

    def texts(self, name: str) -> Sequence[bytes]:
        return self.known.get(name, ())


_ARROW_RECORDS = pa.schema(
    [
        ("task", pa.int32()),
        ("bucket", pa.int32()),
        ("key", pa.string()),
        ("kind", pa.int32()),
        ("source", pa.int32()),
        ("offset", pa.int64()),
        ("text", pa.binary()),
    ]
)
_ARROW_RESULTS = pa.schema([("bucket", pa.int32()), ("name", pa.string()), ("content", pa.binary())])


def session_on(master: str) -> SparkSession:
    """A session on this Spark. On this machine its workers run this Python, elsewhere the one that Spark is told."""
    if master.startswith("local"):
        # Without it Spark takes the first python3 of the path, which need not know this package.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    return SparkSession.builder.master(master).appName("sciatica-cds population").getOrCreate()


def _by_bucket(batches: Batches) -> Iterator[tuple[int, list[Spilled]]]:
    held: list[Spilled] = []
    at: int | None = None
    for batch in batches:
        for row in batch.to_pylist():
            if at is not None and row["bucket"] != at:
                yield at, held
                held = []
            at = row["bucket"]
            parts = (row["key"], row["kind"], row["source"], row["offset"], row["text"])
            held.append(Spilled(*parts))
    if at is not None:
        yield at, held


def run_on_spark(  # all that a run knows, and where it runs
    session: SparkSession,
    run: Run,
    inputs: Inputs,
    export: Export,
    services: Services,
    make_services: Callable[[], Services],
) -> Json:
    """One run on a cluster; gives what ``run.json`` says. ``make_services`` is called once in each executor.

    Raises PopulationError when the folder holds another run.
    """
    began = time.monotonic()
    plan = plan_of(inputs, sizes_for(run.memory))
    folder = RunFolder(run.out)
    asked = fingerprint(plan, run.question, services.prepared.knowledge.digest, version("sciatica-cds"))
    if (finished := begun(folder, asked)) is not None:
        return finished
    tasks = session.createDataFrame([(number,) for number in range(len(plan.tasks))], "task int")
    spread = tasks.repartition(max(1, len(plan.tasks)), "task")
    records = spread.mapInArrow(ReadLines(plan, folder, export, run.question, make_services), _RECORDS).persist()
    shared = _first_stage(records, plan, folder, inputs, export)
    decide = DecideBuckets(plan, run.question, read_json(folder.export), shared, make_services)
    patients = records.where(f"bucket >= 0 and bucket < {plan.buckets}")
    sorted_ = patients.repartition(plan.buckets, "bucket").sortWithinPartitions("bucket")
    for row in sorted_.mapInArrow(decide, _RESULTS).toLocalIterator():
        _write(folder, row)
    records.unpersist()
    _fill(plan, folder, run.question)
    measured = {"workers": session.sparkContext.defaultParallelism, "seconds": round(time.monotonic() - began, 2)}
    measured |= {"peakMemoryOfWorkers": [], "temporaryBytes": 0, "spark": session.version}
    result = Finishing(plan, folder, run.question, services, inputs, export).finish(asked, measured)
    folder.clear()
    return result


def _first_stage(
    records: Any, plan: Plan, folder: RunFolder, inputs: Inputs, export: Export
) -> dict[str, tuple[bytes, ...]]:
    """Keep what the first stage found, and give the resources that patients refer to."""
    for row in records.where(f"bucket = {_FOUND}").select("task", "text").toLocalIterator():
        write_json(folder.found(row["task"]), orjson.loads(bytes(row["text"])))
    for number in plan.hashed_apart():
        write_json(folder.hashed(number), {"sha256": sha256_of(plan.sources[number].path)})
    shared: dict[str, list[bytes]] = {}
    for row in records.where(f"bucket = {plan.buckets}").select("key", "text").toLocalIterator():
        shared.setdefault(row["key"], []).append(bytes(row["text"]))
    write_export(plan, folder, inputs, export, sum(map(len, shared.values())))
    return {name: tuple(sorted(texts)) for name, texts in shared.items()}


def _write(folder: RunFolder, row: Any) -> None:
    """Keep what a bucket came to, as a worker on one machine would."""
    bucket, name, content = row["bucket"], row["name"], bytes(row["content"])
    if name == "told":
        write_json(folder.decided(bucket), orjson.loads(content))
    else:
        with written(folder.rows(bucket, name)) as file:
            file.write(content)


def _fill(plan: Plan, folder: RunFolder, question: Question) -> None:
    """Buckets without a patient come to nothing."""
    from service.population.judging import Tally

    for bucket in range(plan.buckets):
        if not folder.decided(bucket).exists():
            for table in question.tables():
                with written(folder.rows(bucket, table)) as file:
                    file.write(rows_as_bytes([]))
            write_json(
                folder.decided(bucket), {"tally": Tally().as_json(), "rejects": [], "memo": {"hits": 0, "misses": 0}}
            )
