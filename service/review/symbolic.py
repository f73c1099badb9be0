"""The rules as formulas over every possible patient, for proofs.

Each fact is an unknown of three states, each number an interval among the limits that the rules
use; so the formulas are about all patients at once, with whatever is missing from their records.
Conclusions are defined from their rules exactly as the engine closes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import z3

from service.engine.patterns import ABSENT, PRESENT, STATUS_NUMBER, UNKNOWN, Scale, scales_of, tests_of
from service.finding import Finding, Status
from service.knowledge.model import (
    AllOf,
    Condition,
    FactDefinition,
    Knowledge,
    Leaf,
    Rule,
    Word,
    leaves,
    possible_states,
)
from service.knowledge.strata import concluding_rules, rules_for, stratify
from service.review.ordered import Instead, Ordered, Values, alike, all_of, any_of, constrain

ABOUT_THE_RECORD = frozenset({Word.UNKNOWN, Word.NOT_PRESENT, Word.NOT_ABSENT})

# How many of the bounds of a fact hold for every fact; those of its own kind follow.
_STATES_OF_ANY_FACT = 3

_STATUS = {ABSENT: Status.ABSENT, UNKNOWN: Status.UNKNOWN, PRESENT: Status.PRESENT}


_COMPARE: Mapping[str, Callable[[Ordered, int], z3.BoolRef]] = {
    "$gte": lambda unknown, value: unknown.at_least(value),
    "$lte": lambda unknown, value: unknown.below(value + 1),
    "$gt": lambda unknown, value: unknown.at_least(value + 1),
    "$lt": lambda unknown, value: unknown.below(value),
}
# A conclusion is compared with no limit.
_NO_NUMBER = Ordered("no number", 0)


@dataclass(frozen=True, slots=True)
class Symbol:
    """One finding as unknowns: its status, and the ranks between which its number lies."""

    status: Ordered
    low: Ordered
    high: Ordered


class Patients:
    """All possible patients of one hook: the symbols of every finding and what ties them together."""

    def __init__(
        self, knowledge: Knowledge, hook: str | None, extra: Iterable[Condition] = (), prefix: str = ""
    ) -> None:
        """``extra`` are conditions of the questions to come: their limits are told apart and their conclusions drawn.

        Without a hook every rule of the rule set is a formula.
        """
        extra = tuple(extra)
        asked_for = {name for when in extra for name in _names(when)}
        self.knowledge = knowledge
        self.rules = knowledge.rules if hook is None else rules_for(knowledge, hook, asked_for)
        self.strata = stratify(self.rules)
        self.concluding = concluding_rules(self.rules)
        asked = [rule.when for rule in self.rules] + [*extra]
        self.scales: Mapping[str, Scale] = scales_of(asked)
        self._prefix = prefix
        self._symbols: dict[str, Symbol] = {}
        self.facts = tuple(sorted({name for when in asked for name in _names(when)} - set(self.concluding)))
        self._bounds: dict[str, list[z3.BoolRef]] = {}
        self._definitions: dict[str, z3.BoolRef] = {}
        for name in self.facts:
            self._add_fact(name)
        for stratum in self.strata:
            self._add_conclusions(stratum)

    def _add_fact(self, name: str) -> None:
        scale = self.scales.get(name, Scale(()))
        highest = {"status": PRESENT, "low": scale.highest, "high": scale.highest}
        symbol = Symbol(*(Ordered(f"{self._prefix}{name}.{part}", most) for part, most in highest.items()))
        self._symbols[name] = symbol
        open_number = all_of([symbol.low.is_(scale.lowest), symbol.high.is_(scale.highest)])
        self._bounds[name] = [
            symbol.status.in_a_row(),
            all_of([symbol.low.in_a_row(), symbol.high.in_a_row(), symbol.low.is_at_most(symbol.high)]),
            any_of([symbol.status.is_(PRESENT), open_number]),
        ]
        definition = self.knowledge.facts.get(name)
        if definition is not None:
            self._bounds[name] += [symbol.status.is_not(state) for state in _impossible(definition)]

    def _add_conclusions(self, stratum: Sequence[Rule]) -> None:
        concluded: dict[str, list[Rule]] = {}
        for rule in stratum:
            if rule.concludes is not None:
                concluded.setdefault(rule.concludes, []).append(rule)
        for name, rules in concluded.items():
            status = Ordered(f"{self._prefix}{name}.status", PRESENT)
            surely = any_of([self.surely(rule.when) for rule in rules])
            possibly = any_of([self.possibly(rule.when) for rule in rules])
            self._symbols[name] = Symbol(status, _NO_NUMBER, _NO_NUMBER)
            surely_or_perhaps = any_of([surely, possibly])
            self._definitions[name] = all_of(
                [alike(status.at_least(PRESENT), surely), alike(status.at_least(UNKNOWN), surely_or_perhaps)]
            )

    def allow_every_state(self, name: str) -> None:
        """Let a fact be in any state, whatever its definition says a record can tell."""
        if name in self._bounds:
            self._bounds[name] = self._bounds[name][:_STATES_OF_ANY_FACT]

    def symbol(self, name: str) -> Symbol:
        """The variables that stand for a finding."""
        return self._symbols[name]

    def behind(self, names: Iterable[str]) -> frozenset[str]:
        """The findings and everything they are concluded from."""
        seen: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting.extend(read for rule in self.concluding.get(name, ()) for read in rule.reads)
        return frozenset(seen)

    def constraints(self, names: Iterable[str]) -> list[z3.BoolRef]:
        """What ties these findings to all they depend on. Only that: a proof need not look at the rest."""
        found = []
        for name in sorted(self.behind(names)):
            if name in self._definitions:
                found.append(self._definitions[name])
            else:
                found += self._bounds[name]
        return found

    def definitions(self) -> Iterator[tuple[str, z3.BoolRef]]:
        """How each conclusion follows from its rules."""
        yield from self._definitions.items()

    def surely(self, condition: Condition) -> z3.BoolRef:
        """The condition is true."""
        return self._holds(condition, possibly=False)

    def possibly(self, condition: Condition) -> z3.BoolRef:
        """The condition is true or cannot be known."""
        return self._holds(condition, possibly=True)

    def _holds(self, condition: Condition, *, possibly: bool) -> z3.BoolRef:
        if isinstance(condition, Leaf):
            return self._leaf(condition, possibly)
        parts = [self._holds(part, possibly=possibly) for part in condition.parts]
        return all_of(parts) if isinstance(condition, AllOf) else any_of(parts)

    def _leaf(self, leaf: Leaf, possibly: bool) -> z3.BoolRef:
        symbol = self._symbols[leaf.finding]
        properties = {"s": symbol.status, "lo": symbol.low, "hi": symbol.high}
        tests = tests_of(leaf, self.scales, possibly)
        parts = [_COMPARE[operator](properties[prop], value) for prop, operator, value in tests]
        return all_of(parts) if len(parts) > 1 else parts[0]

    def is_shown(self, rule: Rule) -> z3.BoolRef:
        """The rule fires."""
        return self.surely(rule.when)

    def ruled_out_when_unknown(self, rule: Rule) -> frozenset[str]:
        """The facts that, unknown, could rule the rule out and not merely leave it undecided.

        Only the words that are about the record (``unknown``, ``not present``, ``not absent``) inside
        a conclusion the rule reads can do that; where there is none, there is nothing to ask the solver.
        """
        found: set[str] = set()
        waiting = [name for name in self.behind(rule.reads) if name in self.concluding]
        for name in waiting:
            for concluding in self.concluding[name]:
                for leaf in leaves(concluding.when):
                    if leaf.word in ABOUT_THE_RECORD:
                        found |= self.behind([leaf.finding])
        return frozenset(found - set(self.concluding))

    def naming(self, fact: str) -> tuple[Rule, ...]:
        """The card rules that name the fact when they are shown and it is unknown."""
        return tuple(
            rule for rule in self.rules if rule.card is not None and (fact in rule.reads or fact in rule.mentions)
        )

    def never(self, name: str) -> tuple[int, ...]:
        """The states in which no record can leave the fact."""
        definition = self.knowledge.facts.get(name)
        return () if definition is None else _impossible(definition)

    def is_plain(self, name: str) -> z3.BoolRef:
        """The fact says nothing."""
        return self._symbols[name].status.is_(STATUS_NUMBER[self.plain_status(name)])

    def may_be_unknown(self, name: str) -> bool:
        """Whether a record can leave the fact unknown; a setting is always known."""
        definition = self.knowledge.facts.get(name)
        return definition is None or Status.UNKNOWN in possible_states(definition)

    def plain_status(self, name: str) -> Status:
        """The status of a fact that says nothing: absent, or not known where a record cannot say absent."""
        definition = self.knowledge.facts.get(name)
        return Status.ABSENT if definition is None or Status.ABSENT in possible_states(definition) else Status.UNKNOWN

    def witness(self, model: z3.ModelRef, names: Iterable[str]) -> dict[str, Finding]:
        """The patient a model describes, as findings; numbers are chosen inside their ranks."""
        values = Values(model)
        return {name: self._finding(name, values) for name in names}

    def _finding(self, name: str, values: Values) -> Finding:
        symbol = self._symbols[name]
        status, low, high = (part.value(values) for part in (symbol.status, symbol.low, symbol.high))
        if status != PRESENT or name not in self.scales:
            return Finding(name, _STATUS[status])
        scale = self.scales[name]
        unit = self.knowledge.facts[name].unit if name in self.knowledge.facts else None
        return Finding(
            name,
            Status.PRESENT,
            low=None if low == scale.lowest and high != low else number_at(scale, low),
            high=None if high == scale.highest and high != low else number_at(scale, high),
            unit=unit,
        )


class Substitution:
    """Turns formulas about a patient into formulas about the same patient with one fact unknown."""

    def __init__(self, patients: Patients, fact: str) -> None:
        symbol = patients.symbol(fact)
        scale = patients.scales.get(fact, Scale(()))
        known = ((symbol.status, UNKNOWN), (symbol.low, scale.lowest), (symbol.high, scale.highest))
        pairs = [pair for part, value in known for pair in part.as_if(value)]
        for name in patients.concluding:
            status = patients.symbol(name).status
            pairs += status.instead(Ordered(f"{name}.status without {fact}", PRESENT))
        self._instead = Instead(pairs)
        self.defined = all_of([self(formula) for _, formula in patients.definitions()])

    def __call__(self, formula: z3.BoolRef) -> z3.BoolRef:
        return self._instead.of(formula)


def number_at(scale: Scale, rank: int) -> Decimal:
    """A number of the given rank: the limit itself, or one between two limits."""
    index, is_limit = divmod(rank, 2)
    if is_limit:
        return scale.limits[index]
    if index == 0:
        return scale.limits[0] - 1
    if index == len(scale.limits):
        return scale.limits[-1] + 1
    return (scale.limits[index - 1] + scale.limits[index]) / 2


def _impossible(definition: FactDefinition) -> tuple[int, ...]:
    """The numbers of the states that the reader never gives the fact."""
    possible = possible_states(definition)
    return tuple(number for number, status in _STATUS.items() if status not in possible)


def _names(condition: Condition) -> Iterable[str]:
    if isinstance(condition, Leaf):
        yield condition.finding
    else:
        for part in condition.parts:
            yield from _names(part)


def idle_leaves(patients: Patients, rule: Rule) -> Iterator[Leaf]:
    """Each test of a rule's condition that could be left out without any patient getting another answer.

    A conclusion has three states, so a test that only tells absent from unknown makes a difference there.
    """
    readings = [patients.surely] if rule.concludes is None else [patients.surely, patients.possibly]
    solver = z3.Solver()
    constrain(solver, *patients.constraints(rule.reads))
    reduced = zip(*(_without_one(holds, rule.when) for holds in readings), strict=True)
    for both in reduced:
        leaf = both[0][0]
        solver.push()
        constrain(
            solver, z3.Or([holds(rule.when) != without for holds, (_, without) in zip(readings, both, strict=True)])
        )
        if solver.check() == z3.unsat:
            yield leaf
        solver.pop()


def _without_one(holds: Callable[[Condition], z3.BoolRef], condition: Condition) -> Iterator[tuple[Leaf, z3.BoolRef]]:
    """For every leaf the condition as it would read without that leaf."""
    if isinstance(condition, Leaf):
        return
    combine = all_of if isinstance(condition, AllOf) else any_of
    for index, part in enumerate(condition.parts):
        others = [holds(other) for number, other in enumerate(condition.parts) if number != index]
        if isinstance(part, Leaf):
            yield part, combine(others)
        else:
            for leaf, without in _without_one(holds, part):
                yield leaf, combine([*others, without])
