"""Laws of a comparison on the shipped rules: what is proved the same is the same for random patients, both ways round.

Every planted fault is a second rule set. ``make compare-laws`` tries every fault and more than 100,000 patients, the
usual run some faults and some thousand patients.
"""

from __future__ import annotations

import os
import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain, islice

import pytest

from service.engine.trace import read_plainly
from service.finding import Finding, Status
from service.knowledge.conditions import Truth
from service.knowledge.model import Knowledge, Rule, leaves, possible_states
from service.knowledge.strata import concluding_rules, stratify
from service.review.comparison.comparing import compare
from service.review.comparison.model import ChangeClass, Comparison, Direction
from service.review.mutation import Mutant, mutants
from tests.unit.review.comparison.small_rules import changed, shipped

WHOLE = os.environ.get("COMPARE_LAWS") == "all"
FAULTS = 5
PATIENTS = 20 if WHOLE else 400

MIRRORED = {
    Direction.SHOWN_NEWLY: Direction.NO_LONGER_SHOWN,
    Direction.NO_LONGER_SHOWN: Direction.SHOWN_NEWLY,
    Direction.UNDECIDED_NEWLY: Direction.NO_LONGER_UNDECIDED,
    Direction.NO_LONGER_UNDECIDED: Direction.UNDECIDED_NEWLY,
}


def faults() -> Sequence[Mutant]:
    every = [mutant for rule in shipped().rules for mutant in mutants(rule)]
    return every if WHOLE else random.Random(7).sample(every, FAULTS)


def reached(knowledge: Knowledge, rules: Collection[str]) -> list[Rule]:
    """These rules, their families and the rules that draw what they rest on, in their order."""
    drawing = concluding_rules(knowledge.rules)
    families = {rule.family for rule in knowledge.rules if rule.id in rules and rule.family is not None}
    found = {rule.id: rule for rule in knowledge.rules if rule.id in rules or rule.family in families}
    waiting = list(found.values())
    while waiting:
        for name in waiting.pop().reads:
            for rule in drawing.get(name, ()):
                if rule.id not in found:
                    found[rule.id] = rule
                    waiting.append(rule)
    return [rule for rule in knowledge.rules if rule.id in found]


def some_patients(knowledge: Knowledge, rules: Sequence[Rule], chance: random.Random) -> Iterator[dict[str, Finding]]:
    """Patients with the facts that these rules read; numbers at, just below and just above the limits of the rules."""
    limits: dict[str, set[Decimal]] = {}
    for leaf in (leaf for rule in rules for leaf in leaves(rule.when)):
        limits.setdefault(leaf.finding, set()).update(leaf.limits() if leaf.is_comparison else ())
    facts = {name: sorted(possible_states(knowledge.facts[name])) for name in limits if name in knowledge.facts}
    near = {
        name: [limit + step for limit in sorted(found) for step in (Decimal("-0.1"), Decimal(0), Decimal("0.1"))]
        for name, found in limits.items()
    }
    while True:
        patient = {}
        for name, states in facts.items():
            status = chance.choice(states)
            value = chance.choice(near[name]) if status is Status.PRESENT and near[name] else None
            patient[name] = Finding(name, status, value, value)
        yield patient


@dataclass(frozen=True)
class Side:
    """Some rules of one rule set, and for each those of its family that are shown in its place when they hold."""

    strata: Sequence[Sequence[Rule]]
    kin: Sequence[tuple[Rule, Sequence[Rule]]]

    @classmethod
    def of(cls, rules: Sequence[Rule]) -> Side:
        strata = stratify(rules)
        ranked = [(rule, (*rule.precedence, place)) for place, rule in enumerate(chain.from_iterable(strata))]
        return cls(
            strata,
            [
                (rule, [one for one, other in ranked if rule.family and one.family == rule.family and other < rank])
                for rule, rank in ranked
            ],
        )

    def result(self, patient: Mapping[str, Finding]) -> dict[tuple[str, str], str]:
        """For each rule at each hook whether its card is shown or undecided, and how every conclusion is drawn."""
        reading = read_plainly(self.strata, patient)
        found = {(name, "drawn"): status.value for name, status in reading.conclusions.items()}
        for rule, kin in self.kin:
            truth = reading.truths[rule.id]
            for hook in rule.hooks if rule.card else ():
                covered = any(reading.truths[one.id] is Truth.TRUE and hook in one.hooks for one in kin)
                found[rule.id, hook] = "silent" if covered and truth is Truth.TRUE else truth.value
        return found


def counterparts(comparison: Comparison) -> dict[str, ChangeClass]:
    return {rule.id: rule.change_class for rule in comparison.rules}


@pytest.mark.timeout(20_000 if WHOLE else 120)
def test_what_is_proved_the_same_is_the_same_for_random_patients() -> None:
    chance = random.Random(7)
    tried = differing = 0
    for mutant in faults():
        after = changed(shipped(), mutant.rule.id, lambda _, mutant=mutant: mutant.mutated)
        comparison = compare(shipped(), after)
        same = [rule for rule in comparison.rules if rule.change_class is ChangeClass.PROVED_SAME]
        differing += comparison.differs
        asked = [mutant.rule.id, *(rule.id for rule in same)]
        rules = [*reached(shipped(), asked), *reached(after, asked)]
        sides = [Side.of(reached(knowledge, asked)) for knowledge in (shipped(), after)]
        alike = {rule.rule.concludes or rule.id for rule in same}
        if not comparison.conclusions:
            alike.add(mutant.rule.concludes)
        for patient in islice(some_patients(shipped(), rules, chance), PATIENTS):
            before, now = (side.result(patient) for side in sides)
            other = {key for key in before.keys() | now.keys() if before.get(key) != now.get(key)}
            assert {key for key in other if key[0] in alike} == set(), mutant.fault
            tried += 1
    assert differing
    assert tried >= (100_000 if WHOLE else FAULTS * PATIENTS)


@pytest.mark.timeout(20_000 if WHOLE else 120)
def test_the_other_way_round_every_difference_is_the_mirror_image() -> None:
    for mutant in faults()[::20] if WHOLE else faults()[:1]:
        after = changed(shipped(), mutant.rule.id, lambda _, mutant=mutant: mutant.mutated)
        there, back = compare(shipped(), after), compare(after, shipped())
        assert counterparts(there) == counterparts(back)
        mirrored = {rule.id: {one.direction for one in rule.differences} for rule in back.rules}
        for rule in there.rules:
            assert {MIRRORED[one.direction] for one in rule.differences} == mirrored[rule.id], mutant.fault
