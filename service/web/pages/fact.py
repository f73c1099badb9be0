"""The page of one fact or conclusion: how it is known, what silence means, and which rules depend on it."""

from __future__ import annotations

from typing import Any

from service.knowledge.digest import value_sets_of
from service.knowledge.model import FactDefinition, Knowledge
from service.web.pages.graph import ways_of
from service.web.pages.rules import rules_depending_on
from service.web.pages.value_set import value_set_named
from service.web.pages.words import condition_data, finding_named, no_matching_data, read_from, rule_named, with_sources

Json = dict[str, Any]


def fact_page(knowledge: Knowledge, name: str) -> Json | None:
    """The fact or conclusion with this id as plain data; None when there is none."""
    if name in knowledge.facts:
        how = _fact(knowledge, knowledge.facts[name])
    elif name in knowledge.conclusions:
        how = _conclusion(knowledge, name)
    else:
        return None
    direct = {rule.id for rule in knowledge.rules if name in rule.reads}
    rules = rules_depending_on(knowledge, name)
    return (
        finding_named(knowledge, name)
        | {"asks": knowledge.asks(name)}
        | how
        | {
            "ways": ways_of(knowledge, name),
            "readBy": with_sources(rule for rule in rules if rule.id in direct),
            "restingOnIt": with_sources(rule for rule in rules if rule.id not in direct and rule.concludes != name),
        }
    )


def _fact(knowledge: Knowledge, fact: FactDefinition) -> Json:
    return {
        "kind": fact.kind.value,
        "file": fact.at,
        "unit": fact.unit,
        "readFrom": read_from(fact),
        "wholeLists": list(fact.complete),
        "absentWhen": no_matching_data(fact),
        "choice": fact.product_choice,
        "valueSets": [value_set_named(knowledge, name) for name in dict.fromkeys(value_sets_of(fact))],
        "drawnBy": [],
    }


def _conclusion(knowledge: Knowledge, name: str) -> Json:
    return {
        "kind": "conclusion",
        "file": knowledge.conclusions[name].at,
        "unit": None,
        "readFrom": [],
        "wholeLists": [],
        "absentWhen": None,
        "choice": None,
        "valueSets": [],
        "drawnBy": [
            rule_named(rule) | {"when": condition_data(knowledge, rule.when)}
            for rule in knowledge.rules
            if rule.concludes == name
        ],
    }
