"""The encoding in use answers as the earlier one does, on every hook of the shipped rules."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from service.engine.chaining import Program
from service.engine.patterns import grouped, scales_of, terms
from service.finding import Finding, Status
from service.knowledge.model import Knowledge, Rule
from service.knowledge.strata import rules_for
from tests.unit.engine.joined_encoding import PATTERNS_PER_RULE, JoinedProgram

HOOKS = ("patient-view", "order-select", "order-sign", "encounter-start", "medication-refill")
# Weights of absent, unknown, present: a plain patient, an even one, a very ill one.
MIXTURES = ((8, 2, 1), (1, 1, 1), (2, 1, 4))


def is_too_wide(rule: Rule) -> bool:
    """Whether a rule reads more findings at once than the earlier encoding can join."""
    scales = scales_of([rule.when])
    return any(len(grouped(term, scales, possibly=False)) > PATTERNS_PER_RULE for term in terms(rule.when))


def test_nearly_every_rule_can_be_compared(knowledge: Knowledge) -> None:
    wide = [rule for rule in knowledge.rules if is_too_wide(rule)]
    assert len({rule.at.partition(":")[0] for rule in wide}) <= 3, "the variants of three rule files at most"
    assert all(rule.concludes is None for rule in wide), "a conclusion left out would change what others see"


@pytest.mark.parametrize("hook", HOOKS)
def test_boundary_patients_come_out_alike_in_both_encodings(knowledge: Knowledge, hook: str) -> None:
    program = Program([rule for rule in rules_for(knowledge, hook) if not is_too_wide(rule)])
    joined = JoinedProgram(program.rules)
    scales = scales_of([rule.when for rule in program.rules])
    names = sorted({name for rule in program.rules for name in rule.reads} - set(program.concluding))
    draw = random.Random(f"{hook} 20261129")

    def state_of(name: str, weights: tuple[int, ...]) -> Finding:
        (status,) = draw.choices([Status.ABSENT, Status.UNKNOWN, Status.PRESENT], weights)
        if name not in scales or status is not Status.PRESENT:
            return Finding(name, status)
        near = [limit + step for limit in scales[name].limits for step in (Decimal(-1), Decimal(0), Decimal(1))]
        low, high = sorted(draw.choices(near, k=2))
        interval = draw.choice([(low, low), (low, high), (low, None), (None, high), (None, None)])
        return Finding(name, status, *interval)

    firings = 0
    for number in range(40):
        patient = {name: state_of(name, MIXTURES[number % len(MIXTURES)]) for name in names}
        chained, earlier = program.evaluate(patient), joined.evaluate(patient)
        assert (chained.fired, chained.conclusions) == (earlier.fired, earlier.conclusions)
        firings += chained.firings
    assert firings > 100, "patients that fire nothing compare nothing"
