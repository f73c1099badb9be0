"""The counts of the store as series by client and fact, with a number for every day."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from operator import sub

from service.record.sent_codes import READ
from service.review.radar.detection import Series
from service.store.radar import PATIENTS_OF_DAY, CodeCount, RadarDay

Three = tuple[int, int, int]
_NONE: Three = (0, 0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class SeenSince:
    """A code: its days with how many calls, and what it is called; of a code that is read it is how many patients."""

    type: str
    system: str
    code: str
    unit: str
    display: str | None
    calls: Mapping[date, int]

    @property
    def first(self) -> date:
        """The first day on which it was seen."""
        return min(self.calls)

    def between(self, begin: date, end: date) -> int:
        """In how many calls it was seen on the days from ``begin`` to ``end``, both included."""
        return sum(calls for day, calls in self.calls.items() if begin <= day <= end)


@dataclass
class Client:
    """What one client sent, by day: calls and findings by service, prefetch keys by state, rule sets, unused codes.

    ``gated`` are the calls in which nothing could be said, ``codes`` what nothing reads, ``read`` what is read, and
    ``patients`` how many of a day were looked at for codes.
    """

    name: str
    begin: date
    days: int
    calls: dict[str, list[int]] = field(default_factory=dict)
    gated: dict[str, list[int]] = field(default_factory=dict)
    findings: dict[str, dict[str, dict[int, Three]]] = field(default_factory=lambda: defaultdict(dict))
    prefetch: dict[str, dict[int, Counter[str]]] = field(default_factory=lambda: defaultdict(dict))
    rule_sets: dict[int, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))
    codes: list[SeenSince] = field(default_factory=list)
    read: list[SeenSince] = field(default_factory=list)
    patients: Mapping[date, int] = field(default_factory=dict)

    def day(self, index: int) -> date:
        """The day at an index."""
        return self.begin + timedelta(days=index)

    def sums(self, fact: str, states: Iterable[int]) -> tuple[int, int]:
        """Over all days and services: how often a fact was asked, and in how many calls it was in one of the states."""
        wanted = tuple(states)
        rows = [row for by_day in self.findings.get(fact, {}).values() for row in by_day.values()]
        return sum(map(sum, rows)), sum(row[state] for row in rows for state in wanted)

    def series(self, fact: str, states: Iterable[int]) -> Series:
        """How often a fact was asked, and in how many calls it was in one of these states (0 present, 1 absent)."""
        wanted = tuple(states)
        calls, positive = [], []
        for service in sorted(self.findings.get(fact, ())):
            by_day = self.findings[fact][service]
            rows = [by_day.get(index, _NONE) for index in range(self.days)]
            calls.append(tuple(map(sum, rows)))
            positive.append(tuple(sum(row[state] for state in wanted) for row in rows))
        return Series(tuple(calls), tuple(positive))

    def decided(self) -> Series:
        """How many calls there were, and in how many of them something could be said."""
        calls = tuple(tuple(self.calls[service]) for service in sorted(self.calls))
        gated = (self.gated.get(service, [0] * self.days) for service in sorted(self.calls))
        return Series(calls, tuple(tuple(map(sub, *pair)) for pair in zip(calls, gated, strict=True)))

    def totals(self, fact: str, begin: int, end: int) -> Three:
        """Present, absent, unknown over all services, of days ``begin`` to before ``end``."""
        by_service = self.findings.get(fact, {}).values()
        rows = [row for by_day in by_service for index, row in by_day.items() if begin <= index < end]
        return sum(row[0] for row in rows), sum(row[1] for row in rows), sum(row[2] for row in rows)

    def arrived(self, key: str, begin: int, end: int) -> Counter[str]:
        """What arrived under a prefetch key, of days ``begin`` to before ``end``."""
        return sum((counts for index, counts in self.prefetch[key].items() if begin <= index < end), Counter())


def clients_of(days: Iterable[RadarDay], codes: Iterable[CodeCount], begin: date, today: date) -> list[Client]:
    """The counts from ``begin`` to ``today``, by client, in the order of their names."""
    found: dict[str, Client] = {}
    count = (today - begin).days + 1
    for row in days:
        index = (date.fromisoformat(row.day) - begin).days
        if not 0 <= index < count:
            continue
        client = found.setdefault(row.issuer, Client(row.issuer, begin, count))
        _add(client, row, index)
    for name, seen in _codes(codes).items():
        if name in found:
            of_read = [one for one in seen if one.unit == READ]
            found[name].codes = [one for one in seen if one.unit != READ]
            found[name].read = [one for one in of_read if one.type != PATIENTS_OF_DAY]
            found[name].patients = next((one.calls for one in of_read if one.type == PATIENTS_OF_DAY), {})
    return [found[name] for name in sorted(found)]


def _add(client: Client, row: RadarDay, index: int) -> None:
    client.calls.setdefault(row.service, [0] * client.days)[index] += row.calls
    client.gated.setdefault(row.service, [0] * client.days)[index] += row.gated
    client.rule_sets[index].add((row.ruleset, row.version))
    for name, (present, absent, unknown) in row.findings.items():
        if present or absent or unknown:
            of_service = client.findings[name].setdefault(row.service, {})
            one, two, three = of_service.get(index, _NONE)
            of_service[index] = (one + present, two + absent, three + unknown)
    for key, states in row.prefetch.items():
        client.prefetch[key].setdefault(index, Counter()).update(states)


def _codes(codes: Iterable[CodeCount]) -> dict[str, list[SeenSince]]:
    calls: dict[tuple[str, str, str, str, str], Counter[date]] = {}
    names: dict[tuple[str, ...], str] = {}
    for one in codes:
        key = (one.key.issuer, one.key.type, one.key.system, one.key.code, one.key.unit)
        calls.setdefault(key, Counter())[date.fromisoformat(one.key.day)] += one.calls
        if one.display:
            names[key] = one.display
    found: dict[str, list[SeenSince]] = {}
    for key, by_day in calls.items():
        issuer, kind, system, code, unit = key
        found.setdefault(issuer, []).append(SeenSince(kind, system, code, unit, names.get(key), by_day))
    return found
