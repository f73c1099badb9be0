"""What an example of a rule says about the patient: one finding for everything the rule reads."""

from __future__ import annotations

from collections.abc import Mapping

from service.finding import Finding, Status
from service.knowledge.conditions import Truth, truth
from service.knowledge.model import Example, FactDefinition, Knowledge, Rule, possible_states

EXPECTED: Mapping[str, Truth] = {"fires": Truth.TRUE, "silent": Truth.FALSE, "undecided": Truth.UNKNOWN}
"""What each word after ``expect`` means."""


def findings_of(knowledge: Knowledge, rule: Rule, example: Example) -> dict[str, Finding]:
    """The findings of one example. What it does not give is absent, or unknown when it is a number that can be."""
    findings = {}
    for name in rule.reads:
        fact = knowledge.facts.get(name)
        given = example.given.get(name)
        if given is not None:
            unit = fact.unit if fact is not None else None
            findings[name] = Finding(name, Status(given.status), given.low, given.high, unit)
        elif fact is not None and is_open(fact):
            findings[name] = Finding(name, Status.UNKNOWN)
        else:
            findings[name] = Finding(name, Status.ABSENT)
    return findings


def is_open(fact: FactDefinition) -> bool:
    """Whether a fact that an example does not give is unknown: a number is, unless it can never be unknown."""
    return fact.is_numeric and Status.UNKNOWN in possible_states(fact)


def outcome(knowledge: Knowledge, rule: Rule, example: Example) -> Truth:
    """What the rule's condition says about one example."""
    return truth(rule.when, findings_of(knowledge, rule, example))
