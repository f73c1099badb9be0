"""Questions: whether what is shown differs for any patient, asked of one card or conclusion after another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import z3

from service.engine.patterns import PRESENT, UNKNOWN
from service.knowledge.model import Knowledge, leaves
from service.knowledge.strata import rules_for
from service.review.comparison.model import Difference, Direction
from service.review.comparison.region import Asked, Words
from service.review.comparison.shown import Cards
from service.review.comparison.sides import Sides, two_sides
from service.review.comparison.witness import Judge, Plainest
from service.review.ordered import constrain

# How the solver chooses what is left to its choice; its seed is fixed.
_AT_RANDOM = 5
_Formulas = Mapping[Direction, z3.BoolRef]


@dataclass(frozen=True)
class Questions:
    """Two rule sets as formulas, asked rule by rule."""

    before: Knowledge
    after: Knowledge

    @cached_property
    def sides(self) -> Sides:
        """The formulas, with every conclusion settled that is drawn alike."""
        return two_sides(self.before, self.after)

    @cached_property
    def cards(self) -> tuple[Cards, Cards]:
        """The cards of both."""
        return Cards(self.before, self.sides.before), Cards(self.after, self.sides.after)

    @cached_property
    def _words(self) -> Words:
        return Words(self.sides)

    @cached_property
    def _judge(self) -> Judge:
        return Judge(*self.cards)

    @cached_property
    def _plainest(self) -> Plainest:
        return Plainest(self.sides)

    def card_differences(self, rule_id: str) -> Iterator[Difference]:
        """Every way in which a card differs. Services at which the question is the same are asked once."""
        before, after = self.cards
        asked: dict[tuple[int, ...], tuple[_Formulas, list[str]]] = {}
        for service in dict.fromkeys((*before.services(), *after.services())):
            formulas = _directions(
                (before.shown(rule_id, service), before.undecided(rule_id, service)),
                (after.shown(rule_id, service), after.undecided(rule_id, service)),
            )
            key = tuple(formula.get_id() for formula in formulas.values())
            asked.setdefault(key, (formulas, []))[1].append(service)
        for formulas, services in asked.values():
            reads = before.reads(rule_id, services[0]), after.reads(rule_id, services[0])
            yield from self._differences(rule_id, formulas, services, *reads)

    def conclusion_differences(self, name: str) -> Iterator[Difference]:
        """Every way in which a conclusion that both draw differs."""
        statuses = self.sides.before.symbol(name).status, self.sides.after.symbol(name).status
        formulas = _directions(*((status.is_(PRESENT), status.is_(UNKNOWN)) for status in statuses))
        services = [service for service in self.after.services if self._is_drawn_at(name, service)]
        if services:
            yield from self._differences(name, formulas, services, [name], [name])

    def _is_drawn_at(self, name: str, service: str) -> bool:
        offered = [knowledge.services.get(service) for knowledge in (self.before, self.after)]
        return all(
            one is not None and any(rule.concludes == name for rule in rules_for(knowledge, one.hook))
            for knowledge, one in zip((self.before, self.after), offered, strict=True)
        )

    def _differences(
        self,
        about: str,
        formulas: _Formulas,
        services: list[str],
        before: Iterable[str],
        after: Iterable[str],
    ) -> Iterator[Difference]:
        before, after = tuple(before), tuple(after)
        wanted = {direction: formula for direction, formula in formulas.items() if not z3.is_false(formula)}
        if not wanted:
            return
        solver = z3.Solver()
        # A region is gathered from many patients: the less alike they are, the fewer have to be asked for.
        solver.set("phase_selection", _AT_RANDOM)
        constrain(solver, *self.sides.constraints(before, after))
        facts = self.sides.facts_behind(before, after)
        for direction, formula in wanted.items():
            findings = self._plainest.of(solver, formula, facts)
            if findings is None:
                continue
            witness = self._judge.confirmed(findings, services[0], about, direction)
            region = Asked(self._words, solver, formula, self._in_words_of(before, after, about)).region()
            yield Difference(direction, tuple(services), region, witness)

    def _in_words_of(self, before: Iterable[str], after: Iterable[str], about: str) -> list[str]:
        """The findings by which a region is told, those of changed tests first.

        A conclusion that is drawn otherwise is told by what it depends on.
        """
        sides = self.sides
        names: dict[str, None] = {}
        seen: set[str] = set()
        waiting = [*before, *after]
        while waiting:
            name = waiting.pop(0)
            if name in seen:
                continue
            seen.add(name)
            drawing = [*sides.before.concluding.get(name, ()), *sides.after.concluding.get(name, ())]
            if not drawing or name in sides.after.drawn_alike:
                names[name] = None
            else:
                waiting.extend(leaf.finding for rule in drawing for leaf in leaves(rule.when))
        changed = self._in_changed_tests(about)
        return sorted(names, key=lambda name: name not in changed)

    def _in_changed_tests(self, about: str) -> frozenset[str]:
        """The findings of tests that only one version of a rule has, and of the conclusions it reads that changed."""
        names = {about, *self.sides.after.drawn_otherwise}
        versions = [
            [
                leaf
                for rule in knowledge.rules
                if rule.id == about or rule.concludes in names
                for leaf in leaves(rule.when)
            ]
            for knowledge in (self.before, self.after)
        ]
        old, new = set(versions[0]), set(versions[1])
        return frozenset(leaf.finding for leaf in old ^ new)


def _directions(before: tuple[z3.BoolRef, z3.BoolRef], after: tuple[z3.BoolRef, z3.BoolRef]) -> _Formulas:
    """For each direction the formula of the patients of whom it is so; False where both formulas are the same."""
    (was_shown, was_undecided), (is_shown, is_undecided) = before, after
    return {
        Direction.SHOWN_NEWLY: _only(is_shown, was_shown),
        Direction.NO_LONGER_SHOWN: _only(was_shown, is_shown),
        Direction.UNDECIDED_NEWLY: _only(is_undecided, was_undecided),
        Direction.NO_LONGER_UNDECIDED: _only(was_undecided, is_undecided),
    }


def _only(one: z3.BoolRef, other: z3.BoolRef) -> z3.BoolRef:
    return z3.BoolVal(val=False) if one.eq(other) or z3.is_false(one) else z3.And(one, z3.Not(other))
