"""Medication: one entry of the medication list, or one drug order, with its drug recognised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.record.drugs import Drug
from service.record.model import Entry
from service.record.statuses import Standing

MEDICATION_TYPES = ("MedicationRequest", "MedicationStatement")
"""Where current medication is read. Dispenses and administrations repeat what was requested."""


@dataclass(frozen=True, slots=True, eq=False)
class Medication:
    """A medication entry, what drug it is, and what its status makes of it."""

    entry: Entry
    drug: Drug
    standing: Standing

    @property
    def resource(self) -> Mapping[str, Any]:
        return self.entry.resource

    @property
    def reference(self) -> str:
        return self.entry.reference
