"""States at the limits: patients chosen by the solver so that every planted fault of a rule would be noticed.

Random states are a weak net. For each rule the solver names patients for whom it comes out otherwise than it would with
a fault in it; patients of different rules are then laid together where they do not contradict each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import z3

from service.finding import Finding
from service.knowledge.conditions import truth
from service.knowledge.model import Knowledge, Rule
from service.review.mutation import Mutant, mutants
from service.review.symbolic import Patients

State = dict[str, Finding]


@dataclass(frozen=True)
class Telling:
    """Patients who tell rules from their planted faults, and the faults that no patient tells, by rule and fault."""

    states: tuple[State, ...]
    equivalent: frozenset[tuple[str, str]]


def telling_states(knowledge: Knowledge, rules: Sequence[Rule]) -> Telling:
    """Patients who tell these rules from each of their planted faults; facts not named may be anything."""
    made_mutants = {rule.id: list(mutants(rule)) for rule in rules}
    patients = Patients(knowledge, None, [mutant.when for found in made_mutants.values() for mutant in found])
    equivalent: set[tuple[str, str]] = set()
    states = _laid_together(state for rule in rules for state in _of_rule(patients, made_mutants[rule.id], equivalent))
    return Telling(tuple(states), frozenset(equivalent))


def _of_rule(patients: Patients, made_mutants: Sequence[Mutant], equivalent: set[tuple[str, str]]) -> Iterator[State]:
    """The states of one rule; a fault that no patient tells is added to ``equivalent``."""
    reads = {name for mutant in made_mutants for name in mutant.mutated.reads | mutant.rule.reads}
    facts = sorted(patients.behind(reads) & set(patients.facts))
    solver = z3.Solver()
    solver.add(patients.constraints(reads))
    waiting = [(mutant, _differs(patients, mutant)) for mutant in made_mutants]
    while waiting:
        (first, differs), *others = waiting
        waiting = others
        solver.push()
        solver.add(differs)
        if solver.check() == z3.unsat:
            equivalent.add((first.rule.id, first.fault))
        else:
            waiting = []
            # One patient shows as many faults as can be shown at once.
            for mutant, also in others:
                if solver.check(also) == z3.sat:
                    solver.add(also)
                else:
                    waiting.append((mutant, also))
            solver.check()
            yield patients.witness(solver.model(), facts)
        solver.pop()


def _differs(patients: Patients, mutant: Mutant) -> z3.BoolRef:
    """The rule comes out otherwise with the fault."""
    now, then = mutant.when, mutant.rule.when
    return z3.Or(patients.surely(now) != patients.surely(then), patients.possibly(now) != patients.possibly(then))


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
