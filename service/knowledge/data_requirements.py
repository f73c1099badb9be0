"""What the rules of one hook need from the record: the resource types behind every fact they read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from service.knowledge.model import FactDefinition, FactKind, Knowledge, Rule
from service.knowledge.strata import rules_for

_DRUG_TYPES = ("MedicationRequest", "MedicationStatement")

# Where each kind of fact looks beyond the sources it names itself.
_TYPES: Mapping[FactKind, tuple[str, ...]] = MappingProxyType(
    {
        FactKind.CODED: (),
        FactKind.ELAPSED: (),
        FactKind.QUANTITY: ("Observation",),
        FactKind.CHANGE: ("Observation",),
        FactKind.AGE: ("Patient",),
        FactKind.SEX: ("Patient",),
        FactKind.GESTATION: ("Observation", "Condition"),
        FactKind.DRUG: _DRUG_TYPES,
        FactKind.COURSE: _DRUG_TYPES,
        FactKind.ORDER: (),
        # The reason of an order may be a reference to a problem.
        FactKind.ORDER_REASON: ("Condition",),
        FactKind.SETTING: (),
    }
)


def types_of(fact: FactDefinition) -> tuple[str, ...]:
    """The resource types the fact is read from, each once. Orders of the call itself are not among them."""
    types = [source.resource for source in fact.sources]
    if fact.kind is FactKind.COUNT:
        types += _DRUG_TYPES if fact.measure == "ingredients" else ()
    else:
        types += _TYPES[fact.kind]
    if fact.compute is not None:
        # eGFR from creatinine takes age and sex from the Patient (product choice no. 11).
        types.append("Patient")
    return tuple(dict.fromkeys((*types, *fact.complete)))


def facts_for(knowledge: Knowledge, hook: str) -> tuple[FactDefinition, ...]:
    """Every fact that an answer under this hook may read, in the order of the rules that read it."""
    names = dict.fromkeys(name for rule in rules_for(knowledge, hook) for name in _named(rule))
    found = [knowledge.facts[name] for name in names if name in knowledge.facts]
    behind = [knowledge.facts[fact.order] for fact in found if fact.order is not None]
    return tuple({fact.id: fact for fact in (*found, *behind)}.values())


def _named(rule: Rule) -> Iterable[str]:
    yield from sorted(rule.reads)
    yield from rule.mentions
    if rule.card is not None:
        yield from (name for suggestion in rule.card.suggestions for name in (*suggestion.remove, *suggestion.limit))
