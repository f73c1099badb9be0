"""Left open: what is on record and yet leaves a fact open on which a warning hangs."""

from __future__ import annotations

from collections.abc import Sequence

from service.decision import Decision
from service.finding import Evidence, Status
from service.knowledge.model import FactDefinition, FactKind
from service.note import NoteCode, holds

__all__ = ["doubtful", "inexact"]


def doubtful(
    decision: Decision, facts: Sequence[FactDefinition], kind: FactKind, codes: frozenset[NoteCode]
) -> list[tuple[str, Evidence]]:
    """The facts of a kind that are unknown because of an entry whose note has one of some codes, with the entry."""
    return [
        (fact.id, item)
        for fact in facts
        if fact.kind is kind and decision.findings[fact.id].status is Status.UNKNOWN
        for item in decision.findings[fact.id].evidence
        if holds(item.note, codes)
    ]


def inexact(decision: Decision, facts: Sequence[FactDefinition]) -> list[tuple[FactDefinition, Evidence]]:
    """The numbers that are known within bounds only, with the result that says so: a warning hangs on which it is."""
    found = ((fact, decision.findings[fact.id]) for fact in facts if fact.kind is FactKind.QUANTITY)
    return [
        (fact, finding.evidence[0])
        for fact, finding in found
        if finding.status is Status.PRESENT and finding.low != finding.high and finding.evidence
    ]
