"""Order facts: what is being ordered in this call, and why."""

from __future__ import annotations

from service.finding import Finding, Status
from service.knowledge.model import FactDefinition, Knowledge
from service.record.chart.evidence import Verdict, ordered, remarks
from service.record.chart.index import ORDER, Chart
from service.record.kinds.ordering import NO_REASON, NOT_CHECKED, order_votes, reason_state
from service.record.kinds.plan import Plan

NO_ORDER = "no such order in this call"


def plan(definition: FactDefinition) -> Plan:
    """How an order fact is read: present for a matching order, unknown when one was not recognised, else absent."""

    def find(chart: Chart) -> Finding:
        votes = [vote for _, vote in order_votes(definition, chart)]
        best = max((vote.verdict for vote in votes), default=Verdict.NO)
        if best is Verdict.NO:
            return Finding(definition.id, Status.ABSENT, notes=(NO_ORDER,))
        unsure = [vote.evidence for vote in votes if vote.verdict is Verdict.MAYBE]
        notes = remarks(evidence.note for evidence in unsure)
        if best is Verdict.MAYBE:
            return Finding(definition.id, Status.UNKNOWN, evidence=ordered(unsure), notes=notes)
        evidence = ordered(vote.evidence for vote in votes if vote.verdict is Verdict.YES)
        return Finding(definition.id, Status.PRESENT, evidence=evidence, notes=notes)

    return Plan(definition, find, frozenset({ORDER}))


def reason_plan(definition: FactDefinition, knowledge: Knowledge) -> Plan:
    """Whether the orders of another fact are given for one of some reasons."""
    about = knowledge.facts[definition.order or ""]

    def find(chart: Chart) -> Finding:
        found = list(order_votes(about, chart))
        if not found:
            return Finding(definition.id, Status.ABSENT, notes=(NO_ORDER,))
        states = {
            reason_state(entry, definition.reasons, chart) if vote.verdict is Verdict.YES else None: None
            for entry, vote in found
        }
        given = [
            vote.evidence
            for entry, vote in found
            if vote.verdict is Verdict.YES and reason_state(entry, definition.reasons, chart)
        ]
        if True in states:
            return Finding(definition.id, Status.PRESENT, evidence=ordered(given))
        evidence = ordered(vote.evidence for _, vote in found)
        if None in states:
            unsure = any(vote.verdict is Verdict.MAYBE for _, vote in found)
            return Finding(
                definition.id, Status.UNKNOWN, evidence=evidence, notes=remarks([NOT_CHECKED if unsure else NO_REASON])
            )
        return Finding(definition.id, Status.ABSENT, evidence=evidence, notes=("another reason is given",))

    return Plan(definition, find, frozenset({ORDER}))
