"""What the process says about itself: alive, ready, which rules, in which mode, and what an operator should know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from service.config import Settings, bind_address
from service.knowledge.allowed_rules import withheld
from service.knowledge.model import Knowledge
from service.protocol.evaluation import Services


@dataclass(frozen=True, slots=True)
class State:
    """How the process is besides its rules: the store's own words, and why newer rules were refused, if they were."""

    today: date
    decision_log: Mapping[str, Any] = field(default_factory=dict)
    refused_rules: str | None = None

    def not_ready(self, settings: Settings) -> str | None:
        """Why the process should get no calls now; None when it may."""
        if settings.store == "required" and not self.decision_log.get("reachable", True):
            return f"decisions wait in the spool, the database cannot be reached: {self.decision_log.get('fault')}"
        return None


def health(services: Services, state: State) -> dict[str, Any]:
    """The body of ``GET /health``. Holds nothing about patients or callers and no path of the machine."""
    knowledge, settings = services.prepared.knowledge, services.settings
    found = [*warnings(knowledge, settings), *_of_state(services, state)]
    ruleset = {"name": knowledge.name, "version": knowledge.version, "digest": knowledge.digest}
    return {
        "live": True,
        "ready": state.not_ready(settings) is None,
        "mode": settings.mode,
        "authentication": settings.authentication,
        "ruleset": ruleset if services.signed_by is None else ruleset | {"signed_by": services.signed_by},
        "counts": {
            "rules": len(knowledge.rules),
            "approved": len(knowledge.approved),
            "withheld": len(withheld(knowledge, services.allowed_rule_ids)),
            "overdue": len(overdue(knowledge, state.today)),
            "facts": len(knowledge.facts),
            "value_sets": len(knowledge.value_sets),
            "sources": len(knowledge.sources),
            "services": len(knowledge.services),
        },
        "gate": gates(services),
        "store": {"mode": settings.store, **state.decision_log},
        "warnings": found,
    }


def gates(services: Services) -> dict[str, Any]:
    """The gate of each hook: open or shut, its digest, and how many keys of a chart it looks for."""
    state: dict[str, Any] = {"on": services.settings.gate}
    if services.settings.gate:
        state["hooks"] = {
            hook: {"open": gate.is_open, "digest": gate.digest[:12], "keys": len(gate.keys)}
            for hook, gate in sorted(services.prepared.gates.items())
        }
    return state


def warnings(knowledge: Knowledge, settings: Settings) -> list[str]:
    """What an operator should know before trusting this process."""
    found = []
    if settings.authentication == "open":
        found.append("callers are not authenticated (SCIATICA_CDS_AUTHENTICATION=open)")
    if not settings.production:
        found.append("development mode: not for data of real patients")
    unapproved = sum(1 for rule in knowledge.rules if rule.id not in knowledge.approved)
    if unapproved:
        found.append(f"{unapproved} of {len(knowledge.rules)} rules are not approved by a named clinician")
    return found


def overdue(knowledge: Knowledge, today: date) -> list[str]:
    """The rules whose review is overdue."""
    return [rule.id for rule in knowledge.rules if rule.review_by < today]


def _of_state(services: Services, state: State) -> Iterator[str]:
    hidden = withheld(services.prepared.knowledge, services.allowed_rule_ids)
    if hidden:
        yield f"{len(hidden)} rules are withheld because they are not approved (SCIATICA_CDS_REQUIRE_APPROVED=true)"
    late = overdue(services.prepared.knowledge, state.today)
    if late:
        yield f"the review of {len(late)} rules is overdue: {', '.join(late[:5])}"
    yield from (gate.alarm for gate in services.prepared.gates.values() if gate.alarm is not None)
    if state.refused_rules is not None:
        yield state.refused_rules
    if state.decision_log.get("fault"):
        yield str(state.decision_log["fault"])
    if state.decision_log.get("not_kept"):
        yield f"{state.decision_log['not_kept']} calls of this process could not be stored since it started"


def summary(services: Services, today: date, unreachable: str | None = None) -> Iterator[str]:
    """What runs, in a few lines for the terminal at start-up; what is unsafe stands at the end.

    ``unreachable`` says why the store cannot be reached, if so.
    """
    knowledge, settings = services.prepared.knowledge, services.settings
    address = settings.public_url or f"http://{bind_address()}{settings.path_prefix}"
    hidden = len(withheld(knowledge, services.allowed_rule_ids))
    yield f"sciatica-cds, {settings.mode} mode, at {address} (documentation: {address}/docs)"
    yield (
        f"  rules    {len(knowledge.rules)}, {len(knowledge.approved)} approved, {hidden} withheld; "
        f"version {knowledge.version}, digest {knowledge.digest[:12]}"
    )
    where = "in PostgreSQL" if (settings.store_url or "").startswith("postgres") else "in SQLite"
    recorded = "not recorded" if settings.store == "off" else f"recorded {where} ({settings.store})"
    if unreachable is not None:
        recorded = f"to be recorded {where} ({settings.store}), which CANNOT BE REACHED"
    yield f"  calls    are {recorded}; authentication {settings.authentication}"
    if unreachable is not None:
        until = "/ready is 503 until it can be" if settings.store == "required" else "/health says so until it can be"
        yield f"  WARNING  {unreachable}. {until}; decisions wait in the spool"
    yield from (f"  WARNING  {each}" for each in warnings(knowledge, settings))
    late = len(overdue(knowledge, today))
    if late:
        yield f"  WARNING  the review of {late} rules is overdue"
