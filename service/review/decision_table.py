"""The decision table of a rule: the cases in which each of its tests alone decides, and both sides of every limit.

Derived from the condition, so it is no evidence that the condition is right; it shows what the rule does, and two
tables side by side show what a change does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from service.knowledge.conditions import Truth
from service.knowledge.examples import is_open, outcome
from service.knowledge.model import Example, Given, Knowledge, Rule
from service.review.proposals import propose_examples

_SAID = {Truth.TRUE: "fires", Truth.FALSE: "silent", Truth.UNKNOWN: "undecided"}


@dataclass(frozen=True, slots=True)
class Row:
    """One case: what is given, and what comes of it: the id of the rule shown, ``silent`` or ``undecided``."""

    given: Mapping[str, Given]
    result: str

    @property
    def case(self) -> str:
        """What is given, in words, sorted; all else is absent and numbers are unknown."""
        return ", ".join(f"{name} {_state(state)}" for name, state in sorted(self.given.items())) or "nothing"


def decision_table(knowledge: Knowledge, rule: Rule) -> tuple[Example, ...]:
    """The rows: what is given (all else is absent, numbers unknown where possible) and what the rule does with it."""
    numeric = frozenset(name for name, fact in knowledge.facts.items() if is_open(fact))
    return propose_examples(rule.when, numeric)


def table_of(knowledge: Knowledge, rules: Sequence[Rule]) -> tuple[Row, ...]:
    """The table of one rule, or of the variants of a rule file: which of them is shown in every case of any of them."""
    in_order = sorted(rules, key=lambda rule: rule.precedence)
    rows: dict[str, Row] = {}
    for rule in in_order:
        for example in decision_table(knowledge, rule):
            row = Row(example.given, _shown(knowledge, in_order, example))
            rows.setdefault(row.case, row)
    return tuple(rows.values())


def _shown(knowledge: Knowledge, in_order: Sequence[Rule], example: Example) -> str:
    truths = {rule.id: outcome(knowledge, rule, example) for rule in in_order}
    if len(in_order) == 1:
        return _SAID[truths[in_order[0].id]]
    first = next((name for name, truth in truths.items() if truth is Truth.TRUE), None)
    return first or _SAID[Truth.UNKNOWN if Truth.UNKNOWN in truths.values() else Truth.FALSE]


def result_of(knowledge: Knowledge, rule: Rule, given: Mapping[str, Given]) -> str:
    """What one rule does in one case: ``fires``, ``silent`` or ``undecided``."""
    return _SAID[outcome(knowledge, rule, Example("", given, ""))]


def as_markdown(rows: Sequence[Row]) -> Iterator[str]:
    """The table as lines of Markdown."""
    yield "| given (all else absent, numbers unknown) | result |"
    yield "|---|---|"
    for row in rows:
        yield f"| {row.case} | {row.result} |"


def _state(given: Given) -> str:
    if given.low is None and given.high is None:
        return given.status
    if given.low is not None and given.low == given.high:
        return f"{given.low:f}"
    low, high = ("any" if side is None else f"{side:f}" for side in (given.low, given.high))
    return f"{low} to {high}"
