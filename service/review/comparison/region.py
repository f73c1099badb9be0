"""Region: which patients a difference concerns, finding by finding.

For every finding that the difference rests on, the states and numbers it can have among these patients are found by
asking; a finding that can be anything says nothing and is left out. What is left holds for all these patients.
``exact`` says that it holds for nobody else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import z3

from service.engine.patterns import ABSENT, PRESENT, STATUS_NUMBER, UNKNOWN, Scale
from service.finding import Status
from service.review.comparison.sides import Sides, has_patient
from service.review.ordered import Values, all_of, any_of, constrain, no
from service.review.symbolic import Symbol

_STATUS = {number: status for status, number in STATUS_NUMBER.items()}
# What a finding is in a patient: its status, and where numbers matter the rank of its number.
_State = tuple[int, int]
_NO_RANK = -1


@dataclass(frozen=True, slots=True)
class Span:
    """Values in a row, from ``low`` to ``high``; None is no limit. The flags say whether a limit belongs to them."""

    low: Decimal | None
    with_low: bool
    high: Decimal | None
    with_high: bool


@dataclass(frozen=True, slots=True)
class Term:
    """What is true of one finding in all patients of a region: one of these states, a number in one of these spans."""

    finding: str
    statuses: tuple[Status, ...]
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Region:
    """The patients whom a difference concerns: every term is true of them; ``exact``: and of nobody else.

    ``by_range`` says that the difference shows only where a number is known as a range and not exactly.
    """

    terms: tuple[Term, ...]
    exact: bool
    by_range: bool = False


class Words:
    """The findings of two rule sets with the states each can have, as formulas. Built once for all questions."""

    def __init__(self, sides: Sides) -> None:
        self._sides = sides
        self._literals: dict[str, dict[_State, z3.BoolRef]] = {}
        self._exact: dict[str, z3.BoolRef] = {}

    def scale(self, name: str) -> Scale | None:
        """The limits of a number; None for what is not compared with any."""
        return None if self._is_conclusion(name) else self._sides.scale(name)

    def symbol(self, name: str) -> Symbol:
        """The symbol of a fact, or of a conclusion as the second rule set draws it."""
        after = self._sides.after
        known = name in after.concluding or (name in after.facts and name not in self._sides.before.concluding)
        return (after if known else self._sides.before).symbol(name)

    def states(self, name: str) -> Mapping[_State, z3.BoolRef]:
        """Every state the finding can have in some patient, with the formula that it has it."""
        if name not in self._literals:
            symbol = self.symbol(name)
            self._literals[name] = {state: _is(symbol, state) for state in self._possible(name)}
        return self._literals[name]

    def exactly_known(self, name: str) -> z3.BoolRef:
        """The number of the finding, if it has one, is known exactly."""
        if name not in self._exact:
            symbol = self.symbol(name)
            self._exact[name] = any_of([symbol.status.is_not(PRESENT), symbol.low.is_same_as(symbol.high)])
        return self._exact[name]

    def _is_conclusion(self, name: str) -> bool:
        return name in self._sides.after.concluding or name in self._sides.before.concluding

    def _possible(self, name: str) -> Iterator[_State]:
        scale = self.scale(name)
        never = () if self._is_conclusion(name) else self._sides.side_of(name).never(name)
        for status in (ABSENT, UNKNOWN, PRESENT):
            if status == PRESENT and scale is not None:
                yield from ((PRESENT, rank) for rank in range(scale.lowest, scale.highest + 1))
            elif status not in never:
                yield status, _NO_RANK


class Asked:
    """A formula with a patient, and the findings in whose words its region is told.

    ``solver`` holds what ties the findings together; it is given back as it was.
    """

    def __init__(self, words: Words, solver: z3.Solver, formula: z3.BoolRef, findings: Sequence[str]) -> None:
        self._words = words
        self._solver = solver
        self._formula = formula
        self._names = tuple(findings)
        self._exactly = all_of([words.exactly_known(name) for name in findings if words.scale(name) is not None])

    def region(self) -> Region:
        """The region of all patients of whom the formula is true."""
        by_range = not self._has_patient(self._exactly)
        met = self._met(() if by_range else (self._exactly,))
        terms = {name: states for name, states in met.items() if len(states) < len(self._words.states(name))}
        exact = not by_range and not self._has_patient_outside(terms)
        return Region(tuple(self._term(name, states) for name, states in terms.items()), exact, by_range)

    def _has_patient(self, *also: z3.BoolRef) -> bool:
        return has_patient(self._solver, self._formula, *also)

    def _has_patient_outside(self, terms: Mapping[str, set[_State]]) -> bool:
        """Whether all that is told is true of a patient of whom the formula is not."""
        inside = [any_of([self._words.states(name)[state] for state in states]) for name, states in terms.items()]
        return has_patient(self._solver, no(self._formula), self._exactly, *inside)

    def _met(self, also: Sequence[z3.BoolRef]) -> dict[str, set[_State]]:
        """For every finding the states it has in some patient; each answer is asked for one that is new."""
        met: dict[str, set[_State]] = {name: set() for name in self._names}
        unseen = {name: dict(self._words.states(name)) for name in self._names}
        self._solver.push()
        constrain(self._solver, self._formula, *also)
        wanted: tuple[z3.BoolRef, ...] = ()
        while unseen and has_patient(self._solver, *wanted):
            found = Values(self._solver.model())
            for name in tuple(unseen):
                for state in self._in(found, name):
                    met[name].add(state)
                    unseen[name].pop(state, None)
                if not unseen[name]:
                    del unseen[name]
            if unseen:
                wanted = (any_of([literal for states in unseen.values() for literal in states.values()]),)
        self._solver.pop()
        return met

    def _in(self, found: Values, name: str) -> Iterator[_State]:
        symbol = self._words.symbol(name)
        status = symbol.status.value(found)
        if status != PRESENT or self._words.scale(name) is None:
            yield status, _NO_RANK
            return
        yield from ((PRESENT, rank) for rank in range(symbol.low.value(found), symbol.high.value(found) + 1))

    def _term(self, name: str, states: set[_State]) -> Term:
        possible = self._words.states(name)
        met = dict.fromkeys(status for status, _ in possible if any(one == status for one, _ in states))
        statuses = tuple(_STATUS[status] for status in met)
        scale = self._words.scale(name)
        ranks = sorted(rank for status, rank in states if status == PRESENT)
        if scale is None or not ranks or len(ranks) == scale.highest - scale.lowest + 1:
            return Term(name, statuses)
        return Term(name, statuses, tuple(_spans(ranks, scale)))


def _is(symbol: Symbol, state: _State) -> z3.BoolRef:
    status, rank = state
    if rank == _NO_RANK:
        return symbol.status.is_(status)
    return all_of([symbol.status.is_(status), symbol.low.below(rank + 1), symbol.high.at_least(rank)])


def _spans(ranks: Sequence[int], scale: Scale) -> Iterator[Span]:
    """The runs of ranks as numbers: an odd rank is a limit itself, an even one lies between two."""
    start = ranks[0]
    for rank, following in zip(ranks, [*ranks[1:], None], strict=True):
        if following == rank + 1:
            continue
        low, high = start // 2 if start % 2 else start // 2 - 1, rank // 2
        yield Span(
            low=scale.limits[low] if low >= 0 else None,
            with_low=start % 2 == 1,
            high=scale.limits[high] if high < len(scale.limits) else None,
            with_high=rank % 2 == 1,
        )
        if following is not None:
            start = following
