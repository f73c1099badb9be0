"""Count facts: how many different drugs, how many entries, or how many milligrams a day.

Where a list is not whole, at least so many.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from service.finding import Evidence, Finding, Status
from service.knowledge.model import FactDefinition, Salt
from service.note import Note, NoteCode
from service.record.chart.evidence import (
    NOT_RECOGNISED,
    Support,
    distinct_notes,
    lists_are_complete,
    ordered,
    read_types,
    shortfalls,
)
from service.record.chart.index import ORDER, Chart
from service.record.kinds.coded import Asked, asked_by, entry_evidence_of, source_keys
from service.record.kinds.drug import drug_keys, unrecognised
from service.record.kinds.order import NO_ORDER
from service.record.kinds.plan import Plan
from service.record.medication.drug import Ingredient
from service.record.medication.entry import Medication
from service.record.medication.matching import no_dose
from service.record.medication.taking import DRUG_NOT_RECOGNISED, evidence_of

ENTRIES, PRODUCTS, DAILY_MG = "entries", "products", "daily-mg"
MOST_AS_NEEDED = Note(NoteCode.MOST_AS_NEEDED)
_ANY_PRODUCT: frozenset[str] = frozenset()
_Counted = tuple[str, frozenset[str]]
_Product = tuple[tuple[Ingredient, ...], frozenset[Decimal]]


def plan(definition: FactDefinition) -> Plan:
    """How a count is read."""
    if definition.measure == ENTRIES:
        asked = asked_by(definition.sources)
        return Plan(definition, lambda chart: _entries(definition, asked, chart), source_keys(definition.sources))
    read = _daily_mg if definition.measure == DAILY_MG else _drugs
    return Plan(definition, lambda chart: read(definition, chart), drug_keys(definition) | {ORDER})


def _daily_mg(definition: FactDefinition, chart: Chart) -> Finding:
    """Milligrams a day of one ingredient, all running orders and those of this call added.

    Absent where none is being ordered, whatever list was sent. What is taken as needed counts with the most that is
    allowed, a range with its top (decision 40). A running order of the product that is being ordered is taken to be
    replaced by it; another strength is another product. A dose that is not written, or a list that is not whole, leaves
    the sum open above (decision 39).
    """
    drafts = [(order, matched) for order, matched in chart.ordered(definition.id) if matched is not None]
    if not drafts:
        if all(order.drug.recognised for order in chart.orders):
            return Finding(definition.id, Status.ABSENT, notes=(NO_ORDER,))
        return _counted(definition, chart, (0, None), [], [DRUG_NOT_RECOGNISED])
    running = [
        (one, matched)
        for one, matched in chart.matched(definition.id)
        if not any(_is_same_product(one, order) for order, _ in drafts)
    ]
    sums: dict[tuple[_Product, str], Decimal] = {}
    is_open, evidence = False, []
    notes: list[Note | None] = []
    for medication, matched in (*drafts, *running):
        without: list[Note] = []
        for ingredient in matched.ingredients:
            most = _most_mg(definition, medication, ingredient)
            if most is None:
                is_open = True
                without.append(no_dose(medication))
            if medication.daily is not None and medication.daily.as_needed:
                notes.append(MOST_AS_NEEDED)
            said_by = (_product(medication), medication.entry.type)
            sums[said_by] = sums.get(said_by, Decimal(0)) + (most or 0)
        evidence.append(evidence_of(medication, matched.note, *without))
        notes += without
    # What the order says and what the patient tells of the same product is one course, not two.
    of_product: dict[_Product, Decimal] = {}
    for (product, _), stated in sums.items():
        of_product[product] = max(of_product.get(product, stated), stated)
    total = sum(of_product.values(), Decimal(0))
    sure = not is_open and lists_are_complete(definition, chart.record)
    return _counted(definition, chart, (total, total if sure else None), evidence, notes)


def _most_mg(definition: FactDefinition, medication: Medication, ingredient: Ingredient) -> Decimal | None:
    """The most milligrams a day of one ingredient, as base; None when the dose is not known."""
    dose = medication.drug.daily_mg(ingredient, medication.daily)
    most = None if dose is None else dose.high if dose.high is not None else dose.low
    if most is not None and definition.salt is not None and _is_salt(definition.salt, medication, ingredient):
        return most * definition.salt.base_mg / definition.salt.mg
    return most


def _is_salt(salt: Salt, medication: Medication, ingredient: Ingredient) -> bool:
    """Whether a product is the salt of its ingredient, by its words or by a strength in which only the salt is sold."""
    words = medication.drug.text.casefold()
    if any(word in words for word in salt.named):
        return True
    strengths = medication.single_doses if ingredient.strength_mg is None else {ingredient.strength_mg}
    return bool(strengths) and strengths.issubset(salt.strengths)


def _product(medication: Medication) -> _Product:
    """What is taken in which strength: that of the product or, where it names none, of the single doses."""
    ingredients = medication.drug.ingredients
    has_strength = any(one.strength_mg is not None for one in ingredients)
    return ingredients, frozenset() if has_strength else medication.single_doses


def _is_same_product(running: Medication, order: Medication) -> bool:
    """Whether an order renews what is running; one without a dose may be any dose of the same drug."""
    (taken, taken_doses), (ordered_drug, ordered_doses) = _product(running), _product(order)
    return taken == ordered_drug and (not taken_doses or not ordered_doses or not taken_doses.isdisjoint(ordered_doses))


def _drugs(definition: FactDefinition, chart: Chart) -> Finding:
    """How many ingredients, or products: one ingredient alone and in a combination are two of these."""
    sure: set[_Counted] = set()
    possible: set[_Counted] = set()
    evidence = []
    orders = chart.ordered(definition.id)
    current = [
        (one, matched)
        for one, matched in chart.matched(definition.id)
        if definition.old_orders or one not in chart.old_orders
    ]
    counted = [(one, matched, matched.is_sure and not one.status_class.provisional) for one, matched in current]
    counted += [(order, matched, matched.is_sure) for order, matched in orders if matched is not None]
    for medication, matched, is_certain in counted:
        product = medication.ingredient_codes if definition.measure == PRODUCTS else _ANY_PRODUCT
        (sure if is_certain else possible).update([(one.rxcui, product) for one in matched.ingredients])
        evidence.append(evidence_of(medication, matched.note, medication.status_class.note))
    not_ordered = (evidence_of(order, NOT_RECOGNISED) for order, _ in orders if not order.drug.recognised)
    unrecognised_entries = [*unrecognised(chart), *not_ordered]
    notes = [DRUG_NOT_RECOGNISED] if unrecognised_entries else []
    evidence += unrecognised_entries
    open_above = bool(unrecognised_entries) or not lists_are_complete(definition, chart.record)
    return _counted(definition, chart, (len(sure), None if open_above else len(sure | possible)), evidence, notes)


def _entries(definition: FactDefinition, asked: Sequence[Asked], chart: Chart) -> Finding:
    notes: list[Note | None] = []
    per_entry = [
        entry_evidence
        for entry_evidence in entry_evidence_of(asked, chart, notes)
        if entry_evidence.support is not Support.NO
    ]
    sure = {entry_evidence.evidence.resource for entry_evidence in per_entry if entry_evidence.support is Support.YES}
    possible = {entry_evidence.evidence.resource for entry_evidence in per_entry}
    high = len(possible) if lists_are_complete(definition, chart.record) else None
    return _counted(
        definition, chart, (len(sure), high), [entry_evidence.evidence for entry_evidence in per_entry], notes
    )


def _counted(
    definition: FactDefinition,
    chart: Chart,
    bounds: tuple[int | Decimal, int | Decimal | None],
    evidence: list[Evidence],
    notes: Sequence[Note | None],
) -> Finding:
    low, high = bounds
    entries = ordered(evidence)
    if high is None and low == 0:
        reasons = shortfalls((*definition.complete, *read_types(definition)), chart.record)
        return Finding(definition.id, Status.UNKNOWN, evidence=entries, notes=(*distinct_notes(notes), *reasons))
    return Finding(
        definition.id,
        Status.PRESENT,
        Decimal(low),
        None if high is None else Decimal(high),
        definition.unit,
        entries,
        distinct_notes(notes),
    )
