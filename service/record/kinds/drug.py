"""Drug facts: a drug of some classes is being taken, or was until lately."""

from __future__ import annotations

from collections.abc import Iterator

from service.finding import Evidence, Finding, Status
from service.knowledge.model import FactDefinition
from service.note import Note, NoteCode
from service.record.chart.code_match import Key
from service.record.chart.evidence import NOT_RECOGNISED, EntryEvidence, Support, combine, distinct_notes, ordered
from service.record.chart.index import ORDER, Chart
from service.record.chart.matcher import MEDICATION, UNRECOGNISED
from service.record.kinds.plan import Plan
from service.record.medication.entry import Medication
from service.record.medication.stopping import stopped_within
from service.record.medication.taking import DRUG_NOT_RECOGNISED, entry_evidence_of, evidence_of
from service.record.values.statuses import Counts

BEING_ORDERED = Note(NoteCode.BEING_ORDERED)


def drug_keys(definition: FactDefinition) -> frozenset[Key]:
    """What a fact about drugs looks up on the chart."""
    return frozenset({UNRECOGNISED, *((MEDICATION, name) for name in (*definition.classes, *definition.began_after))})


def plan(definition: FactDefinition) -> Plan:
    """How a drug fact is read. A drug that was not recognised may be any drug: it forbids absent."""

    def find(chart: Chart) -> Finding:
        per_entry = entry_evidence_of(definition, chart)
        if definition.or_ordered:
            per_entry += ordered_entry_evidence(definition, chart)
        finding = combine(definition, per_entry, chart.record)
        return doubted(definition, finding, chart)

    keys = drug_keys(definition)
    return Plan(definition, find, keys | {ORDER} if definition.or_ordered else keys)


def ordered_entry_evidence(definition: FactDefinition, chart: Chart) -> Iterator[EntryEvidence]:
    """Drugs ordered in this call: two drugs in one basket interact like any others. One not recognised may be any."""
    for order, matched in chart.ordered(definition.id):
        if matched is not None:
            support = Support.YES if matched.is_sure else Support.MAYBE
            yield EntryEvidence(support, evidence_of(order, matched.note, BEING_ORDERED))
        else:
            yield EntryEvidence(Support.MAYBE, evidence_of(order, DRUG_NOT_RECOGNISED))


def unrecognised(chart: Chart, stopped_within_days: int | None = None) -> tuple[Evidence, ...]:
    """The medications whose drug is not known: the current ones, and those that may have been stopped lately."""
    found = chart.unrecognised_drugs.get(stopped_within_days)
    if found is None:

        def may_count(one: Medication) -> bool:
            if one.status_class.counts is Counts.HISTORY and stopped_within_days is not None:
                return stopped_within(one, stopped_within_days, chart.now) is not False
            return one.status_class.counts is Counts.PRESENT

        found = ordered(evidence_of(one, NOT_RECOGNISED) for one in chart.not_recognised if may_count(one))
        chart.unrecognised_drugs[stopped_within_days] = found
    return found


def doubted(definition: FactDefinition, finding: Finding, chart: Chart) -> Finding:
    """The finding, but never absent while a medication that may count was not recognised."""
    if finding.status is not Status.ABSENT:
        return finding
    unrecognised_entries = unrecognised(chart, definition.stopped_within_days)
    if not unrecognised_entries:
        return finding
    return Finding(
        finding.name, Status.UNKNOWN, evidence=unrecognised_entries, notes=distinct_notes([DRUG_NOT_RECOGNISED])
    )
