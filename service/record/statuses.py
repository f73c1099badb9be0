"""Statuses: which instances of a resource count, and as what (terminology.md section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Counts(StrEnum):
    """What one resource instance counts as."""

    PRESENT = "present"
    HISTORY = "history"
    ANSWERED_NO = "answered-no"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Standing:
    """What an instance counts as.

    ``provisional`` is True when it is not yet sure (Condition unconfirmed, provisional, differential;
    Observation preliminary or registered): enough to raise an alert, never to lift one, and a
    preliminary result never decides (decision 5). ``note`` is a remark for the evidence.
    """

    counts: Counts
    provisional: bool = False
    note: str | None = None


def standing(resource: Mapping[str, Any]) -> Standing:
    """What this resource (in R4 shape) counts as. Total: odd input is judged, never raised on."""
    raise NotImplementedError
