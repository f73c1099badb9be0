"""Medication: one entry of the medication list, or one drug order, with its drug recognised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from service.finding import Evidence
from service.note import Note, NoteCode
from service.record.medication.dosage import Daily, daily_amounts, is_dose_told, single_doses_mg
from service.record.medication.drug import TAKES_NOTHING, Drug
from service.record.medication.supply import (
    dosage_periods,
    entry_status_class,
    planned_days,
    recorded_end,
    start_of,
)
from service.record.model import Entry
from service.record.once import once
from service.record.values.coding import CodeIndex
from service.record.values.dates import Span, When, days_since
from service.record.values.interval import Interval
from service.record.values.status_table import StatusClass, noted

MEDICATION_TYPES = ("MedicationRequest", "MedicationStatement", "MedicationDispense", "MedicationAdministration")
"""Where current medication is read. What was given lately may go on being given; what was given before is over."""

_DRAFT = noted(NoteCode.BEING_ORDERED)

BY_WORDS = frozenset({"name", "brand"})
"""Ways of recognising a drug that depend on words, not on a code."""


class Medication(Struct, frozen=True, eq=False, dict=True):
    """A medication entry, what drug it is, and what is worked out of both: once for all facts that ask.

    ``is_draft`` when it is a draft of the same call that is not being decided now.
    """

    entry: Entry
    drug: Drug
    now: datetime
    is_draft: bool = False
    as_evidence: dict[tuple[Note, ...], Evidence] = field(default_factory=dict)
    """The evidence that facts made of it, by its notes: many facts say the same of one entry."""
    said: dict[Any, tuple[Any]] = field(default_factory=dict)
    """What it says about drug facts, by what they ask of an entry."""
    courses: dict[Note | None, Any] = field(default_factory=dict)
    """For how long it was taken, with the evidence, by what is to be told of how it matches."""

    @property
    def resource(self) -> Mapping[str, Any]:
        """The resource as it was read."""
        return self.entry.resource

    @property
    def reference(self) -> str:
        """``Type/id`` of the entry."""
        return self.entry.reference

    @once
    def status_class(self) -> StatusClass:
        """What its status makes of it now. A draft beside the one that is being decided is background, as what runs."""
        if self.is_draft:
            return _DRAFT
        return entry_status_class(self.entry, self.now, self)

    @once
    def daily(self) -> Daily | None:
        """What is taken of it on a day, as its dosages say."""
        return daily_amounts(self.resource)

    @once
    def has_unread_dose(self) -> bool:
        """Whether it says how much is taken, in a way that could not be read."""
        return self.daily is None and is_dose_told(self.resource)

    @once
    def single_doses(self) -> frozenset[Decimal]:
        """The milligrams of its single doses, where they are written so."""
        return single_doses_mg(self.resource)

    @once
    def ingredient_codes(self) -> frozenset[str]:
        """The RxNorm codes of its ingredients."""
        return frozenset(one.rxcui for one in self.drug.ingredients)

    @once
    def started(self) -> When | None:
        """When it was to begin, else when it was ordered, noted or handed over."""
        return start_of(self.entry, self.periods)

    @once
    def periods(self) -> Sequence[Span]:
        """The periods for which its dosages say that it is to be taken."""
        return dosage_periods(self.resource)

    @once
    def since(self) -> Interval | None:
        """How many days ago it began; None where that is not known, or lies in the future."""
        return None if self.started is None else days_since(self.started, self.now)

    @once
    def ended(self) -> When | None:
        """When it ended, for one that is no longer taken, if that is recorded."""
        return recorded_end(self.entry, self.periods)

    @once
    def planned(self) -> Interval:
        """For how many days it is ordered."""
        return planned_days(self.resource, self._mg_each())

    def _mg_each(self) -> Decimal | None:
        """The milligrams of one piece of a drug with one ingredient."""
        parts = self.drug.ingredients
        return parts[0].strength_mg if len(parts) == 1 and not parts[0].per else None


def as_ordered(medication: Medication) -> Medication:
    """A drug order as it is judged: one that says "none" does not tell what is ordered."""
    drug = medication.drug
    if drug.by != TAKES_NOTHING:
        return medication
    return Medication(medication.entry, replace(drug, recognised=False), medication.now, medication.is_draft)


def with_all_classes(drug: Drug, index: CodeIndex) -> Drug:
    """The drug with the classes that any value set gives its ingredients, also those named ``local-...``."""
    if not drug.ingredients:
        return drug
    ingredients = tuple(replace(one, classes=index.sets_of(*one.coding)) for one in drug.ingredients)
    return replace(drug, ingredients=ingredients, classes=drug.classes.union(*(one.classes for one in ingredients)))
