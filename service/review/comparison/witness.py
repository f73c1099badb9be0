"""Witness: the plainest patient who shows a difference, confirmed by both engines under both rule sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from uuid import UUID

import z3

from service.decision import Decision, Prepared, decide_on, prepare_for_findings
from service.engine.patterns import PRESENT, STATUS_NUMBER, UNKNOWN
from service.engine.trace import Result
from service.errors import ServiceError
from service.finding import Finding, Status
from service.knowledge.model import FactDefinition, FactKind, Knowledge, possible_states
from service.review.comparison.model import Direction, Witness
from service.review.comparison.shown import Cards
from service.review.comparison.sides import Sides, has_patient
from service.review.ordered import Values, any_of, constrain

# What is decided on findings does not depend on the time; an answer needs one.
_NOW = datetime(2000, 1, 1, tzinfo=UTC)
_NOBODY = UUID(int=0)


class UnconfirmedError(ServiceError):
    """The engines decide a patient whom the solver named otherwise: a fault of this program, not of the rules."""


class Plainest:
    """Finds the plainest patient.

    Plain is a fact that says nothing, one that is known where it must say something, a number that is known exactly,
    and of numbers one that is itself a limit.
    """

    def __init__(self, sides: Sides) -> None:
        self._sides = sides
        self._known: dict[str, tuple[z3.BoolRef, ...]] = {}

    def of(self, solver: z3.Solver, formula: z3.BoolRef, facts: Sequence[str]) -> dict[str, Finding] | None:
        """The facts of a patient of whom the formula is true; None when there is no such patient.

        ``solver`` holds what ties the facts together; it is given back as it was.
        """
        solver.push()
        try:
            constrain(solver, formula)
            return self._plainest(solver, facts) if has_patient(solver) else None
        finally:
            solver.pop()

    def _plainest(self, solver: z3.Solver, facts: Sequence[str]) -> dict[str, Finding]:
        model = solver.model()
        values, granted = Values(model), list[z3.BoolRef]()
        for wish in self._wishes(facts):
            # What the patient in hand fulfils already need not be asked.
            if not values.is_true(wish):
                if not has_patient(solver, *granted, wish):
                    continue
                model = solver.model()
                values = Values(model)
                constrain(solver, *granted, wish)
                granted.clear()
            else:
                granted.append(wish)
        constrain(solver, *granted)
        for name in facts:
            model = self._with_least_number(solver, model, name)
        return {name: self._sides.side_of(name).witness(model, [name])[name] for name in facts}

    def _with_least_number(self, solver: z3.Solver, model: z3.ModelRef, name: str) -> z3.ModelRef:
        """The patient with the smallest limit as the number of a fact: of a moved limit the one that moved."""
        if self._sides.scale(name) is None:
            return model
        symbol, values = self._sides.side_of(name).symbol(name), Values(model)
        if symbol.status.value(values) != PRESENT:
            return model
        for rank in range(1, symbol.low.value(values), 2):
            if has_patient(solver, symbol.low.is_(rank)):
                model = solver.model()
                constrain(solver, symbol.low.is_(rank))
                return model
        return model

    def _wishes(self, facts: Sequence[str]) -> Iterator[z3.BoolRef]:
        sides = self._sides
        # What is ordered is given up first: a patient is told by the illness rather than by orders that nobody asked
        # about.
        for name in sorted(facts, key=lambda name: (sides.definition(name).kind is not FactKind.ORDER, name)):
            yield self._of(name)[0]
        for name in facts:
            yield from self._of(name)[1:]

    def _of(self, name: str) -> tuple[z3.BoolRef, ...]:
        if name not in self._known:
            self._known[name] = tuple(_wishes(self._sides, name))
        return self._known[name]


def _wishes(sides: Sides, name: str) -> Iterator[z3.BoolRef]:
    """What makes a fact plain, the first wish first: it says nothing; if it does, then clearly."""
    side = sides.side_of(name)
    symbol, usual = side.symbol(name), usual_status(side.knowledge, name)
    yield symbol.status.is_(STATUS_NUMBER[usual])
    if usual is not Status.UNKNOWN:
        yield symbol.status.is_not(UNKNOWN)
    if sides.scale(name) is not None:
        no_number = symbol.status.is_not(PRESENT)
        yield any_of([no_number, symbol.low.is_same_as(symbol.high)])
        yield any_of([no_number, symbol.low.is_odd()])


def usual_status(knowledge: Knowledge, name: str) -> Status:
    """The status of a fact that says nothing: as set, not known where a record cannot deny it, else absent."""
    definition = knowledge.facts[name]
    if definition.kind is FactKind.SETTING:
        return Status.PRESENT if _is_set(knowledge, definition) else Status.ABSENT
    return Status.ABSENT if Status.ABSENT in possible_states(definition) else Status.UNKNOWN


def _is_set(knowledge: Knowledge, definition: FactDefinition) -> bool:
    return definition.setting is not None and knowledge.settings.get(definition.setting) == definition.equals


@dataclass(frozen=True)
class Judge:
    """Both engines under both rule sets, made ready when the first patient is to be confirmed."""

    before: Cards
    after: Cards

    @cached_property
    def _prepared(self) -> tuple[Prepared, Prepared]:
        return prepare_for_findings(self.before.knowledge), prepare_for_findings(self.after.knowledge)

    @cached_property
    def _usual(self) -> tuple[dict[str, Finding], dict[str, Finding]]:
        """The patient of whom nothing is said, as each rule set reads a fact."""
        first, second = (
            {name: Finding(name, usual_status(cards.knowledge, name)) for name in cards.knowledge.facts}
            for cards in (self.before, self.after)
        )
        return first, second

    def confirmed(self, findings: Mapping[str, Finding], service: str, about: str, direction: Direction) -> Witness:
        """The patient as a witness that a card, or a conclusion, differs in this direction.

        ``about`` is the id of a card rule or the name of a conclusion. Raises UnconfirmedError when the engines do
        not say so, EngineError when they disagree with each other.
        """
        first, second = (
            _Answer(cards, _decided(cards, prepared, {**usual, **findings}, service), service)
            for cards, prepared, usual in zip((self.before, self.after), self._prepared, self._usual, strict=True)
        )
        if (
            first.says(about, direction) is direction.is_newly
            or second.says(about, direction) is not direction.is_newly
        ):
            raise UnconfirmedError(f"{about}: the engines do not confirm the patient that the solver found")
        deciding_rules = set(first.shown) ^ set(second.shown) | {about}
        return Witness(
            findings={name: one for name, one in findings.items() if self._says_something(name, one)},
            service=service,
            before=tuple(name for name in first.shown if name in deciding_rules),
            after=tuple(name for name in second.shown if name in deciding_rules),
        )

    def _says_something(self, name: str, finding: Finding) -> bool:
        knowledge = self.after.knowledge if name in self.after.knowledge.facts else self.before.knowledge
        return finding.status is not usual_status(knowledge, name)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one rule set says to a patient at one service."""

    cards: Cards
    decision: Decision | None
    service: str

    @property
    def shown(self) -> tuple[str, ...]:
        """The rules whose cards are shown."""
        advice = self.decision.advice if self.decision else ()
        return tuple(item.rule.id for item in advice if self.cards.is_shown_at(item.rule.id, self.service))

    def says(self, about: str, direction: Direction) -> bool:
        """Whether the card is shown, or the conclusion drawn; or whether either cannot be known."""
        if self.decision is None:
            return False
        if about in self.cards.knowledge.conclusions and about in self.decision.findings:
            wanted = Status.PRESENT if direction.is_about_showing else Status.UNKNOWN
            return self.decision.findings[about].status is wanted
        if direction.is_about_showing:
            return about in self.shown
        results = {item.rule.id: item.result for item in self.decision.outcomes}
        return self.cards.is_shown_at(about, self.service) and results.get(about) is Result.NOT_ENOUGH_DATA


def _decided(cards: Cards, prepared: Prepared, findings: Mapping[str, Finding], service: str) -> Decision | None:
    knowledge = cards.knowledge
    if service not in knowledge.services:
        return None
    facts = {name: findings[name] for name in knowledge.facts}
    return decide_on(prepared, facts, knowledge.services[service].hook, _NOW, decision_id=_NOBODY)
