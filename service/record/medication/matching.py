"""Matching: by which of its ingredients a medication belongs to the classes of a drug fact.

By ingredient and route: a combination counts for each of its ingredients, topical and ophthalmic forms are no
systemic drugs, low-dose aspirin is told apart by the daily dose (decision 17).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from msgspec import Struct

from service.bounded import Bounded
from service.knowledge.model import FactDefinition, FactKind
from service.note import Note, NoteCode, joined
from service.record.medication.drug import Drug, Ingredient
from service.record.medication.entry import Medication
from service.record.values.status_table import Counts

Band = tuple[Decimal | None, Decimal | None]
"""From how many milligrams a day to how many; None: open."""
NO_DOSE = Note(NoteCode.DOSE_NOT_GIVEN)
DOSE_NOT_READ = Note(NoteCode.DOSE_NOT_READ)
_UNITS_A_DAY = 2
_MOST_DRUGS = 1024
"""Of so many drugs is known which facts they concern: the charts of a day name the same few hundred."""


class Match(Struct, frozen=True):
    """The ingredients by which a medication matches, and what a reader must know.

    ``is_sure`` is False when only the dose could tell, and is not written.
    """

    ingredients: tuple[Ingredient, ...]
    note: Note | None = None
    is_sure: bool = True


Matched = tuple[Medication, Match]
_ByDrug = tuple[tuple[FactDefinition, Match], ...]
_NOTHING = frozenset[Counts]()
_CURRENT = frozenset({Counts.PRESENT})
_CURRENT_OR_PAST = frozenset({Counts.PRESENT, Counts.HISTORY})


def _heard_by(fact: FactDefinition) -> frozenset[Counts]:
    """What an entry of the medication list counts as that says something to a fact: most of a long list is over."""
    if fact.kind is FactKind.ORDER or fact.measure == "ordered":
        return _NOTHING
    asks_what_is_over = fact.kind is FactKind.COURSE or fact.stopped_within_days is not None
    return _CURRENT_OR_PAST if asks_what_is_over else _CURRENT


class DrugFacts:
    """The facts about drugs of a rule set, by the classes they ask about."""

    def __init__(self, facts: Iterable[FactDefinition]) -> None:
        self._of_class: dict[str, list[FactDefinition]] = {}
        for fact in facts:
            for name in dict.fromkeys(fact.classes):
                self._of_class.setdefault(name, []).append(fact)
        self._known: Bounded[int, tuple[Drug, _ByDrug, Mapping[Counts, _ByDrug]]] = Bounded(_MOST_DRUGS)

    def ordered(self, orders: Iterable[Medication]) -> Mapping[str, list[Matched]]:
        """By fact, the orders of a call that match it, each with its match, in the order given."""
        found: dict[str, list[Matched]] = defaultdict(list)
        for order in orders:
            facts, _ = self._facts_of(order.drug)
            _put(found, order, facts)
        return found

    def listed(self, medications: Iterable[Medication]) -> Mapping[str, list[Matched]]:
        """The same of the medications of a record, as far as they say something to the fact."""
        found: dict[str, list[Matched]] = defaultdict(list)
        for medication in medications:
            _, by_counts = self._facts_of(medication.drug)
            _put(found, medication, by_counts.get(medication.status_class.counts, ()))
        return found

    def _facts_of(self, drug: Drug) -> tuple[_ByDrug, Mapping[Counts, _ByDrug]]:
        """The facts that a drug matches, whatever its dose, and those that hear of an entry, by what it counts as.

        Many entries name the same drug, which is one object.
        """
        known = self._known.get(id(drug))
        if known is not None and known[0] is drug:
            return known[1:]
        facts = {fact.id: fact for name in drug.classes for fact in self._of_class.get(name, ())}
        found = tuple((fact, by_drug) for fact in facts.values() if (by_drug := _matched(drug, fact)) is not None)
        heard = {counts: tuple(one for one in found if counts in _heard_by(one[0])) for counts in _CURRENT_OR_PAST}
        self._known[id(drug)] = drug, found, heard
        return found, heard


def _put(found: dict[str, list[Matched]], medication: Medication, facts: _ByDrug) -> None:
    """Put a medication under those of some facts that it matches by its dose too."""
    for fact, by_drug in facts:
        matched: Match | None = by_drug
        if fact.daily_dose_mg is not None:
            matched = _in_band(medication, by_drug, fact.daily_dose_mg)
        if matched is not None:
            found[fact.id].append((medication, matched))


def _matched(drug: Drug, definition: FactDefinition) -> Match | None:
    """By which ingredients a drug belongs to the classes of a fact; None when by none."""
    if not _goes_in(drug, definition.route):
        return None
    by_product = drug.classes.difference(*(one.classes for one in drug.ingredients))
    if not by_product.isdisjoint(definition.exclude):
        return None
    as_product = not by_product.isdisjoint(definition.classes)
    matching = tuple(
        one
        for one in drug.ingredients
        if (as_product or not one.classes.isdisjoint(definition.classes)) and one.classes.isdisjoint(definition.exclude)
    )
    is_match = bool(matching) if drug.ingredients else as_product
    return Match(matching, joined(*drug.notes)) if is_match else None


def _in_band(medication: Medication, matched: Match, band: Band) -> Match | None:
    """The match by the ingredients of which the daily dose lies in a band, or may."""
    drug = medication.drug
    if not drug.ingredients:
        return matched
    in_band, notes, is_sure = [], list(drug.notes), True
    for ingredient in matched.ingredients:
        dose = drug.daily_mg(ingredient, medication.daily)
        if dose is None:
            notes.append(no_dose(medication))
            is_sure = is_small_dose(ingredient, band)
            in_band.append(ingredient)
        elif dose.overlaps(*band):
            in_band.append(ingredient)
    return Match(tuple(in_band), joined(*notes), is_sure) if in_band else None


def _goes_in(drug: Drug, route: str) -> bool:
    """Whether a drug goes in by the route that a fact asks for; one whose route is not told is no injection."""
    if route in {"injected", "not-injected"}:
        return not drug.is_local and (drug.route == "injectable") == (route == "injected")
    return route == "any" or drug.is_local == (route == "local")


def no_dose(medication: Medication) -> Note:
    """Why the dose of a medication is not known: it was not given, or could not be read."""
    return DOSE_NOT_READ if medication.has_unread_dose else NO_DOSE


def is_small_dose(ingredient: Ingredient, band: Band) -> bool:
    """Whether a product whose dose is not written belongs to a band that has an upper limit.

    Product choice: one or two units of the product a day keep to the limit, so aspirin 81 mg without a dosage is
    low-dose aspirin. Whether a dose reaches a lower limit is never known without the dose (decision 39).
    """
    _, most = band
    return most is not None and ingredient.strength_mg is not None and ingredient.strength_mg * _UNITS_A_DAY <= most
