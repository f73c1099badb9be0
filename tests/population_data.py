"""Small populations made of the stories: as bulk data by type, or as bundles; and one way to run over them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

# Read when pyarrow is loaded: without it a thread runs that keeps workers from being copied.
os.environ.setdefault("JE_ARROW_MALLOC_CONF", "background_thread:false")

from service.population.plan import Question
from service.population.running import Run, prepared_inputs, run
from service.testkit.stories import read_stories
from tests.shipped import shipped_services

Json = dict[str, Any]
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
# Every so many-th story: drugs, orders, red flags, children, and patients of whom nothing is to be said.
EVERY = 5


@cache
def people() -> dict[str, tuple[Json, ...]]:
    """The resources of some patients, by their id."""
    found = {}
    for story in [story for story in read_stories() if not story.is_request][::EVERY]:
        resources = [entry["resource"] for entry in story.document["entry"]]
        ids = [one["id"] for one in resources if one["resourceType"] == "Patient"]
        if len(ids) == 1:
            found[ids[0]] = tuple(resources)
    return found


def lines_of(resources: Iterable[Json]) -> list[bytes]:
    return [orjson.dumps(resource) for resource in resources]


def all_lines() -> list[bytes]:
    """The lines of everybody, of all types."""
    return [line for resources in people().values() for line in lines_of(resources)]


def by_type(folder: Path, lines: Iterable[bytes]) -> Path:
    """One file for each resource type, as a bulk export writes them."""
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, list[bytes]] = {}
    for line in lines:
        files.setdefault(orjson.loads(line)["resourceType"], []).append(line)
    for name, content in files.items():
        (folder / f"{name}.ndjson").write_bytes(b"\n".join(content) + b"\n")
    return folder


def in_file(path: Path, lines: Iterable[bytes]) -> Path:
    """One file of lines; gives its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path.parent


def asked(**changes: Any) -> Question:
    return replace(Question("patient-view", NOW, 50_000, small=0), **changes)


def ran(data: Path, out: Path, question: Question | None = None, *, workers: int = 1, memory: int = 1 << 20) -> Json:
    """Run over the data and give what ``run.json`` says. So little memory makes many tasks of few lines."""
    inputs, export = prepared_inputs(data, incremental_means_partial=False)
    services = shipped_services()
    return run(Run(data, out, question or asked(), workers, memory), inputs, export, services, shipped_services)


def digests(out: Path, names: Sequence[str] = ("decisions.parquet", "cards.parquet")) -> dict[str, str]:
    return {name: sha256((out / name).read_bytes()).hexdigest() for name in names}


def rows(out: Path, table: str) -> list[Json]:
    from service.population.tables import rows_of

    return list(rows_of(out / f"{table}.parquet"))
