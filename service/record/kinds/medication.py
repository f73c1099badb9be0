"""Medication: one entry of the medication list, or one drug order, with its drug recognised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from service.record.code_systems import RXNORM
from service.record.coding import CodeIndex
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


def with_all_classes(drug: Drug, index: CodeIndex) -> Drug:
    """The drug with the classes that any value set gives its ingredients, also those named ``local-...``."""
    ingredients = tuple(replace(one, classes=index.sets_of(RXNORM, one.rxcui)) for one in drug.ingredients)
    return replace(drug, ingredients=ingredients, classes=drug.classes.union(*(one.classes for one in ingredients)))
