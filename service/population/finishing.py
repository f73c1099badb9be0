"""Finishing: what all tasks came to, put together into the files that a run gives."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import orjson

from service.population.codes import Code, read_by_nobody
from service.population.export import Export
from service.population.inputs import Inputs
from service.population.judging import Tally
from service.population.plan import Plan, Question
from service.population.row_files import read_rows
from service.population.run_folder import RunFolder, read_json, write_json, written
from service.population.summary import Known, summarised
from service.population.summary_page import page
from service.protocol.evaluation import Services

Json = dict[str, Any]


class Finishing:
    """Puts together what the tasks wrote. Everything is made anew, so a run that was ended here is made whole."""

    def __init__(  # all that a run knows
        self, plan: Plan, folder: RunFolder, question: Question, services: Services, inputs: Inputs, export: Export
    ) -> None:
        self._plan = plan
        self._folder = folder
        self._question = question
        self._services = services
        self._inputs = inputs
        self._export = export
        self._read = [read_json(folder.found(number)) for number in range(len(plan.tasks))]
        self._decided = [read_json(folder.decided(bucket)) for bucket in range(plan.buckets)]

    def finish(self, asked: Json, measured: Json) -> Json:
        """Write all files, ``run.json`` last, and return what it says."""
        from service.population.tables import batch_of, write_parquet

        out, tally = self._folder.out, self._tally()
        rows: dict[str, int] = {}
        digest = self._services.prepared.knowledge.digest
        for table in self._question.tables():
            batches = (
                batch_of(table, read_rows(self._folder.rows(bucket, table))) for bucket in range(self._plan.buckets)
            )
            metadata = {"sciatica-cds.ruleset": digest, "sciatica-cds.now": self._question.now.isoformat()}
            rows[table] = write_parquet(out / f"{table}.parquet", table, batches, metadata)
        rejects = self._write_rejects()
        known = self._known(tally, len(rejects))
        summary = summarised(known, self._services.prepared.knowledge, self._question)
        write_json(out / "summary.json", summary)
        with written(out / "summary.html") as file:
            file.write(page(summary).encode())
        if self._question.fhir:
            from service.population.resources import write_resources

            rows |= write_resources(out, summary, self._services.prepared.knowledge, self._question)
        document = self._run(asked, known, rows, measured)
        write_json(self._folder.run, document)
        return document

    def _tally(self) -> Tally:
        tally = Tally()
        for one in self._decided:
            tally.add(one["tally"])
        return tally

    def _write_rejects(self) -> list[Json]:
        """Every line that could not be read, by file and offset, each once."""
        first = [reject for one in self._read for reject in one["rejects"]]
        second = [reject for one in self._decided for reject in one["rejects"]]
        ordered = sorted((*first, *second), key=lambda reject: (reject["file"], reject["offset"], reject["reason"]))
        with written(self._folder.out / "rejects.ndjson") as file:
            for reject in ordered:
                file.write(orjson.dumps(reject, option=orjson.OPT_SORT_KEYS) + b"\n")
        return ordered

    def _known(self, tally: Tally, rejects: int) -> Known:
        export = read_json(self._folder.export)
        codes: Counter[Code] = Counter()
        for one in self._read:
            for type_, system, code, number in one["codes"]:
                codes[type_, system, code] += number
        without_fact = read_by_nobody(codes, self._services.prepared.derivation)
        deleted = sum(one["deleted"] for one in self._read)
        whole, partial = export["whole"], export["partial"]
        return Known(tally, self._lines(), rejects, deleted, whole, partial, without_fact, len(codes))

    def _lines(self) -> dict[str, int]:
        """How many lines met each fate. What was found to be a reject later is no longer decided."""
        fates: Counter[str] = Counter()
        for one in self._read:
            for counts in one["fates"].values():
                fates.update(counts)
        late = Counter((reject["file"], reject["offset"]) for one in self._decided for reject in one["rejects"])
        fates["reject"] += len(late)
        fates["decided"] -= len(late)
        names = ("decided", "without patient", "type not read", "reject", "blank")
        return {name: fates[name] for name in names}

    def _sha256(self) -> Iterator[tuple[int, str]]:
        for one in self._read:
            yield from ((int(source), digest) for source, digest in one["sha256"].items())
        for number in self._plan.hashed_apart():
            yield number, read_json(self._folder.hashed(number))["sha256"]

    def _gate(self) -> Json | None:
        """Which gate let charts pass that were not decided; None without one."""
        gate = self._services.prepared.gates[self._question.hook]
        return {"digest": gate.digest, "open": gate.is_open} if self._question.use_gate else None

    def _run(self, asked: Json, known: Known, rows: Json, measured: Json) -> Json:
        digests = dict(self._sha256())
        figures = known.tally.figures
        memo = Counter[str]()
        for one in self._decided:
            memo.update(one["memo"])
        knowledge = self._services.prepared.knowledge
        # What depends on how and where the run went stands apart: all else is the same for the same question.
        return {
            "asked": asked,
            "inputs": [
                {"file": source.name, "bytes": source.size, "sha256": digests[source.number]}
                for source in self._plan.sources
            ],
            "manifest": self._inputs.manifest_name,
            "notRead": list(self._inputs.not_data),
            "ruleset": {"version": knowledge.version, "digest": knowledge.digest},
            "program": version("sciatica-cds"),
            "now": self._question.now.isoformat(),
            "hook": self._question.hook,
            "gate": self._gate(),
            "lines": known.lines,
            "patients": dict(sorted(known.tally.patients.items())),
            "figures": dict(sorted(figures.items())),
            "exportErrors": self._export.errors,
            "lists": {"whole": known.whole, "partial": known.partial},
            "rows": dict(sorted(rows.items())),
            "measured": measured
            | {
                "memo": dict(memo),
                "textBytes": sum(one["text"] for one in self._read),
                "spilledBytes": sum(one["spilled"] for one in self._read),
                "libraries": {name: version(name) for name in ("pyarrow", "msgspec", "orjson")},
                "system": platform.system(),
            },
        }
