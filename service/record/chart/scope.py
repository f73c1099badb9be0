"""Scope: whether a chart may be about the back, by its problems, visits, answers and orders (product choice no. 4).

What rests on it is only where dangers are looked for in other words than those of the lists: a leaflet or a remark on
the chart of somebody without a back problem is not this service's business, and brings no card.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from msgspec import Struct

from service.knowledge.concern import concerning
from service.knowledge.model import FactKind, Knowledge
from service.record.chart.concepts import as_objects
from service.record.model import Completeness, Entry, Record
from service.record.values.coding import CodeIndex

__all__ = ["Scope", "is_ordered_for", "scope_of"]

_CONDITION = "Condition"


class Scope(Struct, frozen=True):
    """The value sets, by type of resource, that put a chart in scope, and the classes of drugs whose order does."""

    sets: Mapping[str, frozenset[str]]
    drugs: frozenset[str]

    @property
    def problems(self) -> frozenset[str]:
        """The value sets of problems."""
        return self.sets.get(_CONDITION, frozenset())

    def is_told(self, found: Collection[tuple[str, str]], record: Record) -> bool:
        """Whether what was ``found`` under types and value sets is of the back, or the problem list leaves it open."""
        if any((type_, name) in found for type_, names in self.sets.items() for name in names):
            return True
        is_open = _CONDITION in record.not_understood
        return is_open or record.completeness_of(_CONDITION) is not Completeness.COMPLETE


def scope_of(knowledge: Knowledge) -> Scope:
    """The scope by the rules that conclude it, and those that conclude what an order has to do with it."""
    concluded = concerning(knowledge)[1:]
    read = [knowledge.facts[name] for name in _read_by(knowledge, concluded)]
    sets: dict[str, set[str]] = {_CONDITION: set(knowledge.episode)}
    for fact in read:
        for source in fact.sources:
            sets.setdefault(source.resource, set()).update(source.codes)
    applies = [rule for rule in knowledge.rules if rule.concludes == knowledge.concern]
    orders = (knowledge.facts[name] for name in _read_by(knowledge, {name for rule in applies for name in rule.reads}))
    drugs = (fact.classes for fact in orders if fact.kind is FactKind.ORDER and not fact.reasons)
    return Scope({name: frozenset(found) for name, found in sets.items()}, frozenset().union(*drugs))


def _read_by(knowledge: Knowledge, concluded: Collection[str]) -> Iterator[str]:
    names = {name for rule in knowledge.rules if rule.concludes in concluded for name in rule.reads}
    yield from sorted(names & knowledge.facts.keys())


def is_ordered_for(order: Entry, problems: frozenset[str], record: Record, index: CodeIndex) -> bool:
    """Whether an order is no drug, so that it may be of the back, or gives a reason that is."""
    if order.type != "MedicationRequest":
        return True
    reasons: list[Any] = as_objects(order.resource.get("reasonCode"))
    named = as_objects(order.resource.get("reasonReference"))
    reasons += [{"text": one.get("display")} for one in named if record.resolve(one, order.resource) is None]
    return any(not index.match(reason).all_sets.isdisjoint(problems) for reason in reasons)
