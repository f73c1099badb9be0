"""Medication: one entry of the medication list, or one drug order, with its drug recognised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from service.record.medication.drugs import Drug, days_supply
from service.record.model import Entry
from service.record.values.coding import CodeIndex
from service.record.values.dates import When, days_since, parse
from service.record.values.statuses import Counts, Standing, standing

MEDICATION_TYPES = ("MedicationRequest", "MedicationStatement", "MedicationDispense")
"""Where current medication is read. What is given in hospital is not: an administration is one dose."""

BY_WORDS = frozenset({"name", "brand"})
"""Ways of recognising a drug that rest on words, not on a code."""


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
    ingredients = tuple(replace(one, classes=index.sets_of(*one.coding)) for one in drug.ingredients)
    return replace(drug, ingredients=ingredients, classes=drug.classes.union(*(one.classes for one in ingredients)))


def standing_of(entry: Entry, now: datetime) -> Standing:
    """What a medication entry counts as: a dispense that is over counts as taken while its supply lasts."""
    found = standing(entry.resource)
    if entry.type != "MedicationDispense" or found.counts is not Counts.HISTORY:
        return found
    handed, supply = handed_over(entry.resource), days_supply(entry.resource)
    since = days_since(handed, now) if handed is not None else None
    if since is None or since.high is None or supply is None or since.high > supply:
        return found
    return Standing(Counts.PRESENT, note="dispensed, supply not used up")


def handed_over(resource: Mapping[str, Any]) -> When | None:
    """When a dispense was handed over, else when it was made ready."""
    return parse(resource.get("whenHandedOver")) or parse(resource.get("whenPrepared"))
