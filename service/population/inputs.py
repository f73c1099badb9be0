"""Inputs: which files are read, as what, and of which resource type a file says it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson

from service.population.limits import PopulationError
from service.record.input.resource_types import RESOURCE_TYPES

_LINES = (".ndjson", ".jsonl")
_DOCUMENTS = (".json",)
_COMPRESSED = (".gz", ".zst")
_LARGEST_MANIFEST = 16 << 20
_FEW = 50
# What loaders of bulk data write beside the data about their own work.
_NOT_DATA = frozenset({"log.ndjson"})


class Form(StrEnum):
    """How a file holds its resources: one a line, or one document in all."""

    LINES = "lines"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Source:
    """One file that is read. ``name`` is its place below the folder, ``named`` the resource type its name says."""

    number: int
    path: Path
    name: str
    form: Form
    compression: str
    size: int
    named: str | None


@dataclass(frozen=True, slots=True)
class Inputs:
    """What was found: the files to read in order of name, the manifest if there is one, and files that are no data."""

    sources: tuple[Source, ...]
    folder: Path
    manifest: dict[str, Any] | None = None
    manifest_name: str | None = None
    not_data: tuple[str, ...] = ()


def find_inputs(data: Path) -> Inputs:
    """The files of a folder and all below it, or one file; a manifest stands for its folder.

    Raises PopulationError when there is nothing to read, or two manifests.
    """
    if data.is_dir():
        return _of_folder(data, sorted(path for path in data.rglob("*") if path.is_file()))
    if (manifest := _manifest_in(data)) is not None:
        beside = sorted(path for path in data.parent.rglob("*") if path.is_file() and path != data)
        found = _of_folder(data.parent, beside)
        return Inputs(found.sources, found.folder, manifest, data.name, found.not_data)
    return _of_folder(data.parent, [data])


def _of_folder(folder: Path, paths: list[Path]) -> Inputs:
    visible = [path for path in paths if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    documents = [path for path in visible if path.name.endswith(_DOCUMENTS)]
    looked = [path for path in documents if len(documents) <= _FEW or "manifest" in path.name.lower()]
    manifests = {path: found for path in looked if (found := _manifest_in(path)) is not None}
    if len(manifests) > 1:
        names = ", ".join(path.name for path in manifests)
        raise PopulationError(f"two manifests: {names}. Run each export by itself: name its folder or its manifest")
    sources: list[Source] = []
    not_data: list[str] = []
    for path in visible:
        form, compression = _form_of(path)
        name = path.relative_to(folder).as_posix()
        if path in manifests:
            continue
        if form is None or path.name in _NOT_DATA:
            not_data.append(name)
            continue
        size = path.stat().st_size
        named = type_named(path.name) if form is Form.LINES else None
        sources.append(Source(len(sources), path, name, form, compression, size, named))
    if not sources and not manifests:
        raise PopulationError(f"{folder}: no .ndjson or .json file, plain, .gz or .zst")
    manifest_file, manifest = next(iter(manifests.items()), (None, None))
    return Inputs(tuple(sources), folder, manifest, manifest_file.name if manifest_file else None, tuple(not_data))


def _form_of(path: Path) -> tuple[Form | None, str]:
    name, compression = path.name.lower(), ""
    for ending in _COMPRESSED:
        if name.endswith(ending):
            name, compression = name.removesuffix(ending), ending[1:]
    if name.endswith(_LINES):
        return Form.LINES, compression
    return (Form.DOCUMENT if name.endswith(_DOCUMENTS) else None), compression


def type_named(name: str) -> str | None:
    """The resource type that the name of a file says (``Condition.000.ndjson``, ``2_Condition.ndjson.gz``)."""
    words = [word for word in re.split(r"[^A-Za-z]+", name) if word in RESOURCE_TYPES and word != "Bundle"]
    return words[0] if len(set(words)) == 1 else None


def _manifest_in(path: Path) -> dict[str, Any] | None:
    """The manifest of a bulk export that a file holds; None when it is something else."""
    if not path.name.endswith(_DOCUMENTS) or path.stat().st_size > _LARGEST_MANIFEST:
        return None
    content = path.read_bytes()
    if b'"transactionTime"' not in content:
        return None
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise PopulationError(f"{path.name}: a manifest that is not JSON") from None
    return document if isinstance(document, dict) and "resourceType" not in document else None


def without(sources: tuple[Source, ...], names: frozenset[str]) -> Iterator[Source]:
    """The files that are data: not those which the manifest lists as errors or deletions. Numbered anew."""
    for source in sources:
        if source.path.name not in names:
            yield source
