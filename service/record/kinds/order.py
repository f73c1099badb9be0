"""Order facts: what is being ordered in this call, and why."""

from __future__ import annotations

from service.finding import Finding, Status
from service.knowledge.model import FactDefinition, Knowledge
from service.note import Note, NoteCode
from service.record.chart.evidence import Support, distinct_notes, ordered
from service.record.chart.index import ORDER, Chart
from service.record.kinds.drug import drug_keys
from service.record.kinds.ordering import NO_REASON, NOT_CHECKED, order_entry_evidence, reason_state
from service.record.kinds.plan import Plan

NO_ORDER = Note(NoteCode.NO_ORDER)


def plan(definition: FactDefinition) -> Plan:
    """How an order fact is read: present for a matching order, unknown when one was not recognised, else absent."""

    def find(chart: Chart) -> Finding:
        per_entry = [entry_evidence for _, entry_evidence in order_entry_evidence(definition, chart)]
        best = max((entry_evidence.support for entry_evidence in per_entry), default=Support.NO)
        if best is Support.NO:
            return Finding(definition.id, Status.ABSENT, notes=(NO_ORDER,))
        unsure = [entry_evidence.evidence for entry_evidence in per_entry if entry_evidence.support is Support.MAYBE]
        notes = distinct_notes(evidence.note for evidence in unsure)
        if best is Support.MAYBE:
            return Finding(definition.id, Status.UNKNOWN, evidence=ordered(unsure), notes=notes)
        evidence = ordered(
            entry_evidence.evidence for entry_evidence in per_entry if entry_evidence.support is Support.YES
        )
        return Finding(definition.id, Status.PRESENT, evidence=evidence, notes=notes)

    return Plan(definition, find, frozenset({ORDER}) | (drug_keys(definition) if definition.not_taken else frozenset()))


def reason_plan(definition: FactDefinition, knowledge: Knowledge) -> Plan:
    """Whether the orders of another fact are given for one of some reasons."""
    about = knowledge.facts[definition.order or ""]

    def find(chart: Chart) -> Finding:
        found = list(order_entry_evidence(about, chart))
        if not found:
            return Finding(definition.id, Status.ABSENT, notes=(NO_ORDER,))
        states = {
            reason_state(entry, definition.reasons, chart) if entry_evidence.support is Support.YES else None: None
            for entry, entry_evidence in found
        }
        given = [
            entry_evidence.evidence
            for entry, entry_evidence in found
            if entry_evidence.support is Support.YES and reason_state(entry, definition.reasons, chart)
        ]
        if True in states:
            return Finding(definition.id, Status.PRESENT, evidence=ordered(given))
        evidence = ordered(entry_evidence.evidence for _, entry_evidence in found)
        if None in states:
            unsure = any(entry_evidence.support is Support.MAYBE for _, entry_evidence in found)
            return Finding(
                definition.id,
                Status.UNKNOWN,
                evidence=evidence,
                notes=distinct_notes([NOT_CHECKED if unsure else NO_REASON]),
            )
        return Finding(definition.id, Status.ABSENT, evidence=evidence, notes=(Note(NoteCode.OTHER_REASON),))

    return Plan(definition, find, frozenset({ORDER}))
