"""Drugs: from a medication resource to its ingredients, their classes, the route, the daily dose.

Order of attempts (terminology.md section 7): a code that is an ingredient, the drug table, the RxNorm name, a brand
name; else the drug is not recognised and must be shown as not checked, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from service.knowledge.model import ValueSet
from service.record.interval import Interval

Resolve = Callable[[object, Mapping[str, Any]], Mapping[str, Any] | None]
"""Resolves a Reference standing in a resource; ``Record.resolve`` fits."""


@dataclass(frozen=True, slots=True)
class Ingredient:
    """One active ingredient, its classes, and how much of it is in one unit of the product, if known (mg)."""

    rxcui: str
    name: str
    classes: frozenset[str]
    strength_mg: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Drug:
    """What a medication resource holds.

    ``classes`` are the value sets (``med-*``) of all ingredients and of the product code itself (topical and
    ophthalmic sets list products). ``route`` is ``oral``, ``topical``, ``injectable``, ... or None when not told;
    None counts as systemic. ``by`` says how it was recognised: ``ingredient``, ``table``, ``name``, ``brand`` or None.
    """

    ingredients: tuple[Ingredient, ...]
    classes: frozenset[str]
    route: str | None
    recognised: bool
    text: str
    by: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_local(self) -> bool:
        """Whether the drug acts locally only (skin, eye, ear, nose); transdermal patches act on the whole body."""
        raise NotImplementedError


class Drugs:
    """Recognises drugs by the drug table and the value sets. Build once, ask often."""

    def __init__(self, value_sets: Mapping[str, ValueSet]) -> None:
        raise NotImplementedError

    def recognise(self, resource: Mapping[str, Any], resolve: Resolve) -> Drug:
        """The drug of a MedicationRequest, MedicationStatement, -Dispense, -Administration or Medication (R4 shape)."""
        raise NotImplementedError

    def recognise_concept(self, concept: object) -> Drug:
        """The drug a CodeableConcept names (for instance AllergyIntolerance.code)."""
        raise NotImplementedError

    def daily_dose_mg(self, drug: Drug, ingredient: Ingredient, resource: Mapping[str, Any]) -> Interval | None:
        """Milligrams of one ingredient per day from the dosage instructions; None when it cannot be computed."""
        raise NotImplementedError


def days_supply(resource: Mapping[str, Any]) -> Decimal | None:
    """For how many days the request supplies the drug, refills not counted; None when it cannot be computed."""
    raise NotImplementedError
