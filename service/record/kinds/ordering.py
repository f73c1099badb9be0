"""Ordering: which orders of this call match an order fact, and for what reason they are given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from service.finding import Evidence
from service.knowledge.model import FactDefinition
from service.note import Note, NoteCode, joined
from service.record.chart.evidence import EntryEvidence, Support, shortfalls
from service.record.chart.index import Chart
from service.record.chart.measure import BY_TEXT
from service.record.chart.service_orders import ServiceOrder
from service.record.kinds.drug import unrecognised
from service.record.medication.entry import Medication
from service.record.medication.taking import evidence_of
from service.record.model import Entry
from service.record.values.coding import Match
from service.record.values.concept import as_objects, codings
from service.record.values.dates import parse
from service.record.values.set_names import PROBLEMS
from service.record.values.statuses import Counts

NOT_CHECKED = Note(NoteCode.ORDER_NOT_RECOGNISED)
NO_REASON = Note(NoteCode.NO_REASON)
_NO_SITE = Note(NoteCode.SITE_NOT_GIVEN)
MEDICATION_REQUEST = "MedicationRequest"


def order_entry_evidence(definition: FactDefinition, chart: Chart) -> Iterator[tuple[Entry, EntryEvidence]]:
    """Every order of this call that matches an order fact, or that may match and was not recognised."""
    matching = _drug_orders if definition.resource == MEDICATION_REQUEST else _other_orders
    for entry, entry_evidence in matching(definition, chart):
        reason = reason_state(entry, definition.reasons, chart) if definition.reasons else True
        if reason is False:
            continue
        if reason is None and entry_evidence.support is Support.YES:
            evidence = entry_evidence.evidence
            doubted = Evidence(evidence.resource, evidence.text, evidence.date, joined(evidence.note, NO_REASON))
            yield entry, EntryEvidence(Support.MAYBE, doubted)
        else:
            yield entry, entry_evidence
    if definition.reasons:
        yield from _for_the_reason_alone(definition, chart)


def _for_the_reason_alone(definition: FactDefinition, chart: Chart) -> Iterator[tuple[Entry, EntryEvidence]]:
    """Orders that were not recognised and name one of the reasons: whatever they order, it is for that reason."""
    drugs = ((one.entry, evidence_of(one, NOT_CHECKED)) for one in chart.orders if not one.drug.recognised)
    others = (
        (one.entry, _evidence(one.entry, one.text, NOT_CHECKED)) for one in chart.service_orders if not one.is_known
    )
    for entry, evidence in (*drugs, *others):
        if reason_state(entry, definition.reasons, chart):
            yield entry, EntryEvidence(Support.YES, evidence)


def _drug_orders(definition: FactDefinition, chart: Chart) -> Iterator[tuple[Entry, EntryEvidence]]:
    for order, matched in chart.ordered(definition.id):
        if matched is not None:
            taken = _is_taken(order, definition, chart) if definition.not_taken else False
            if not taken:
                support = Support.YES if matched.is_sure and taken is False else Support.MAYBE
                yield order.entry, EntryEvidence(support, evidence_of(order, matched.note))
        else:
            yield order.entry, EntryEvidence(Support.MAYBE, evidence_of(order, NOT_CHECKED))


def _is_taken(order: Medication, definition: FactDefinition, chart: Chart) -> bool | None:
    """Whether something with an ingredient of an order is taken already; None where the lists do not tell.

    What stands only in an order older than a year is renewed by none (decision 31).
    """
    for other in chart.medications_of(definition.classes):
        is_running = (
            other.status_class.counts is Counts.PRESENT and not other.is_draft and other not in chart.old_orders
        )
        if is_running and not other.ingredient_codes.isdisjoint(order.ingredient_codes):
            return True
    is_whole = not shortfalls((MEDICATION_REQUEST,), chart.record) and not unrecognised(chart)
    return False if is_whole else None


def _other_orders(definition: FactDefinition, chart: Chart) -> Iterator[tuple[Entry, EntryEvidence]]:
    wanted = frozenset((*definition.codes, *definition.classes))
    for order in chart.service_orders:
        if order.entry.type not in _ALIKE.get(definition.resource or "", ()):
            continue
        found = next((one for one in order.matches if not _ordered(one, chart).isdisjoint(wanted)), None)
        if found is not None:
            if order.sets.isdisjoint(definition.exclude):
                named = _evidence(
                    order.entry, found.text, joined(_site(order, definition), BY_TEXT if found.by_text else None)
                )
                yield order.entry, EntryEvidence(Support.YES, named)
        elif not order.is_known:
            yield order.entry, EntryEvidence(Support.MAYBE, _evidence(order.entry, order.text, NOT_CHECKED))


def _site(order: ServiceOrder, definition: FactDefinition) -> Note | None:
    """That an order which is judged at a site of the body names none."""
    named = order.sets.union(*(one.said_too for one in order.matches))
    return _NO_SITE if definition.site and named.isdisjoint(definition.site) else None


def _ordered(matched: Match, chart: Chart) -> frozenset[str]:
    """What is ordered: what the code names, and where its words tell it more closely ("with contrast"), that too."""
    index = chart.matcher.index
    return matched.sets.union(name for name in matched.said_too if not index.wider(name).isdisjoint(matched.sets))


_ALIKE = {
    "ServiceRequest": ("ServiceRequest", "DeviceRequest"),
    "CommunicationRequest": ("CommunicationRequest",),
}
"""What may order the same: a TENS unit is a service here and a device there."""


def _evidence(entry: Entry, text: str, note: Note | None) -> Evidence:
    when = parse(entry.resource.get("authoredOn"))
    return Evidence(entry.reference, text, when.text if when else None, note)


def reason_state(entry: Entry, wanted: Sequence[str], chart: Chart) -> bool | None:
    """Whether an order is given for one of some reasons; None when no reason is given or none can be read.

    Words that match nothing tell nothing: only a coded reason that could be read, or words that name another problem,
    can be another one.
    """
    states = [_is_reason(concept, wanted, chart) for concept in reasons_of(entry.resource, chart)]
    if True in states:
        return True
    return None if None in states or not states else False


def _is_reason(concept: object, wanted: Sequence[str], chart: Chart) -> bool | None:
    matched = chart.matcher.index.match(concept)
    if not (matched.sets | matched.said_too).isdisjoint(wanted):
        return True
    is_another = matched.is_read and not matched.by_category
    is_coded = any(coding.system for coding in codings(concept))
    names_a_problem = any(name.startswith(PROBLEMS) for name in matched.sets)
    return False if is_another and (is_coded or names_a_problem) else None


def reasons_of(resource: Mapping[str, Any], chart: Chart) -> Iterator[object]:
    """The reasons an order names, by code or by reference to a Condition or Observation of this record."""
    yield from as_objects(resource.get("reasonCode"))
    for reference in as_objects(resource.get("reasonReference")):
        target = chart.record.resolve(reference, resource)
        yield target.get("code") if target is not None else {"text": reference.get("display")}
