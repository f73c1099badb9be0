"""The decision table of a rule: the cases in which each of its tests alone decides, and both sides of every limit.

Derived from the condition, so it is no evidence that the condition is right; it shows what the rule does, and two
tables side by side show what a change does.
"""

from __future__ import annotations

from service.knowledge.model import Example, Knowledge, Rule
from service.review.proposals import propose_examples


def decision_table(knowledge: Knowledge, rule: Rule) -> tuple[Example, ...]:
    """The rows: what is given (all else is absent, numbers unknown) and what the rule does with it."""
    numeric = frozenset(name for name, fact in knowledge.facts.items() if fact.is_numeric)
    return propose_examples(rule.when, numeric)
