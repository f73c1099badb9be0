"""Satisfying: a patient who says as little as possible and of whom a rule is true, found by the solver."""

from __future__ import annotations

from collections.abc import Mapping

import z3

from service.engine.patterns import STATUS_NUMBER
from service.finding import Finding, Status
from service.knowledge.conditions import Truth
from service.knowledge.model import Given, Rule
from service.review.symbolic import Patients

_MILLISECONDS = 20_000


def satisfying(
    patients: Patients, rule: Rule, truth: Truth, given: Mapping[str, Given], usual: Mapping[str, Finding]
) -> dict[str, Given] | None:
    """States of facts under which the rule comes to ``truth`` and ``given`` holds, as few as can be not as ``usual``.

    ``given`` may name facts and conclusions. Only facts that differ, or are given, are in the answer. None when there
    is no such patient, or none was found in time.
    """
    known = {name: one for name, one in given.items() if name in patients.facts or name in patients.concluding}
    facts = sorted(patients.behind([*rule.reads, *known]) & set(patients.facts))
    solver = z3.Optimize()
    solver.set("timeout", _MILLISECONDS)
    solver.add(patients.constraints([*rule.reads, *known]))
    solver.add(_comes_to(patients, rule, truth))
    for name, one in known.items():
        solver.add(patients.symbol(name).status.is_(STATUS_NUMBER[Status(one.status)]))
        solver.add(_holds_number(patients, name, one))
    for name in facts:
        solver.add_soft(patients.symbol(name).status.is_(STATUS_NUMBER[usual[name].status]))
    if solver.check() != z3.sat:
        return None
    found = patients.witness(solver.model(), facts)
    states = {name: given[name] for name in given if name in found}
    for name, finding in found.items():
        if name not in states and finding.status is not usual[name].status:
            states[name] = Given(finding.status.value, finding.low, finding.high)
    return states


def _comes_to(patients: Patients, rule: Rule, truth: Truth) -> z3.BoolRef:
    if truth is Truth.TRUE:
        return patients.surely(rule.when)
    possibly = patients.possibly(rule.when)
    return z3.Not(possibly) if truth is Truth.FALSE else z3.And(possibly, z3.Not(patients.surely(rule.when)))


def _holds_number(patients: Patients, name: str, given: Given) -> z3.BoolRef:
    """The number of a fact lies among the limits of the rules where it is given."""
    scale = patients.scales.get(name)
    if scale is None or given.status != Status.PRESENT or name not in patients.facts:
        return z3.And([])
    low, high = scale.interval(Finding(name, Status.PRESENT, given.low, given.high))
    symbol = patients.symbol(name)
    return z3.And(symbol.low.is_(low), symbol.high.is_(high))
