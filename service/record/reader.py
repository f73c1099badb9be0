"""Reader: a Bundle or the prefetch of a hook call becomes a Record. A bad entry is a problem, not a failure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from service.record.model import Record
from service.record.prefetch_states import PrefetchState, Selection


def read_bundle(
    document: object,
    *,
    patient: str | None = None,
    complete: frozenset[str] | Literal["all"] = frozenset(),
    order_hook: bool = False,
) -> Record:
    """A plain FHIR Bundle, a list of resources, or one resource, as a Record."""
    raise NotImplementedError


def read_prefetch(
    states: Mapping[str, PrefetchState],
    *,
    patient_id: str,
    selections: Mapping[str, Selection],
    orders: Sequence[Mapping[str, Any]] = (),
    base: str | None = None,
) -> Record:
    """The prefetch of one hook call as a Record. ``orders`` are the draft orders of its context."""
    raise NotImplementedError
