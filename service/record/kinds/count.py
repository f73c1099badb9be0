"""Count facts: how many different drugs, or how many entries. Where a list is not whole, at least so many."""

from __future__ import annotations

from decimal import Decimal

from service.finding import Evidence, Finding, Status
from service.knowledge.model import FactDefinition
from service.record.chart.evidence import Verdict, is_whole, ordered, read_types, remarks, shortfalls
from service.record.chart.index import ORDER, Chart
from service.record.chart.service_orders import is_order
from service.record.kinds.coded import source_keys, votes_of
from service.record.kinds.drug import drug_keys, unrecognised
from service.record.kinds.plan import Plan
from service.record.medication.taking import NOT_RECOGNISED, evidence_of, match
from service.record.values.statuses import Counts

ENTRIES, PRODUCTS = "entries", "products"
_Counted = tuple[str, frozenset[str]]


def plan(definition: FactDefinition) -> Plan:
    """How a count is read."""
    if definition.measure == ENTRIES:
        return Plan(definition, lambda chart: _entries(definition, chart), source_keys(definition.sources))
    return Plan(definition, lambda chart: _drugs(definition, chart), drug_keys(definition) | {ORDER})


def _drugs(definition: FactDefinition, chart: Chart) -> Finding:
    """How many ingredients, or products: one ingredient alone and in a combination are two of these."""
    sure: set[_Counted] = set()
    possible: set[_Counted] = set()
    evidence = []
    orders = [order for order in chart.orders if is_order(order.entry)]
    current = [one for one in chart.medications if one.status_class.counts is Counts.PRESENT]
    for medication, is_ordered in (*((one, False) for one in current), *((one, True) for one in orders)):
        matched = match(medication, definition, chart)
        if matched is not None:
            certain = matched.is_sure and (not medication.status_class.provisional or is_ordered)
            beside = frozenset(one.rxcui for one in medication.drug.ingredients)
            product = beside if definition.measure == PRODUCTS else frozenset[str]()
            (sure if certain else possible).update((one.rxcui, product) for one in matched.ingredients)
            evidence.append(evidence_of(medication, matched.note, medication.status_class.note))
    unread = [*unrecognised(chart), *(order for order in orders if not order.drug.recognised)]
    notes = [NOT_RECOGNISED] if unread else []
    evidence += [evidence_of(one, "not recognised") for one in unread]
    open_above = bool(unread) or not is_whole(definition, chart.record)
    return _counted(definition, chart, (len(sure), None if open_above else len(sure | possible)), evidence, notes)


def _entries(definition: FactDefinition, chart: Chart) -> Finding:
    notes: list[str | None] = []
    per_entry = [
        entry_evidence
        for entry_evidence in votes_of(definition.sources, chart, notes)
        if entry_evidence.verdict is not Verdict.NO
    ]
    sure = {entry_evidence.evidence.resource for entry_evidence in per_entry if entry_evidence.verdict is Verdict.YES}
    possible = {entry_evidence.evidence.resource for entry_evidence in per_entry}
    high = len(possible) if is_whole(definition, chart.record) else None
    return _counted(
        definition, chart, (len(sure), high), [entry_evidence.evidence for entry_evidence in per_entry], notes
    )


def _counted(
    definition: FactDefinition,
    chart: Chart,
    bounds: tuple[int, int | None],
    evidence: list[Evidence],
    notes: list[str] | list[str | None],
) -> Finding:
    low, high = bounds
    told = ordered(evidence)
    if high is None and low == 0:
        reasons = shortfalls((*definition.complete, *read_types(definition)), chart.record)
        return Finding(definition.id, Status.UNKNOWN, evidence=told, notes=(*remarks(notes), *reasons))
    return Finding(
        definition.id,
        Status.PRESENT,
        Decimal(low),
        None if high is None else Decimal(high),
        definition.unit,
        told,
        remarks(notes),
    )
