"""The answer to a plain Bundle: the cards, and the whole decision behind them as an extension of the answer."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from service.decision import Decision
from service.engine.trace import Outcome
from service.finding import Evidence, Finding
from service.knowledge.model import Knowledge
from service.record.notes import text_of

DECISION = "sciatica-cds.decision"
HOOKS_ASKED = "sciatica-cds.hooks"
_URGENCY = ("critical", "warning", "info")

_EXACT_IN_JSON = Decimal(2**53)

Json = dict[str, Any]


def answer(knowledge: Knowledge, decision: Decision, cards: Sequence[Json]) -> Json:
    """``{"cards": […], "extension": {"sciatica-cds.decision": …}}``; the same decision gives the same bytes."""
    return {"cards": list(cards), "extension": {DECISION: describe_decision(knowledge, decision)}}


def beside(orders: Json, visit: Json) -> Json:
    """The answer about the orders with that about the visit beside it: a rule that both show is shown once.

    ``extension`` has the decision about the orders, that about the visit under a key of its own, and which hooks were
    asked.
    """
    shown = {_topic(card) for card in orders["cards"]}
    further = [card for card in visit["cards"] if _topic(card) not in shown]
    cards = sorted([*orders["cards"], *further], key=lambda card: _URGENCY.index(card["indicator"]))
    extension = orders["extension"] | {f"{DECISION}.{_hook(visit)}": visit["extension"][DECISION]}
    return {"cards": cards, "extension": extension | {HOOKS_ASKED: [_hook(orders), _hook(visit)]}}


def _hook(answered: Json) -> str:
    return str(answered["extension"][DECISION]["hook"])


def _topic(card: Json) -> str:
    return str(card["source"].get("topic", {}).get("code", card["summary"]))


def describe_decision(knowledge: Knowledge, decision: Decision) -> Json:
    """All about one decision: findings with evidence, what became of every rule, problems, what was not recorded."""
    return {
        "id": decision.id,
        "hook": decision.hook,
        "now": decision.now.isoformat(),
        "ruleset": {"version": decision.ruleset_version, "digest": decision.ruleset_digest},
        "findings": [_finding(finding) for finding in decision.findings.values()],
        "rules": [_rule(outcome) for outcome in decision.outcomes],
        "problems": [{"path": problem.path, "reason": text_of(problem.reason)} for problem in decision.problems],
        "notRecorded": [{"finding": name, "asks": knowledge.asks(name)} for name in decision.not_recorded],
        "notAssessed": [{"finding": name, "asks": knowledge.asks(name)} for name in decision.not_assessed],
    }


def _finding(finding: Finding) -> Json:
    if not finding.evidence and not finding.notes and finding.low is None and finding.high is None:
        # Most findings of a call: nothing more is known about them.
        return {"name": finding.name, "status": finding.status.value, "evidence": []}
    member: Json = {"name": finding.name, "status": finding.status.value}
    if finding.value is not None:
        member["value"] = _number(finding.value)
    elif finding.low is not None or finding.high is not None:
        member["range"] = {
            name: _number(bound) for name, bound in (("low", finding.low), ("high", finding.high)) if bound is not None
        }
    if finding.unit is not None and (finding.low is not None or finding.high is not None):
        member["unit"] = finding.unit
    if finding.notes:
        member["notes"] = [text_of(note) for note in finding.notes]
    member["evidence"] = [_evidence(item) for item in finding.evidence]
    return member


def _evidence(item: Evidence) -> Json:
    given = {"resource": item.resource, "date": item.date, "text": item.text, "note": item.note and text_of(item.note)}
    return {name: value for name, value in given.items() if value}


def _number(value: Decimal) -> int | float:
    """A JSON number. Whole numbers as such, as far as JSON readers take them for exact."""
    is_complete = value.is_finite() and abs(value) < _EXACT_IN_JSON and value == value.to_integral_value()
    return int(value) if is_complete else float(value)


def _rule(outcome: Outcome) -> Json:
    member: Json = {"id": outcome.rule.id, "version": outcome.rule.version, "outcome": outcome.result.value}
    if outcome.stopped_by:
        member["stoppedBy"] = list(outcome.stopped_by)
    if outcome.suppressed_by is not None:
        member["coveredBy"] = outcome.suppressed_by
    return member
