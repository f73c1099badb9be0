"""Ordering: which orders of this call match an order fact, and for what reason they are given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from service.finding import Evidence
from service.knowledge.model import FactDefinition
from service.record.chart.concepts import as_objects, concepts_of
from service.record.chart.evidence import EntryEvidence, Verdict, joined
from service.record.chart.index import Chart
from service.record.kinds.coded import BY_TEXT
from service.record.medication.taking import evidence_of, match
from service.record.model import Entry
from service.record.values.code_systems import CPT, HCPCS, ICD_10_PCS, LOINC, SNOMED
from service.record.values.coding import codings, concept_text, wordings
from service.record.values.dates import parse
from service.record.values.other_orders import is_foreign, is_other
from service.record.values.statuses import status_word

NOT_CHECKED = "not checked: the order was not recognised"
NO_REASON = "no reason given on the order"
MEDICATION_REQUEST = "MedicationRequest"
_WITHDRAWN = frozenset({"entered-in-error", "cancelled", "revoked"})


def is_order(entry: Entry) -> bool:
    """Whether something is really being ordered: not withdrawn, and not an order to leave something undone."""
    resource = entry.resource
    return status_word(resource.get("status")) not in _WITHDRAWN and resource.get("doNotPerform") is not True


def order_votes(definition: FactDefinition, chart: Chart) -> Iterator[tuple[Entry, EntryEvidence]]:
    """Every order of this call that matches an order fact, or that may match and was not recognised."""
    matching = _drug_orders if definition.resource == MEDICATION_REQUEST else _other_orders
    for entry, entry_evidence in matching(definition, chart):
        reason = reason_state(entry, definition.reasons, chart) if definition.reasons else True
        if reason is False:
            continue
        if reason is None and entry_evidence.verdict is Verdict.YES:
            evidence = entry_evidence.evidence
            doubted = Evidence(evidence.resource, evidence.text, evidence.date, joined(evidence.note, NO_REASON))
            yield entry, EntryEvidence(Verdict.MAYBE, doubted)
        else:
            yield entry, entry_evidence


def _drug_orders(definition: FactDefinition, chart: Chart) -> Iterator[tuple[Entry, EntryEvidence]]:
    for order in chart.orders:
        if not is_order(order.entry):
            continue
        matched = match(order, definition, chart)
        if matched is not None:
            verdict = Verdict.YES if matched.is_sure else Verdict.MAYBE
            yield order.entry, EntryEvidence(verdict, evidence_of(order, matched.note))
        elif not order.drug.recognised:
            yield order.entry, EntryEvidence(Verdict.MAYBE, evidence_of(order, NOT_CHECKED))


def _other_orders(definition: FactDefinition, chart: Chart) -> Iterator[tuple[Entry, EntryEvidence]]:
    wanted = frozenset((*definition.codes, *definition.classes))
    for entry in chart.record.orders:
        if entry.type not in _ALIKE.get(definition.resource or "", ()) or not is_order(entry):
            continue
        concepts = list(concepts_of(entry.type, entry.resource, chart.record))
        matches = [chart.matcher.index.match(concept) for concept in concepts]
        sets = frozenset().union(*(one.sets for one in matches)) if matches else frozenset[str]()
        code_match = next((one for one in matches if not one.sets.isdisjoint(wanted)), None)
        if code_match is not None:
            if sets.isdisjoint(definition.exclude):
                yield (
                    entry,
                    EntryEvidence(
                        Verdict.YES, _evidence(entry, code_match.text, BY_TEXT if code_match.by_text else None)
                    ),
                )
        elif not sets and not is_something_else(concepts):
            text = " ".join(filter(None, map(concept_text, concepts))) or entry.type
            yield entry, EntryEvidence(Verdict.MAYBE, _evidence(entry, text, NOT_CHECKED))


def is_something_else(concepts: Sequence[object]) -> bool:
    """Whether what is ordered, matching none of our value sets, is known to be something else.

    Only words that can be read show that: a code proves nothing, because of no system all codes are listed, and the
    codes of some are switched off. Beside a code of a public system English words are enough; alone or beside a code
    of a site they must name something known.
    """
    texts = [text for concept in concepts for text in wordings(concept) if any(map(str.isalpha, text))]
    if any(is_other(text) for text in texts):
        return True
    if not texts or any(is_foreign(text) for text in texts):
        return False
    return any(coding.system in _SPOKEN for concept in concepts for coding in codings(concept))


_SPOKEN = frozenset({SNOMED, LOINC, CPT, ICD_10_PCS, HCPCS})
"""Public systems whose displays are the words of the system, and English where they look so."""
_ALIKE = {
    "ServiceRequest": ("ServiceRequest", "DeviceRequest"),
    "CommunicationRequest": ("CommunicationRequest",),
}
"""What may order the same: a TENS unit is a service here and a device there."""


def _evidence(entry: Entry, text: str, note: str | None) -> Evidence:
    when = parse(entry.resource.get("authoredOn"))
    return Evidence(entry.reference, text, when.text if when else None, note)


def reason_state(entry: Entry, wanted: Sequence[str], chart: Chart) -> bool | None:
    """Whether an order is given for one of some reasons; None when no reason is given or none can be read.

    Words that match nothing tell nothing: only a coded reason can be another one.
    """
    states = [_is_reason(concept, wanted, chart) for concept in reasons_of(entry.resource, chart)]
    if True in states:
        return True
    return None if None in states or not states else False


def _is_reason(concept: object, wanted: Sequence[str], chart: Chart) -> bool | None:
    matched = chart.matcher.index.match(concept)
    if not matched.sets.isdisjoint(wanted):
        return True
    return False if any(coding.system for coding in codings(concept)) else None


def reasons_of(resource: Mapping[str, Any], chart: Chart) -> Iterator[object]:
    """The reasons an order names, by code or by reference to a Condition or Observation of this record."""
    yield from as_objects(resource.get("reasonCode"))
    for reference in as_objects(resource.get("reasonReference")):
        target = chart.record.resolve(reference, resource)
        yield target.get("code") if target is not None else {"text": reference.get("display")}
