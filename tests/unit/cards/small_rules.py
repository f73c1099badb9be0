"""Decisions of the small rule set, made from findings, for tests about cards and not about reading a record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from service.cards.cards import Audience, render
from service.cards.orders import Drafts, Ordering
from service.cards.suggestions import Acting
from service.decision import Decision, Prepared, decide_on
from service.engine.chaining import compile_programs
from service.finding import Evidence, Finding, Status
from service.knowledge.loader import load
from service.knowledge.model import CardText, Knowledge
from service.record.releases.fhir_classes import Release

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
ID = UUID("00000000-0000-4000-8000-000000000001")
RULES = Path(__file__).resolve().parents[2] / "rules_valid"
SERVICES = {"patient-view": "small-patient-view", "order-sign": "small-order-sign"}


@cache
def rules() -> Knowledge:
    """The small rule set, with its one warning also naming the eGFR when it is unknown."""
    knowledge = load(RULES)
    phases = tuple(
        replace(phase, rules=tuple(replace(r, mentions=("egfr",)) if r.card else r for r in phase.rules))
        if phase.id == "3_safety"
        else phase
        for phase in knowledge.phases
    )
    return replace(knowledge, phases=phases)


def with_card(knowledge: Knowledge, rule_id: str, **changes: Any) -> Knowledge:
    """The rule set with the words of one card changed."""

    def changed(rule: Any) -> Any:
        if rule.id != rule_id:
            return rule
        assert isinstance(rule.card, CardText)
        return replace(rule, card=replace(rule.card, **changes))

    phases = tuple(replace(phase, rules=tuple(changed(rule) for rule in phase.rules)) for phase in knowledge.phases)
    return replace(knowledge, phases=phases)


def present(name: str, *evidence: Evidence, low: str | None = None, unit: str | None = None) -> Finding:
    value = Decimal(low) if low is not None else None
    return Finding(name, Status.PRESENT, value, value, unit, evidence)


def decision_on(knowledge: Knowledge, hook: str, *findings: Finding) -> Decision:
    """The decision on these findings; every other fact is unknown."""
    # Reading a record is not needed here, so the derivation is left out.
    programs = compile_programs(knowledge, [hook])
    prepared = Prepared(knowledge, None, programs)  # type: ignore[arg-type]
    facts = {name: Finding(name, Status.UNKNOWN) for name in knowledge.facts}
    facts |= {finding.name: finding for finding in findings}
    return decide_on(prepared, facts, hook, NOW, decision_id=ID)


def acting(
    knowledge: Knowledge,
    *,
    release: Release = Release.R4,
    patient: str | None = "p1",
    encounter: str | None = None,
    deletable: tuple[str, ...] = (),
) -> Acting:
    return Acting(Drafts(knowledge), Ordering(release, patient, encounter, NOW), frozenset(deletable))


def cards_of(
    knowledge: Knowledge,
    decision: Decision,
    *,
    for_patient: bool = False,
    full: bool = False,
    public_url: str | None = None,
    **options: Any,
) -> list[dict[str, Any]]:
    audience = Audience(
        knowledge.services[SERVICES[decision.hook]], for_patient=for_patient, full=full, public_url=public_url
    )
    return render(knowledge, decision, audience, acting(knowledge, **options))
