"""Facts that decide, each with an input to change it: what is said with another eGFR, or without a problem."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from service.cards.finding_words import amount, unit_in_words
from service.decision import Decision
from service.engine.trace import Outcome, Result
from service.finding import Evidence, Finding, Status
from service.knowledge.conditions import Truth, truth
from service.knowledge.model import Knowledge, leaves

Json = dict[str, Any]
PREFIX = "fact."
_MOST = 8
# A field of a number has no list to choose from: the state is written there as the page writes it.
_SAID = {"not known": Status.UNKNOWN, "ruled out": Status.ABSENT}
_STATES = {Status.PRESENT: "on record", Status.ABSENT: "ruled out", Status.UNKNOWN: "not known"}


def changed_facts(knowledge: Knowledge, form: Mapping[str, str], now: datetime) -> tuple[dict[str, Finding], list[str]]:
    """The facts that a form says otherwise, and what is wrong with the others."""
    found: dict[str, Finding] = {}
    faults: list[str] = []
    for key, text in form.items():
        name = key.removeprefix(PREFIX)
        if not key.startswith(PREFIX) or not text.strip() or name not in knowledge.facts:
            continue
        finding = _finding(knowledge, name, text.strip(), now)
        if finding is None:
            faults.append(f"{knowledge.facts[name].title}: a number is meant, such as 25 or 2.5, or “not known”")
        else:
            found[name] = finding
    return found, faults


def _finding(knowledge: Knowledge, name: str, text: str, now: datetime) -> Finding | None:
    fact = knowledge.facts[name]
    evidence = (Evidence("changed here", fact.title, now.date().isoformat()),)
    text = _SAID.get(text.lower(), text)
    if text in (Status.ABSENT, Status.UNKNOWN):
        return Finding(name, Status(text))
    if not fact.is_numeric:
        return Finding(name, Status.PRESENT, evidence=evidence) if text == Status.PRESENT else None
    try:
        number = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None
    return Finding(name, Status.PRESENT, number, number, fact.unit, evidence) if number.is_finite() else None


def changeable(knowledge: Knowledge, decision: Decision, changed: Mapping[str, Finding]) -> list[Json]:
    """The facts on which the answer turns: those that were changed, then those that hold or nearly hold the cards."""
    fired = [one for one in decision.outcomes if one.result is Result.FIRED and one.rule.card is not None]
    fired.sort(key=lambda one: -one.rule.severity)
    names = dict.fromkeys(changed)
    names |= dict.fromkeys(_deciding(knowledge, fired, numeric=True))
    names |= dict.fromkeys(_deciding(knowledge, fired, numeric=False))
    names |= dict.fromkeys(_missing(knowledge, decision))
    offered = list(names)[: max(_MOST, len(changed))]
    return [_field(knowledge, name, decision.findings[name], changed.get(name)) for name in offered]


def _deciding(knowledge: Knowledge, outcomes: Iterable[Outcome], *, numeric: bool) -> Iterable[str]:
    """Facts behind the tests that hold for a rule that fired."""
    for outcome in outcomes:
        for leaf in leaves(outcome.rule.when):
            fact = knowledge.facts.get(leaf.finding)
            if fact is None or fact.is_numeric is not numeric or leaf.finding in knowledge.background:
                continue
            present = outcome.findings[leaf.finding].status is Status.PRESENT
            if present and truth(leaf, outcome.findings) is Truth.TRUE:
                yield leaf.finding


def _missing(knowledge: Knowledge, decision: Decision) -> Iterable[str]:
    return (name for name in (*decision.not_assessed, *decision.not_recorded) if name in knowledge.facts)


def _field(knowledge: Knowledge, name: str, finding: Finding, changed: Finding | None) -> Json:
    fact = knowledge.facts[name]
    value = ""
    if changed is not None:
        value = str(changed.value) if changed.value is not None else changed.status.value
        value = _STATES[changed.status] if fact.is_numeric and changed.value is None else value
    return {
        "id": name,
        "title": fact.title,
        "numeric": fact.is_numeric,
        "unit": unit_in_words(fact.unit) if fact.unit else "",
        "is": (amount(finding) if finding.status is Status.PRESENT else None) or _STATES[finding.status],
        "value": value,
    }
