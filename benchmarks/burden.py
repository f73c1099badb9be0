"""How many cards a clinician would see, patient by patient and visit by visit."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from benchmarks.patients import Published
from service.errors import RequestError
from service.finding import Status
from service.population.visits import Visit, visits
from service.protocol.evaluation import BundleQuestion, Services, answer_bundle

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
PROBLEM = "in-scope-problem"
ORDER_HOOKS = ("order-select", "order-sign")
NOT_ASSESSED = "(not assessed)"
MANY = 3


@dataclass(frozen=True)
class Shown:
    """The cards of one call: indicator and the rules that speak on each (none on one that tells what was not done).

    ``lacking`` says in the words of a card what kept a warning from being decided.
    """

    hook: str
    relevant: bool
    cards: tuple[tuple[str, tuple[str, ...]], ...]
    lacking: tuple[str, ...] = ()

    @property
    def rules(self) -> tuple[str, ...]:
        """Every rule that speaks, each once; a card without a rule counts as ``(not assessed)``."""
        return tuple(dict.fromkeys(rule for _, rules in self.cards for rule in rules or (NOT_ASSESSED,)))

    @property
    def most_severe(self) -> str:
        ranks = ("info", "warning", "critical")
        return max((indicator for indicator, _ in self.cards), key=ranks.index)


@dataclass(frozen=True)
class Day:
    """One visit of one patient: what opening the chart showed, and what choosing and signing the day's orders did."""

    day: str
    opened: Shown
    ordered: tuple[Shown, ...] = ()


@dataclass
class Followed:
    """One patient: as the record stands now, and every visit before."""

    name: str
    refused: str | None = None
    now: Shown | None = None
    days: list[Day] = field(default_factory=list)

    @property
    def relevant(self) -> bool:
        """Whether the patient ever has a problem of the back, the nerve to the leg, or spasm."""
        return any(shown.relevant for shown in self.calls if shown.hook == "patient-view")

    @property
    def calls(self) -> Iterator[Shown]:
        if self.now is not None:
            yield self.now
        for day in self.days:
            yield day.opened
            yield from day.ordered

    @property
    def episode(self) -> list[Day]:
        """The visits on which the problem is there."""
        return [day for day in self.days if day.opened.relevant]


def follow(services: Services, patient: Published) -> Followed:
    """One patient now and at every visit. A record that is refused says so and has no calls."""
    followed = Followed(patient.name)
    try:
        followed.now = _ask(services, patient.document, "patient-view", NOW, frozenset())
    except RequestError as error:
        followed.refused = f"{error.status}: {error.issues[0].text}"
        return followed
    followed.days = [_day(services, visit) for visit in visits(patient.resources)]
    return followed


def _day(services: Services, visit: Visit) -> Day:
    now = datetime.fromisoformat(f"{visit.day}T23:59:00+00:00")
    drafts = {order.get("id") for order in visit.orders}
    before = [resource for resource in visit.chart if resource.get("id") not in drafts]
    ordered = [_ask(services, [*before, *visit.orders], hook, now, "all") for hook in ORDER_HOOKS if visit.orders]
    return Day(visit.day, _ask(services, list(visit.chart), "patient-view", now, "all"), tuple(ordered))


def _ask(
    services: Services, document: Any, hook: str, now: datetime, complete: frozenset[str] | Literal["all"]
) -> Shown:
    answered = answer_bundle(services, document, BundleQuestion(hook, now, complete=complete))
    relevant = answered.decision.findings[PROBLEM].status is Status.PRESENT
    cards = tuple((card["indicator"], _rules_with_card_at(card)) for card in answered.body["cards"])
    knowledge = services.prepared.knowledge
    return Shown(hook, relevant, cards, tuple(dict.fromkeys(map(knowledge.asks, answered.decision.not_assessed))))


def _rules_with_card_at(card: dict[str, Any]) -> tuple[str, ...]:
    why = card.get("extension", {}).get("sciatica-cds.why", {})
    return tuple(rule["id"] for rule in why.get("rules", ()) if "coveredBy" not in rule)


def unexplained(patients: Iterable[Followed]) -> Iterator[tuple[Followed, Shown]]:
    """Every call about a patient without a relevant problem that brought a card on opening the chart."""
    for patient in patients:
        if not patient.relevant:
            yield from ((patient, shown) for shown in patient.calls if shown.cards)


def speaking_most(shown: Iterable[tuple[str, Shown]]) -> list[tuple[str, int, int]]:
    """Each rule that spoke, with its number of calls and of patients, the busiest first."""
    calls: Counter[str] = Counter()
    patients: defaultdict[str, set[str]] = defaultdict(set)
    for name, call in shown:
        for rule in call.rules:
            calls[rule] += 1
            patients[rule].add(name)
    return [(rule, count, len(patients[rule])) for rule, count in calls.most_common()]


@dataclass(frozen=True)
class Repeat:
    """One rule over episodes of several visits: for how many patients it spoke at all, often, and at every visit."""

    rule: str
    ever: int
    often: int
    always: int


def repeats(patients: Sequence[Followed], *, least_visits: int = 3) -> tuple[int, list[Repeat]]:
    """The number of patients with an episode of several visits, and how each rule repeats over them."""
    counts: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    episodes = [patient.episode for patient in patients if len(patient.episode) >= least_visits]
    for episode in episodes:
        spoken = Counter(rule for day in episode for rule in day.opened.rules)
        for rule, times in spoken.items():
            counts[rule][0] += 1
            counts[rule][1] += 2 * times >= len(episode)
            counts[rule][2] += times == len(episode)
    ordered = sorted(counts.items(), key=lambda item: (-item[1][2], -item[1][1], -item[1][0], item[0]))
    return len(episodes), [Repeat(rule, *numbers) for rule, numbers in ordered]
