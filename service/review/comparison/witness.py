"""Witness: the plainest patient who shows a difference, confirmed by both engines under both rule sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import z3

from service.decision import Decision, Prepared, decide_on, prepare
from service.engine.patterns import PRESENT, STATUS_NUMBER, UNKNOWN
from service.engine.trace import Result
from service.errors import ServiceError
from service.finding import Finding, Status
from service.knowledge.model import FactDefinition, FactKind, Knowledge, possible_states
from service.review.comparison.model import Direction, Witness
from service.review.comparison.shown import Cards
from service.review.comparison.sides import Sides, has_patient

# What is decided on findings does not depend on the time; an answer needs one.
_NOW = datetime(2000, 1, 1, tzinfo=UTC)


class UnconfirmedError(ServiceError):
    """The engines decide a patient whom the solver named otherwise: a fault of this program, not of the rules."""


def plainest(sides: Sides, solver: z3.Solver, formula: z3.BoolRef, facts: Sequence[str]) -> dict[str, Finding] | None:
    """The facts of a patient of whom the formula is true, as plain as can be; None when there is no such patient.

    Plain is a fact that says nothing, one that is known where it must say something, a number that is known exactly,
    and of numbers one that is itself a limit.
    ``solver`` holds what ties the facts together; it is given back as it was.
    """
    solver.push()
    try:
        solver.add(formula)
        return _plainest(sides, solver, facts) if has_patient(solver) else None
    finally:
        solver.pop()


def _plainest(sides: Sides, solver: z3.Solver, facts: Sequence[str]) -> dict[str, Finding]:
    model = solver.model()
    for wish in _wishes(sides, facts):
        # What the patient in hand fulfils already need not be asked.
        if not z3.is_true(model.eval(wish, model_completion=True)):
            if not has_patient(solver, wish):
                continue
            model = solver.model()
        solver.add(wish)
    return {name: sides.side_of(name).witness(model, [name])[name] for name in facts}


def _wishes(sides: Sides, facts: Sequence[str]) -> list[z3.BoolRef]:
    wishes = []
    # What is ordered is given up first: a patient is told by the illness rather than by orders that nobody asked about.
    for name in sorted(facts, key=lambda name: (sides.definition(name).kind is not FactKind.ORDER, name)):
        side = sides.side_of(name)
        usual = usual_status(side.knowledge, name)
        wishes.append(side.symbol(name).status == STATUS_NUMBER[usual])
    for name in facts:
        # What must say something says it clearly, where it can.
        if usual_status(sides.side_of(name).knowledge, name) is not Status.UNKNOWN:
            wishes.append(sides.side_of(name).symbol(name).status != UNKNOWN)
        if sides.scale(name) is not None:
            symbol = sides.side_of(name).symbol(name)
            number = symbol.status == PRESENT
            wishes.append(z3.Implies(number, symbol.low == symbol.high))
            wishes.append(z3.Implies(number, symbol.low % 2 == 1))
    return wishes


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
        return prepare(self.before.knowledge), prepare(self.after.knowledge)

    def confirmed(self, findings: Mapping[str, Finding], service: str, about: str, direction: Direction) -> Witness:
        """The patient as a witness that a card, or a conclusion, differs in this direction.

        ``about`` is the id of a card rule or the name of a conclusion. Raises UnconfirmedError when the engines do
        not say so, EngineError when they disagree with each other.
        """
        first, second = (
            _Answer(cards, _decided(cards, prepared, findings, service), service)
            for cards, prepared in zip((self.before, self.after), self._prepared, strict=True)
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
        """Whether the card is shown, or the conclusion drawn; or whether either cannot be told."""
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
    facts = {name: findings.get(name) or Finding(name, usual_status(knowledge, name)) for name in knowledge.facts}
    return decide_on(prepared, facts, knowledge.services[service].hook, _NOW)
