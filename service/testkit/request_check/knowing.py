"""Knowing: what a decision on the data could not know, and what became of it, as issues."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from service.cards.client_profiles import Profile, losses
from service.errors import Issue, Severity
from service.finding import Status
from service.knowledge.model import FactKind, Knowledge
from service.protocol.evaluation import Answered
from service.record.notes import text_of
from service.testkit.report import Part

_FEW = 12


def verdict(answered: Answered) -> Issue:
    """What the service would answer."""
    cards = answered.body["cards"]
    counts = ", ".join(f"{sum(card['indicator'] == name for card in cards)} {name}" for name in _INDICATORS)
    text = f"would be answered with 200 and {len(cards)} card(s): {counts}" if cards else _SILENT
    return _verdict(text)


def _verdict(text: str) -> Issue:
    return Issue("", text, code="informational", severity=Severity.INFORMATION, group=Part.VERDICT)


def shown_by(to: Profile, cards: Sequence[Mapping[str, Any]]) -> Iterator[Issue]:
    """Which client profile the answer is for, and what that client does not show of it."""
    yield _verdict(f"client profile: {to.name}")
    for text in losses([dict(card) for card in cards], to):
        yield _verdict(f"{to.name}: {text}")


_INDICATORS = ("critical", "warning", "info")
_SILENT = "would be answered with 200 and no card, which is not clearance"


def what_was_unknown(knowledge: Knowledge, answered: Answered) -> Iterator[Issue]:
    """What was passed over or taken with doubt, and what stayed unknown: first what a warning depends on."""
    decision = answered.decision
    for problem in decision.problems:
        yield Issue(
            problem.path, text_of(problem.reason), code="processing", severity=Severity.WARNING, group=Part.READING
        )
    named = dict.fromkeys((*decision.not_assessed, *decision.not_recorded))
    for name in decision.not_assessed:
        text = f"{name}: {knowledge.asks(name)} is not known, so a warning could not be decided"
        yield Issue("", text, code="incomplete", severity=Severity.WARNING, group=Part.KNOWING)
    for name in decision.not_recorded:
        if name not in decision.not_assessed:
            text = f"{name}: {knowledge.asks(name)} is not known; a card names it"
            yield Issue("", text, code="incomplete", severity=Severity.INFORMATION, group=Part.KNOWING)
    yield from _orders(knowledge, answered)
    yield from _others(knowledge, answered, frozenset(named))


def _orders(knowledge: Knowledge, answered: Answered) -> Iterator[Issue]:
    """Orders that could not be recognised, in the words the facts about them use."""
    findings = answered.decision.findings
    facts = [fact for fact in knowledge.facts.values() if fact.kind is FactKind.ORDER and fact.id in findings]
    notes = dict.fromkeys(
        note for fact in facts if findings[fact.id].status is Status.UNKNOWN for note in findings[fact.id].notes
    )
    for note in notes:
        yield Issue("", text_of(note), code="incomplete", severity=Severity.WARNING, group=Part.KNOWING)


def _others(knowledge: Knowledge, answered: Answered, named: frozenset[str]) -> Iterator[Issue]:
    unknown = [
        name
        for name, finding in answered.decision.findings.items()
        if finding.status is Status.UNKNOWN and name in knowledge.facts and name not in named
    ]
    if unknown:
        more = f" and {len(unknown) - _FEW} more" if len(unknown) > _FEW else ""
        text = f"{len(unknown)} further facts are unknown and change no card now: {', '.join(unknown[:_FEW])}{more}"
        yield Issue("", text, code="incomplete", severity=Severity.INFORMATION, group=Part.KNOWING)
