"""Medication: one entry of the medication list, or one drug order, with its drug recognised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from service.record.medication.drugs import Drug
from service.record.medication.supply import planned_days, recorded_end, start_of
from service.record.model import Entry
from service.record.values.coding import CodeIndex
from service.record.values.dates import When
from service.record.values.interval import Interval
from service.record.values.statuses import StatusClass

MEDICATION_TYPES = ("MedicationRequest", "MedicationStatement", "MedicationDispense")
"""Where current medication is read. What is given in hospital is not: an administration is one dose."""

BY_WORDS = frozenset({"name", "brand"})
"""Ways of recognising a drug that rest on words, not on a code."""


@dataclass(frozen=True, eq=False)
class Medication:
    """A medication entry, what drug it is, and what its status makes of it; its dates are read once for all facts."""

    entry: Entry
    drug: Drug
    status_class: StatusClass

    @property
    def resource(self) -> Mapping[str, Any]:
        return self.entry.resource

    @property
    def reference(self) -> str:
        return self.entry.reference

    @cached_property
    def started(self) -> When | None:
        """When it was to begin, else when it was ordered, noted or handed over."""
        return start_of(self.entry)

    @cached_property
    def ended(self) -> When | None:
        """When it ended, for one that is no longer taken, if that is recorded."""
        return recorded_end(self.entry)

    @cached_property
    def planned(self) -> Interval:
        """For how many days it is ordered."""
        return planned_days(self.resource)


def with_all_classes(drug: Drug, index: CodeIndex) -> Drug:
    """The drug with the classes that any value set gives its ingredients, also those named ``local-...``."""
    ingredients = tuple(replace(one, classes=index.sets_of(*one.coding)) for one in drug.ingredients)
    return replace(drug, ingredients=ingredients, classes=drug.classes.union(*(one.classes for one in ingredients)))
