"""Visits: what stood in a chart on an earlier day, so that it can be played back visit by visit.

A record as exported shows its last state. Taken back to a day, only what had been recorded by then is
left, a diagnosis that ended later has not ended, and a prescription written that day is running. A
drug whose end the record does not date keeps the state it has today: that is not known any better.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from service.decision import Decision
from service.finding import Status
from service.knowledge.concern import concerning
from service.knowledge.model import Knowledge
from service.protocol.evaluation import BundleQuestion, Services, cards_of_record, decide_bundle

if TYPE_CHECKING:
    from service.population.memory import Memory

Resource = Mapping[str, Any]
Card = tuple[str, tuple[str, ...]]
"""The indicator of a card, and the rules shown on it."""
ORDER_HOOKS = ("order-select", "order-sign")
_OPENED = "patient-view"
HOOKS_OF_A_VISIT = (_OPENED, *ORDER_HOOKS)

# The elements that say when a resource came to be, the first that is there counts.
_RECORDED = (
    "recordedDate",
    "assertedDate",
    "authoredOn",
    "effectiveDateTime",
    "effectivePeriod",
    "performedDateTime",
    "performedPeriod",
    "occurrenceDateTime",
    "occurrencePeriod",
    "onsetDateTime",
    "onsetPeriod",
    "period",
    "started",
    "issued",
    "startDate",
    "dateAsserted",
    "billablePeriod",
    "date",
)
_PRESCRIPTIONS = ("MedicationRequest",)
_ORDERS = ("MedicationRequest", "ServiceRequest")
_OVER = ("completed", "stopped")


@dataclass(frozen=True)
class Visit:
    """One day with an encounter: the chart as it then stood, and what was ordered on that day."""

    day: str
    chart: tuple[Resource, ...]
    orders: tuple[Resource, ...]


@dataclass(frozen=True)
class Call:
    """What one call of a visit came to. ``concerned``: the chart holds what the rules are about.

    ``cards`` are those of the call by itself, ``shown`` those that remain when what was shown before is not said again
    (product choice no. 45). ``not_known`` says in the words of a card what kept a warning from being decided.
    """

    day: str
    hook: str
    concerned: bool
    cards: tuple[Card, ...] = ()
    shown: tuple[Card, ...] = ()
    not_known: tuple[str, ...] = ()


def recorded_on(resource: Resource) -> str | None:
    """The day (or month, or year) on which a resource came to be, or None when it does not say."""
    for element in _RECORDED:
        value = resource.get(element)
        if isinstance(value, Mapping):
            value = value.get("start")
        if isinstance(value, str) and value:
            return value[:10]
    return None


def visits(resources: Sequence[Resource]) -> Iterator[Visit]:
    """Every day with an encounter, in order. A day of which only the year or month is known is left out."""
    days = {
        recorded_on(resource) or ""
        for resource in resources
        if resource.get("resourceType") == "Encounter" and resource.get("period")
    }
    for day in sorted(day for day in days if len(day) == len("2026-11-24")):
        yield Visit(day, tuple(as_of(resources, day)), tuple(_ordered_on(resources, day)))


def as_of(resources: Sequence[Resource], day: str) -> Iterator[Resource]:
    """What had been recorded by the end of ``day``, in the state it then had."""
    for resource in resources:
        recorded = recorded_on(resource)
        if recorded is None or recorded <= day:
            yield _in_its_state(resource, recorded, day)


def _in_its_state(resource: Resource, recorded: str | None, day: str) -> Resource:
    kind = resource.get("resourceType")
    if kind == "Patient":
        return {key: value for key, value in resource.items() if not key.startswith("deceased")}
    if kind == "Condition" and _ends_after(resource, day):
        open_again = {key: value for key, value in resource.items() if not key.startswith("abatement")}
        return {key: value for key, value in open_again.items() if key != "clinicalStatus"}
    if kind in _PRESCRIPTIONS and recorded == day and resource.get("status") in _OVER:
        return {**resource, "status": "active"}
    return resource


def _ends_after(condition: Resource, day: str) -> bool:
    end = condition.get("abatementDateTime") or (condition.get("abatementPeriod") or {}).get("end")
    return isinstance(end, str) and end[:10] > day


def _ordered_on(resources: Sequence[Resource], day: str) -> Iterator[Resource]:
    """The orders written on ``day``, as they were before they were signed."""
    for resource in resources:
        if resource.get("resourceType") in _ORDERS and recorded_on(resource) == day:
            yield {**resource, "status": "draft"}


class Replay:
    """Asks about every visit of a chart what an EHR that answers every prefetch key would have been shown.

    Opening the chart is ``patient-view``; what was ordered on the day of the visit is chosen and signed
    (``order-select``, ``order-sign``). Each call is answered twice: by itself, and with the memory of what earlier
    calls about the patient showed.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        offered = {service.hook for service in services.offered.values()}
        self._order_hooks = tuple(hook for hook in ORDER_HOOKS if hook in offered)

    def of(self, resources: Sequence[Resource]) -> Iterator[Call]:
        """Every call of every visit, in order. Raises RequestError where a chart is refused."""
        # The store comes with it, which only a replay needs.
        from service.population.memory import Memory

        memory = Memory(self._services.prepared.knowledge)
        for visit in visits(resources):
            yield self._ask(visit, _OPENED, visit.chart, memory)
            if visit.orders:
                drafts = {order.get("id") for order in visit.orders}
                before = [resource for resource in visit.chart if resource.get("id") not in drafts]
                for hook in self._order_hooks:
                    yield self._ask(visit, hook, [*before, *visit.orders], memory)

    def _ask(self, visit: Visit, hook: str, chart: Sequence[Resource], memory: Memory) -> Call:
        now = datetime.fromisoformat(f"{visit.day}T23:59:00+00:00")
        services, knowledge = self._services, self._services.prepared.knowledge
        question = BundleQuestion(hook, now, complete="all")
        record, decision, cards = decide_bundle(services, list(chart), question, hook)
        quieter = memory.without_repeated(decision)
        shown = cards if quieter.advice == decision.advice else cards_of_record(services, record, quieter)
        memory.remember(quieter, shown)
        not_known = tuple(dict.fromkeys(map(knowledge.asks, decision.not_assessed)))
        return Call(visit.day, hook, is_concerned(knowledge, decision), _told(cards), _told(shown), not_known)


def _told(cards: Sequence[Mapping[str, Any]]) -> tuple[Card, ...]:
    return tuple((card["indicator"], tuple(rules_on(card))) for card in cards)


def is_concerned(knowledge: Knowledge, decision: Decision) -> bool:
    """Whether the chart surely holds what the rules are about; so too where they name nothing that they are about."""
    named = [name for name in concerning(knowledge) if name != knowledge.concern] or concerning(knowledge)
    found = [decision.findings[name] for name in named if name in decision.findings]
    return not named or any(finding.status is Status.PRESENT for finding in found)


def rules_on(card: Mapping[str, Any]) -> Iterator[str]:
    """The rules that are shown on a card, those that others suppress left out."""
    why = card.get("extension", {}).get("sciatica-cds.why", {})
    yield from (rule["id"] for rule in why.get("rules", ()) if "coveredBy" not in rule)
