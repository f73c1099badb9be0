"""States at the limits: patients chosen by the solver so that every planted fault of a rule would be noticed.

Random states are a weak net. For each rule the solver names patients for whom it comes out otherwise than it would with
a fault in it; patients of different rules are then laid together where they do not contradict each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import z3

from service.finding import Finding
from service.knowledge.conditions import truth
from service.knowledge.model import Knowledge, Rule
from service.review.mutation import Mutant, mutants
from service.review.symbolic import Patients

State = dict[str, Finding]


def telling_states(knowledge: Knowledge, rules: Sequence[Rule]) -> list[State]:
    """Patients who tell these rules from each of their planted faults; facts not named may be anything."""
    planted = {rule.id: list(mutants(rule)) for rule in rules}
    patients = Patients(knowledge, None, [mutant.when for found in planted.values() for mutant in found])
    return _laid_together(state for rule in rules for state in _of_rule(patients, rule, planted[rule.id]))


def _of_rule(patients: Patients, rule: Rule, planted: Sequence[Mutant]) -> Iterator[State]:
    reads = rule.reads | {name for mutant in planted for name in mutant.mutated.reads}
    facts = sorted(patients.behind(reads) & set(patients.facts))
    solver = z3.Solver()
    solver.add(patients.constraints(reads))
    as_is = patients.surely(rule.when), patients.possibly(rule.when)
    waiting = [
        z3.Or(patients.surely(mutant.when) != as_is[0], patients.possibly(mutant.when) != as_is[1])
        for mutant in planted
    ]
    while waiting:
        solver.push()
        solver.add(waiting[0])
        left = []
        found = solver.check() == z3.sat
        # One patient shows as many faults as can be shown at once.
        for differs in waiting[1:] if found else ():
            if solver.check(differs) == z3.sat:
                solver.add(differs)
            else:
                left.append(differs)
        if found:
            solver.check()
            yield patients.witness(solver.model(), facts)
        solver.pop()
        waiting = left if found else waiting[1:]


def _laid_together(states: Iterable[State]) -> list[State]:
    together: list[State] = []
    for state in states:
        for one in together:
            if all(one.get(name, finding) == finding for name, finding in state.items()):
                one.update(state)
                break
        else:
            together.append(dict(state))
    return together


def noticed(rule: Rule, mutant: Mutant, findings: Sequence[Mapping[str, Finding]]) -> bool:
    """Whether the rule comes out otherwise with the planted fault in one of these states, conclusions closed."""
    return any(truth(rule.when, one) is not truth(mutant.when, one) for one in findings)
