"""Sides: two rule sets as formulas over the same facts.

A fact of the same name is one symbol for both sides. A conclusion is one symbol too where it is drawn alike for every
patient, in the same words or by proof; only the others have a symbol for each side. So what did not change is the same
formula, and nothing has to be asked about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import z3

from service.engine.patterns import PRESENT, Scale
from service.knowledge.model import Condition, FactDefinition, Knowledge, Rule
from service.review.ordered import Ordered, constrain
from service.review.symbolic import Patients, Symbol


class UndecidedError(RuntimeError):
    """The solver gave up on a question."""


class After(Patients):
    """The second rule set, over the symbols of the first."""

    def __init__(self, knowledge: Knowledge, before: Patients, extra: Iterable[Condition]) -> None:
        self.before = before
        self.drawn_alike: set[str] = set()
        self.proved_alike: set[str] = set()
        self.drawn_otherwise: list[str] = []
        super().__init__(knowledge, None, extra)

    def _add_fact(self, name: str) -> None:
        super()._add_fact(name)
        if name in self.before.knowledge.facts:
            self._bounds[name] = self.before.constraints([name])

    def _add_conclusions(self, stratum: Sequence[Rule]) -> None:
        super()._add_conclusions(stratum)
        for name in dict.fromkeys(rule.concludes for rule in stratum if rule.concludes is not None):
            self._settle(name)

    def _settle(self, name: str) -> None:
        """Give the conclusion the symbol of the first side where both draw it alike, else one of its own."""
        if name in self.before.concluding:
            own, other = self._definitions[name], dict(self.before.definitions())[name]
            # Both are written over the same symbol here, so the same formula is the same definition.
            if own.eq(other) or self._is_proved_alike(name):
                self.drawn_alike.add(name)
                if not own.eq(other):
                    self.proved_alike.add(name)
                return
        status = Ordered(f"{name}.status after", PRESENT)
        shared = self._symbols[name]
        self._definitions[name] = z3.substitute(self._definitions[name], *shared.status.instead(status))
        self._symbols[name] = Symbol(status, shared.low, shared.high)
        if name in self.before.concluding:
            self.drawn_otherwise.append(name)

    def _is_proved_alike(self, name: str) -> bool:
        shared = self._symbols[name].status
        status = Ordered(f"{name}.status asked", PRESENT)
        solver = z3.Solver()
        constrain(solver, *self.before.constraints([name]))
        constrain(solver, *(one for one in self.constraints([name]) if not one.eq(self._definitions[name])))
        asked = z3.substitute(self._definitions[name], *shared.instead(status))
        constrain(solver, asked, z3.Not(shared.is_same_as(status)))
        return not has_patient(solver)

    def constraints(self, names: Iterable[str]) -> list[z3.BoolRef]:
        """What ties these findings to all they depend on; a conclusion drawn alike is defined by the first side."""
        names = self.behind(names)
        own = [name for name in names if name not in self.drawn_alike]
        found = [one for name in sorted(own) for one in self._ties(name)]
        return _once([*found, *self.before.constraints(name for name in names if name in self.drawn_alike)])

    def _ties(self, name: str) -> list[z3.BoolRef]:
        return [self._definitions[name]] if name in self._definitions else self._bounds[name]


@dataclass(frozen=True, slots=True)
class Sides:
    """Two rule sets over the same facts."""

    before: Patients
    after: After

    @property
    def facts(self) -> frozenset[str]:
        """The facts that are facts to both sides."""
        return frozenset(self.before.facts) & frozenset(self.after.facts)

    def constraints(self, before: Iterable[str], after: Iterable[str]) -> list[z3.BoolRef]:
        """What ties the findings that each side reads to the facts."""
        return _once([*self.before.constraints(before), *self.after.constraints(after)])

    def facts_behind(self, before: Iterable[str], after: Iterable[str]) -> list[str]:
        """The facts under these findings, of either side, by name."""
        names = self.before.behind(before) | self.after.behind(after)
        return sorted(name for name in names if name in self.before.facts or name in self.after.facts)

    def side_of(self, fact: str) -> Patients:
        """The side that knows a fact: the second where both do."""
        return self.after if fact in self.after.knowledge.facts else self.before

    def definition(self, fact: str) -> FactDefinition:
        """How a fact is read: by the second rule set where both read it."""
        return self.side_of(fact).knowledge.facts[fact]

    def scale(self, name: str) -> Scale | None:
        """The limits that rules of either side compare a number with; None for a finding without."""
        return self.before.scales.get(name)


def two_sides(before: Knowledge, after: Knowledge) -> Sides:
    """Both rule sets as formulas. Conclusions that changed are settled by the solver on the way."""
    conditions = [rule.when for rule in before.rules], [rule.when for rule in after.rules]
    first = Patients(before, None, conditions[1])
    for name, fact in before.facts.items():
        other = after.facts.get(name)
        if other is not None and other.kind is not fact.kind:
            first.allow_every_state(name)
    second = After(after, first, conditions[0])
    return Sides(first, second)


def has_patient(solver: z3.Solver, *also: z3.BoolRef) -> bool:
    """Whether all that the solver holds can be true of a patient. Raises UndecidedError when the solver gave up."""
    answer = solver.check(*also)
    if answer == z3.unknown:
        raise UndecidedError("the solver gave up; the question is not decided")
    return bool(answer == z3.sat)


def _once(formulas: Iterable[z3.BoolRef]) -> list[z3.BoolRef]:
    return list({formula.get_id(): formula for formula in formulas}.values())
