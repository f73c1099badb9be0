"""Tests of a condition that make no difference to it, for any patient."""

from __future__ import annotations

from collections.abc import Iterator

import z3

from service.knowledge.model import AllOf, Condition, Leaf, Rule
from service.review.symbolic import Patients


def idle_leaves(patients: Patients, rule: Rule) -> Iterator[Leaf]:
    """Each test that could be left out without any patient getting another answer."""
    whole = patients.surely(rule.when)
    solver = z3.Solver()
    solver.add(*patients.constraints(rule.reads))
    for leaf, without in _without_one(patients, rule.when):
        solver.push()
        solver.add(whole != without)
        if solver.check() == z3.unsat:
            yield leaf
        solver.pop()


def _without_one(patients: Patients, condition: Condition) -> Iterator[tuple[Leaf, z3.BoolRef]]:
    """For every leaf the condition as it would read without that leaf."""
    if isinstance(condition, Leaf):
        return
    combine = z3.And if isinstance(condition, AllOf) else z3.Or
    for place, part in enumerate(condition.parts):
        others = [patients.surely(other) for number, other in enumerate(condition.parts) if number != place]
        if isinstance(part, Leaf):
            yield part, combine(others)
        else:
            for leaf, without in _without_one(patients, part):
                yield leaf, combine([*others, without])
