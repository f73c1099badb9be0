"""The whole patients of the published test data, one at a time."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
# Those that hold whole patients in a release that is read.
SETS = ("patients-r4-backpain", "patients-r4-mixed", "patients-r4-synthea2019", "patients-stu3-smart")


def data_folder() -> Path:
    """Where the test data should be, by the one setting that says so."""
    return Path(os.environ.get("SCIATICA_CDS_TEST_DATA") or PROJECT.parent / "shared" / "data")


@dataclass(frozen=True)
class Published:
    """One whole patient as published: where the document stands, and its resources."""

    file: str
    line: int
    document: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.file}:{self.line}"

    @property
    def resources(self) -> list[dict[str, Any]]:
        """The resources of the bundle, each as it is."""
        entries = self.document.get("entry", [])
        return [entry["resource"] for entry in entries if isinstance(entry.get("resource"), dict)]


def published(*files: str) -> Iterator[Published]:
    """The patients of the files named (``patients-r4-backpain``), or of all sets."""
    for file in files or SETS:
        with gzip.open(data_folder() / "fhir" / f"{file}.ndjson.gz", "rb") as lines:
            for number, line in enumerate(lines, start=1):
                yield Published(file, number, json.loads(line))
