"""Codes that came or went, of one client.

Codes that no fact reads, by the day on which they appeared: when a fact goes and one comes, it was renamed. Codes that
facts are read from and that no longer come, also where a fact is still known from others.

Of one code it is counted on how many patients of a day it was seen, so that a patient who is asked about five times
proves no more than one. A code is gone when none of the patients of some days has it, and that is not by chance.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from service.knowledge.model import FactDefinition, Knowledge, types_read
from service.record.chart.matcher import Matcher
from service.record.medication.entry import MEDICATION_TYPES
from service.review.radar.counts import Client, SeenSince
from service.review.radar.detection import BASELINE, Came, Series, Shift, chance_of_none

# Of one code there is at most one test a day, and only while it is away: with this chance no published clinic had more
# than 0.2 false alarms in a thousand months of a code (benchmarks/radar.py).
ALPHA = 5e-4
_FEWEST_DAYS = 8
_FEWEST_BEFORE = 100
# Another code of the same meaning took its place when it stands for so much of what was lost, and was at most half as
# frequent before.
_PART, _AT_LEAST = 0.5, 2.0
# A code counts as new when a client had not sent it for so many days of calls that were counted.
_KNOWN_FOR = 7
# It may have come a day before the fact was seen to go, and stands for at least ``_PART`` of what was lost.
_SLACK = 1


@dataclass(frozen=True, slots=True)
class Gone:
    """A code that no longer comes, since when, and the facts that are read from it, by their names."""

    code: SeenSince
    shift: Shift
    facts: tuple[FactDefinition, ...]


def gone_codes(knowledge: Knowledge, client: Client, first: int) -> Iterator[Gone]:
    """The codes of one client that were found to be gone on day ``first`` or later, in the order of their names."""
    meaning = _Meaning(knowledge)
    patients = [client.patients.get(client.day(index), 0) for index in range(client.days)]
    series = {code: [code.calls.get(client.day(index), 0) for index in range(client.days)] for code in client.read}
    for code in sorted(client.read, key=lambda one: (one.type, one.system, one.code)):
        for shift in absences(patients, series[code], first):
            others = (one for one in client.read if one is not code and one.type == code.type)
            heirs = [other for other in others if _took_its_place(patients, series[other], shift)]
            replaced = any(not meaning.of(code).isdisjoint(meaning.of(other)) for other in heirs)
            facts = () if replaced else meaning.facts(code)
            if facts:
                yield Gone(code, shift, facts)


def absences(patients: list[int], seen: list[int], first: int) -> Iterator[Shift]:
    """The times in which none of the patients had a code, found on day ``first`` or later, by more than chance."""
    begin = 0
    for day, positive in enumerate(seen):
        if positive or begin > day:
            begin = max(begin, day + 1)
        elif day >= first and begin and _is_gone(patients, seen, begin, day + 1):
            back = next((later for later in range(day + 1, len(seen)) if seen[later]), None)
            begin_before = max(0, begin - BASELINE)
            before = sum(seen[begin_before:begin]) / sum(patients[begin_before:begin])
            yield Shift(begin, day, before, 0.0, sum(patients[begin : back or len(seen)]), back)
            begin = len(seen) if back is None else back + 1


def _is_gone(patients: list[int], seen: list[int], begin: int, end: int) -> bool:
    start = max(0, begin - BASELINE)
    before, positive, since = sum(patients[start:begin]), sum(seen[start:begin]), sum(patients[begin:end])
    days = sum(number > 0 for number in patients[start:begin])
    # With fewer expected than this none is no wonder, whatever the rest: most codes end here.
    if days < _FEWEST_DAYS or before < _FEWEST_BEFORE or positive * since < -math.log(ALPHA) * before:
        return False
    return chance_of_none(Series((tuple(patients),), (tuple(seen),)), start, begin, end) < ALPHA


def _took_its_place(patients: list[int], seen: list[int], shift: Shift) -> bool:
    start, end = max(0, shift.since - BASELINE), shift.found + 1
    came = sum(patients[shift.since : end])
    usual = came * sum(seen[start : shift.since]) / sum(patients[start : shift.since])
    now = sum(seen[shift.since : end])
    return now >= _AT_LEAST * usual and now - usual >= _PART * came * shift.before


class _Meaning:
    """What codes stand for: value sets, classes and ingredients. The matcher is made when the first code is gone."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._matcher: Matcher | None = None
        self._known: dict[SeenSince, frozenset[str]] = {}

    def of(self, code: SeenSince) -> frozenset[str]:
        """The value sets of a code; of a drug its classes and ingredients."""
        found = self._known.get(code)
        if found is None:
            found = self._known[code] = self._looked_up(code)
        return found

    def facts(self, code: SeenSince) -> tuple[FactDefinition, ...]:
        """The facts that are read from a code, in the order of their names."""
        facts = (fact for _, fact in sorted(self._knowledge.facts.items()) if code.type in types_read(fact))
        return tuple(fact for fact in facts if not self.of(code).isdisjoint(_asked(fact, code.type)))

    def _looked_up(self, code: SeenSince) -> frozenset[str]:
        if self._matcher is None:
            self._matcher = Matcher(self._knowledge, ())
        coding = {"system": code.system, "code": code.code, "display": code.display or ""}
        if code.type not in MEDICATION_TYPES:
            return frozenset(self._matcher.index.match({"coding": [coding]}).sets)
        drug = self._matcher.drugs.recognise_concept({"coding": [coding]})
        return drug.classes | {one.name for one in drug.ingredients}


def _asked(fact: FactDefinition, type_: str) -> frozenset[str]:
    of_sources = (name for source in fact.sources if source.resource == type_ for name in source.codes)
    return frozenset((*of_sources, *fact.codes, *fact.classes))


class Appeared:
    """The new codes of one client, each with the calls it was seen in, summed up by day."""

    def __init__(self, client: Client) -> None:
        self._by_type: dict[str, list[tuple[int, list[int]]]] = {}
        for seen in client.codes:
            first = (seen.first - client.begin).days
            if first < _KNOWN_FOR or seen.unit:
                continue
            by_day = [0] * client.days
            for day, calls in seen.calls.items():
                by_day[(day - client.begin).days] += calls
            self._by_type.setdefault(seen.type, []).append((first, [0, *accumulate(by_day)]))

    def of(self, types: Iterable[str]) -> Came:
        """Whether in a window a code of these resource types appeared that stands for what was lost in it."""
        codes = [code for name in types for code in self._by_type.get(name, ())]

        def came(begin: int, end: int, lost: float) -> bool:
            return any(
                begin - _SLACK <= first < end and sums[end] - sums[begin] >= _PART * lost for first, sums in codes
            )

        return came
