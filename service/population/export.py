"""Export: what the manifest of a bulk export says was asked for, and so what silence may mean.

Only what was exported whole can prove that something is absent: a type without a file was not sent, and what was
narrowed, failed or counted otherwise came in part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import orjson

from service.population.inputs import Inputs
from service.population.limits import PopulationError
from service.record.input.left_out import is_loss
from service.record.values.references import parse_literal

EVERYTHING = "*"
"""Stands for every resource type."""


@dataclass(frozen=True, slots=True)
class Export:
    """What a manifest says. Without a manifest nothing but the files themselves is known.

    ``listed`` are the types it lists, None without a manifest. ``partial`` says of a type (or of ``EVERYTHING``) why
    its lists came in part. ``counts`` are the lines it announces by name of file, ``missing`` the files that are not
    there, ``no_data`` the names of files that hold errors and deletions. ``deleted`` are resources to leave out.
    """

    now: datetime | None = None
    listed: frozenset[str] | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    partial: Mapping[str, str] = field(default_factory=dict)
    no_data: frozenset[str] = frozenset()
    deleted: frozenset[str] = frozenset()
    errors: int = 0


def read_export(inputs: Inputs, *, incremental_means_partial: bool) -> Export:
    """What the manifest among the inputs says; an empty one without a manifest.

    Raises PopulationError for an incremental export, unless the caller says that it means a part of every list, and
    for a manifest that cannot be read.
    """
    if inputs.manifest is None:
        return Export()
    manifest = inputs.manifest
    partial = dict(_narrowed(str(manifest.get("request", "")), allowed=incremental_means_partial))
    files: dict[str, str] = {}
    counts: dict[str, int] = {}
    there = {source.path.name for source in inputs.sources}
    for output in _objects(manifest.get("output")):
        name, type_ = _file_of(output, there), str(output.get("type", ""))
        files[name] = type_
        if name not in there:
            partial.setdefault(type_, f"the manifest lists {name}, which is not in the folder")
        if isinstance(output.get("count"), int):
            counts[name] = output["count"]
    if any(link.get("relation") == "next" for link in _objects(manifest.get("link"))):
        partial.setdefault(EVERYTHING, "the manifest is one page of several (link next)")
    errors = list(_objects(manifest.get("error")))
    partial.update(_lost(errors, inputs, there, partial))
    gone = list(_objects(manifest.get("deleted")))
    return Export(
        now=_time(manifest.get("transactionTime")),
        listed=frozenset(files.values()),
        files=files,
        counts=counts,
        partial=partial,
        no_data=frozenset(_file_of(one, there) for one in (*errors, *gone)),
        deleted=frozenset(_deleted(gone, inputs, there)),
        errors=len(errors),
    )


def _time(text: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise PopulationError("the transactionTime of the manifest is no ISO 8601 time") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _narrowed(request: str, *, allowed: bool) -> Iterable[tuple[str, str]]:
    """What the request of the export left out, by type."""
    asked = parse_qs(urlsplit(request).query, keep_blank_values=True)
    if "_since" in asked or "_until" in asked:
        if not allowed:
            raise PopulationError(
                "this is an incremental export (_since): what is not in it is not known. Export the whole, or say "
                "--incremental-means-partial: then nothing counts as absent because it is not in it"
            )
        yield EVERYTHING, "an incremental export (_since)"
    if "_elements" in asked:
        yield EVERYTHING, "the export left elements out (_elements)"
    for given in asked.get("_typeFilter", ()):
        for one in given.split(","):
            name = unquote(one).partition("?")[0].strip()
            if name:
                yield name, "the export was narrowed (_typeFilter)"


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _file_of(output: Mapping[str, Any], there: set[str]) -> str:
    """The name of the file behind a URL of the manifest, as it stands in the folder, perhaps compressed."""
    name = unquote(urlsplit(str(output.get("url", ""))).path.rpartition("/")[2])
    return next((one for one in (name, *(name + end for end in (".gz", ".zst", ".ndjson"))) if one in there), name)


def _lines(outputs: Iterable[Mapping[str, Any]], inputs: Inputs, there: set[str]) -> Iterable[tuple[str, object]]:
    by_name = {source.path.name: source.path for source in inputs.sources}
    for output in outputs:
        name = _file_of(output, there)
        if name in by_name:
            yield from ((name, document) for document in _documents(by_name[name]))
        else:
            yield name, None


def _documents(path: Path) -> Iterable[object]:
    # Lists of errors and deletions are short; read as they are, plain or compressed.
    from service.population.lines import text_lines

    for line in text_lines(path):
        try:
            yield orjson.loads(line)
        except orjson.JSONDecodeError:
            yield None


def _lost(errors: list[dict[str, Any]], inputs: Inputs, there: set[str], partial: Mapping[str, str]) -> dict[str, str]:
    """Errors that say data is missing. What they do not say of one type holds for all."""
    for _, document in _lines(errors, inputs, there):
        if (not isinstance(document, dict) or is_loss(document)) and EVERYTHING not in partial:
            return {EVERYTHING: "the export reports errors (error[] of the manifest)"}
    return {}


def _deleted(gone: list[dict[str, Any]], inputs: Inputs, there: set[str]) -> Iterable[str]:
    for name, document in _lines(gone, inputs, there):
        if not isinstance(document, dict):
            raise PopulationError(f"{name}, which the manifest lists as deleted, cannot be read")
        for entry in _objects(document.get("entry")):
            request = entry.get("request")
            if isinstance(request, dict) and request.get("method") == "DELETE":
                target = parse_literal(str(request.get("url", "")))
                if target is not None:
                    yield f"{target.type}/{target.id}"
