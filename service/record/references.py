"""References: what a FHIR Reference points at, inside one record and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class References:
    """The resources of one record by fullUrl and by ``Type/id``."""

    def __init__(
        self, resources: Iterable[tuple[str | None, str, str | None, Mapping[str, Any]]], base: str | None = None
    ) -> None:
        raise NotImplementedError

    def resolve(self, reference: object, within: Mapping[str, Any] | None = None) -> Mapping[str, Any] | None:
        """The resource pointed at: contained first, then fullUrl, then ``Type/id``; None when it is not here."""
        raise NotImplementedError
