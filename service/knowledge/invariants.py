"""Invariants: what must hold for every possible patient, as ``rules/invariants.yaml`` says it.

Written apart from the rules, so that a rule and the statement it must obey are never the same line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marshmallow import fields

from service.errors import Issue, KnowledgeError
from service.knowledge.documents import line_of, read
from service.knowledge.model import Condition, Indicator, Knowledge, leaves
from service.knowledge.schemas.condition import ConditionField
from service.knowledge.schemas.fields import Choice, Flag, Name, Shape, Text, did_you_mean, words
from service.knowledge.schemas.issues import read_shape

FILE = "invariants.yaml"


@dataclass(frozen=True, slots=True)
class NeverSuggested:
    """No card may suggest these orders while the condition holds."""

    id: str
    says: str
    orders: tuple[str, ...]
    while_: Condition
    at: str = ""


@dataclass(frozen=True, slots=True)
class AlwaysWarned:
    """On these hooks the condition always gives a card at least as severe as stated, whatever else is known.

    ``or_names_what_is_missing``: such a rule that is left undecided will do, because the answer then names it and what
    it lacks.
    """

    id: str
    says: str
    when: Condition
    indicator: Indicator
    hooks: tuple[str, ...]
    or_names_what_is_missing: bool = False
    at: str = ""


@dataclass(frozen=True, slots=True)
class NoAbruptStop:
    """Cards about these drugs never tell anyone to stop long-standing therapy at once (H-16)."""

    id: str
    says: str
    drugs: tuple[str, ...]
    forbidden: tuple[str, ...]
    at: str = ""


@dataclass(frozen=True, slots=True)
class General:
    """An invariant about the whole rule set that needs no list."""

    id: str
    says: str
    at: str = ""


@dataclass(frozen=True, slots=True)
class OnlyAsked:
    """Facts whose absence from the record silences nothing but where a condition holds, and where it holds."""

    facts: tuple[str, ...]
    where: Condition


@dataclass(frozen=True, slots=True)
class MissingData:
    """Missing data never silences a warning; ``except_`` are facts whose absence from the record is meant to.

    ``only_asked`` are facts that are asked for only in the patients of whom a condition is not surely wrong.
    """

    id: str
    says: str
    except_: tuple[str, ...]
    only_asked: tuple[OnlyAsked, ...] = ()
    at: str = ""


@dataclass(frozen=True, slots=True)
class NothingToSay:
    """On these hooks nothing is said, and no check is missed, of a chart that holds nothing the gate looks for."""

    id: str
    says: str
    hooks: tuple[str, ...]
    at: str = ""


Statement = NeverSuggested | AlwaysWarned | NoAbruptStop | General | MissingData | NothingToSay


@dataclass(frozen=True, slots=True)
class Invariants:
    """All of ``invariants.yaml``."""

    never_suggested: tuple[NeverSuggested, ...]
    always_warned: tuple[AlwaysWarned, ...]
    no_hidden_conflict: General
    every_part_matters: General
    missing_data_never_silences: MissingData
    no_abrupt_stop: NoAbruptStop
    nothing_to_say: NothingToSay | None = None

    def conditions(self) -> Iterator[Condition]:
        """Every condition stated, for the limits it compares with."""
        yield from (item.while_ for item in self.never_suggested)
        yield from (item.when for item in self.always_warned)
        yield from (item.where for item in self.missing_data_never_silences.only_asked)


class _NeverSuggestedShape(Shape):
    model = NeverSuggested
    id = Name(required=True)
    says = Text(required=True)
    orders = words(required=True)
    while_ = ConditionField(required=True, data_key="while")


class _AlwaysWarnedShape(Shape):
    model = AlwaysWarned
    id = Name(required=True)
    says = Text(required=True)
    when = ConditionField(required=True)
    indicator = Choice({indicator.value: indicator for indicator in Indicator}, required=True)
    hooks = words(required=True)
    or_names_what_is_missing = Flag(load_default=False)


class _NoAbruptStopShape(Shape):
    model = NoAbruptStop
    id = Name(required=True)
    says = Text(required=True)
    drugs = words(required=True)
    forbidden = words(required=True)


class _GeneralShape(Shape):
    model = General
    id = Name(required=True)
    says = Text(required=True)


class _OnlyAskedShape(Shape):
    model = OnlyAsked
    located = False
    facts = words(required=True, least=1)
    where = ConditionField(required=True)


class _MissingDataShape(Shape):
    model = MissingData
    id = Name(required=True)
    says = Text(required=True)
    except_ = words(data_key="except")
    only_asked = fields.List(fields.Nested(_OnlyAskedShape), load_default=())


class _NothingToSayShape(Shape):
    model = NothingToSay
    id = Name(required=True)
    says = Text(required=True)
    hooks = words(required=True)


class _InvariantsShape(Shape):
    model = Invariants
    located = False
    never_suggested = fields.List(fields.Nested(_NeverSuggestedShape), required=True)
    always_warned = fields.List(fields.Nested(_AlwaysWarnedShape), required=True)
    no_hidden_conflict = fields.Nested(_GeneralShape, required=True)
    every_part_matters = fields.Nested(_GeneralShape, required=True)
    missing_data_never_silences = fields.Nested(_MissingDataShape, required=True)
    no_abrupt_stop = fields.Nested(_NoAbruptStopShape, required=True)
    nothing_to_say = fields.Nested(_NothingToSayShape, load_default=None)


def load_invariants(rules_folder: Path, knowledge: Knowledge) -> Invariants:
    """The invariants of a rule set, with every name in them compared with the knowledge.

    Raises:
        KnowledgeError: with every issue, by line.
    """
    path = rules_folder / FILE
    if not path.is_file():
        raise KnowledgeError([Issue(f"{FILE}:1", "this file is missing")])
    table, issues = read(path.read_text(encoding="utf-8"), FILE)
    invariants: Invariants | None = None
    if not issues:
        invariants, issues = read_shape(_InvariantsShape(), table, FILE)
    if invariants is not None:
        issues = [*issues, *_unknown_names(invariants, knowledge, table), *_unknown_hooks(invariants, knowledge, table)]
    if issues or invariants is None:
        raise KnowledgeError(issues)
    return invariants


def _unknown_names(invariants: Invariants, knowledge: Knowledge, table: Any) -> Iterator[Issue]:
    findings = {*knowledge.facts, *knowledge.conclusions}
    for condition in invariants.conditions():
        for leaf in leaves(condition):
            if leaf.finding not in findings:
                where = leaf.at or f"{FILE}:1"
                yield Issue(where, f"{leaf.finding} is not a finding", did_you_mean(leaf.finding, findings))
    for fact in invariants.missing_data_never_silences.except_:
        if fact not in knowledge.facts:
            where = f"{FILE}:{line_of(table, ('missing_data_never_silences', 'except'))}"
            yield Issue(where, f"{fact} is not a fact", did_you_mean(fact, knowledge.facts))
    for number, item in enumerate(invariants.never_suggested):
        for order in item.orders:
            if order not in knowledge.orders:
                where = f"{FILE}:{line_of(table, ('never_suggested', number, 'orders'))}"
                yield Issue(where, f"{order} is not an order template", did_you_mean(order, knowledge.orders))


def _unknown_hooks(invariants: Invariants, knowledge: Knowledge, table: Any) -> Iterator[Issue]:
    hooks = {service.hook for service in knowledge.services.values()}
    for hook in invariants.nothing_to_say.hooks if invariants.nothing_to_say is not None else ():
        if hook not in hooks:
            where = f"{FILE}:{line_of(table, ('nothing_to_say', 'hooks'))}"
            yield Issue(where, f"no service answers {hook}", did_you_mean(hook, hooks))
