"""How many cards a clinician would see, patient by patient and visit by visit."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from service.population.judging import NOT_ASSESSED
from service.population.run_folder import read_json
from service.population.tables import rows_of


@dataclass(frozen=True)
class Shown:
    """The cards of one call: indicator and the rules that speak on each (none on one that tells what was not done).

    ``again`` are those that remain when what was shown at an earlier visit is not said again. ``lacking`` says in the
    words of a card what kept a warning from being decided.
    """

    hook: str
    relevant: bool
    cards: tuple[tuple[str, tuple[str, ...]], ...]
    lacking: tuple[str, ...] = ()
    again: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def rules(self) -> tuple[str, ...]:
        """Every rule that speaks, each once; a card without a rule counts as ``(not assessed)``."""
        return rules_on(self.cards)

    @property
    def most_severe(self) -> str:
        ranks = ("info", "warning", "critical")
        return max((indicator for indicator, _ in self.cards), key=ranks.index)


def rules_on(cards: Iterable[tuple[str, tuple[str, ...]]]) -> tuple[str, ...]:
    """Every rule that speaks on some cards, each once; a card without a rule counts as ``(not assessed)``."""
    return tuple(dict.fromkeys(rule for _, rules in cards for rule in rules or (NOT_ASSESSED,)))


@dataclass(frozen=True)
class Day:
    """One visit of one patient: what opening the chart showed, and what choosing and signing the day's orders did."""

    day: str
    opened: Shown
    ordered: list[Shown] = field(default_factory=list)


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


def followed(out: Path) -> list[Followed]:
    """The patients of a run of ``sciatica-cds population --visits``, whose folder has the name of their set.

    A patient is called by the set and its id.
    """
    asks = {one["fact"]: one["asks"] for one in read_json(out / "summary.json")["missing"]}
    hook = read_json(out / "run.json")["hook"]
    cards: defaultdict[str, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
    for row in rows_of(out / "cards.parquet"):
        cards[row["patient"]].append((row["indicator"], tuple(row["rules"])))
    found: dict[str, Followed] = {}
    for row in rows_of(out / "decisions.parquet"):
        patient = found[row["patient"]] = Followed(f"{out.name}:{row['patient']}")
        if row["how"] == "refused":
            patient.refused = row["reason"]
        else:
            lacking = tuple(asks.get(fact, fact) for fact in row["notAssessed"])
            patient.now = Shown(hook, bool(row["concerned"]), tuple(cards[row["patient"]]), lacking)
    for row in rows_of(out / "visits.parquet"):
        _add_call(found[row["patient"]], row, hook)
    return list(found.values())


def _add_call(patient: Followed, row: dict[str, Any], opening: str) -> None:
    """Take in one call of a visit; opening the chart begins the day."""
    cards, again = (
        tuple((card["indicator"], tuple(card["rules"])) for card in row[name]) for name in ("cards", "shown")
    )
    shown = Shown(row["hook"], row["concerned"], cards, tuple(row["notKnown"]), again)
    if row["hook"] == opening:
        patient.days.append(Day(row["day"], shown))
    else:
        patient.days[-1].ordered.append(shown)


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
    """One rule over episodes of several visits: for how many patients it spoke at all, often, and at every visit.

    The same of what was shown with the memory of earlier visits: ``again_often``, ``again_always``.
    """

    rule: str
    ever: int
    often: int
    always: int
    again_often: int = 0
    again_always: int = 0


def repeats(patients: Sequence[Followed], *, least_visits: int = 3) -> tuple[int, list[Repeat]]:
    """The number of patients with an episode of several visits, and how each rule repeats over them."""
    counts: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    episodes = [patient.episode for patient in patients if len(patient.episode) >= least_visits]
    for episode in episodes:
        spoken = Counter(rule for day in episode for rule in day.opened.rules)
        again = Counter(rule for day in episode for rule in rules_on(day.opened.again))
        for rule, times in spoken.items():
            counts[rule][0] += 1
            counts[rule][1] += 2 * times >= len(episode)
            counts[rule][2] += times == len(episode)
            counts[rule][3] += 2 * again[rule] >= len(episode)
            counts[rule][4] += again[rule] == len(episode)
    ordered = sorted(counts.items(), key=lambda item: (-item[1][2], -item[1][1], -item[1][0], item[0]))
    return len(episodes), [Repeat(rule, *numbers) for rule, numbers in ordered]
