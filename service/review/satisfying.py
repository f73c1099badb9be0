"""Satisfying: a patient who says as little as possible and of whom a rule is true, found by the solver."""

from __future__ import annotations

from collections.abc import Mapping

import z3

from service.engine.patterns import STATUS_NUMBER
from service.finding import Finding, Status
from service.knowledge.model import Given, Knowledge, Rule
from service.review.symbolic import Patients

_MILLISECONDS = 20_000


def satisfying(
    knowledge: Knowledge, hook: str, rule: Rule, given: Mapping[str, Given], usual: Mapping[str, Finding]
) -> dict[str, Given] | None:
    """States of facts under which the rule is true and what is ``given`` holds; as few as can be differ from ``usual``.

    ``given`` may name facts and conclusions. Only facts that differ, or are given, are in the answer. None when there
    is no such patient, or none was found in time.
    """
    patients = Patients(knowledge, hook)
    known = {name: one for name, one in given.items() if name in patients.facts or name in patients.concluding}
    facts = sorted(patients.behind([*rule.reads, *known]) & set(patients.facts))
    solver = z3.Optimize()
    solver.set("timeout", _MILLISECONDS)
    solver.add(patients.constraints([*rule.reads, *known]))
    solver.add(patients.surely(rule.when))
    for name, one in known.items():
        solver.add(patients.symbol(name).status == STATUS_NUMBER[Status(one.status)])
        solver.add(_holds_number(patients, name, one))
    for name in facts:
        solver.add_soft(patients.symbol(name).status == STATUS_NUMBER[usual[name].status])
    if solver.check() != z3.sat:
        return None
    found = patients.witness(solver.model(), facts)
    states = {name: given[name] for name in given if name in found}
    for name, finding in found.items():
        if name not in states and finding.status is not usual[name].status:
            states[name] = Given(finding.status.value, finding.low, finding.high)
    return states


def _holds_number(patients: Patients, name: str, given: Given) -> z3.BoolRef:
    """The number of a fact lies among the limits of the rules where it is given."""
    scale = patients.scales.get(name)
    if scale is None or given.status != Status.PRESENT or name not in patients.facts:
        return z3.And([])
    low, high = scale.interval(Finding(name, Status.PRESENT, given.low, given.high))
    symbol = patients.symbol(name)
    return z3.And(symbol.low == low, symbol.high == high)
