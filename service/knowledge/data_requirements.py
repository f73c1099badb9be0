"""What the rules of one hook need from the record: the resource types behind every fact they read."""

from __future__ import annotations

from collections.abc import Iterable

from service.knowledge.model import FactDefinition, Knowledge, Rule
from service.knowledge.strata import rules_for


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
