"""Drug facts: a drug of some classes is being taken, or was until lately."""

from __future__ import annotations

from service.finding import Evidence, Finding, Status
from service.knowledge.model import FactDefinition
from service.record.kinds.chart import MEDICATION, UNRECOGNISED, Chart
from service.record.kinds.hit import Key
from service.record.kinds.medication import Medication
from service.record.kinds.plan import Plan
from service.record.kinds.taking import NOT_RECOGNISED, evidence_of, votes_of
from service.record.kinds.votes import ordered, remarks, weigh
from service.record.statuses import Counts


def drug_keys(definition: FactDefinition) -> frozenset[Key]:
    """What a fact about drugs looks up on the chart."""
    return frozenset({UNRECOGNISED, *((MEDICATION, name) for name in definition.classes)})


def plan(definition: FactDefinition) -> Plan:
    """How a drug fact is read. A drug that was not recognised may be any drug: it forbids absent."""

    def find(chart: Chart) -> Finding:
        finding = weigh(definition, list(votes_of(definition, chart)), chart.record)
        return doubted(finding, chart)

    return Plan(definition, find, drug_keys(definition))


def unrecognised(chart: Chart) -> tuple[Medication, ...]:
    """The current medications whose drug is not known."""
    return tuple(one for one in chart.medications if not one.drug.recognised and one.standing.counts is Counts.PRESENT)


def doubtful_evidence(chart: Chart) -> tuple[Evidence, ...]:
    """The current medications whose drug is not known, as evidence."""
    return ordered(evidence_of(one, "not recognised") for one in unrecognised(chart))


def doubted(finding: Finding, chart: Chart) -> Finding:
    """The finding, but never absent while a current medication was not recognised."""
    if finding.status is not Status.ABSENT:
        return finding
    doubtful = doubtful_evidence(chart)
    if not doubtful:
        return finding
    return Finding(finding.name, Status.UNKNOWN, evidence=doubtful, notes=remarks([NOT_RECOGNISED]))
