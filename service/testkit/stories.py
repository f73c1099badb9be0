"""The stories of ``fhir_examples`` as they are told: one folder each, with a chart or a call, its hook and its time.

A folder holds ``bundle.json`` (a plain chart) or ``request.json`` (the body of a CDS Hooks call),
``story.json`` (hook and the time at which it is told) and a ``README.md`` whose first line is its title.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from service.config import PROJECT

EXAMPLES = PROJECT / "fhir_examples"


@dataclass(frozen=True)
class Story:
    """One folder of ``fhir_examples``."""

    folder: Path

    @property
    def id(self) -> str:
        """The name of its folder."""
        return self.folder.name

    @cached_property
    def file(self) -> Path:
        """What is sent: ``request.json`` if there is one, else ``bundle.json``."""
        request = self.folder / "request.json"
        return request if request.is_file() else self.folder / "bundle.json"

    @cached_property
    def document(self) -> Any:
        """The chart or the call, as JSON."""
        return orjson.loads(self.file.read_bytes())

    @cached_property
    def _about(self) -> dict[str, Any]:
        about: dict[str, Any] = orjson.loads((self.folder / "story.json").read_bytes())
        return about

    @property
    def is_request(self) -> bool:
        """Whether it is the body of a hook call and no plain Bundle."""
        return is_request(self.document)

    @property
    def hook(self) -> str:
        """The hook under which the story is told."""
        return str(self.document["hook"] if self.is_request else self._about.get("hook", "patient-view"))

    @property
    def now(self) -> datetime:
        """The time at which it is told."""
        moment = datetime.fromisoformat(self._about["now"])
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)

    @property
    def complete(self) -> frozenset[str]:
        """The resource types whose list is to be taken as whole although none occurs in the chart."""
        return frozenset(self._about.get("complete", ()))

    @property
    def title(self) -> str:
        """The first line of its README."""
        readme = self.folder / "README.md"
        lines = readme.read_text(encoding="utf-8").splitlines() if readme.is_file() else []
        return lines[0].lstrip("# ").strip() if lines else self.id.replace("-", " ").capitalize()


def read_stories(folder: Path = EXAMPLES) -> tuple[Story, ...]:
    """Every story of a folder, by name."""
    return tuple(Story(path.parent) for path in sorted(folder.glob("*/story.json")))


def is_request(document: Any) -> bool:
    """Whether a document is the body of a CDS Hooks call and not a Bundle."""
    return isinstance(document, dict) and "hook" in document and "resourceType" not in document
