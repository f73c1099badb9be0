"""The examples inside the rules, run: each says what a rule must do with given findings."""

from __future__ import annotations

from dataclasses import dataclass

from service.knowledge.conditions import Truth
from service.knowledge.examples import EXPECTED, outcome
from service.knowledge.model import Example, Knowledge, Rule

_WORDS = {truth: word for word, truth in EXPECTED.items()}


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """What one example expected and what its rule gives."""

    rule: Rule
    example: Example
    truth: Truth

    @property
    def gives(self) -> str:
        """What the rule does, in the word an example uses."""
        return _WORDS[self.truth]

    @property
    def right(self) -> bool:
        """Whether the rule did what its example says."""
        return self.gives == self.example.expect


def run_examples(knowledge: Knowledge) -> tuple[ExampleResult, ...]:
    """Every example of every rule, by the plain meaning of its condition."""
    return tuple(
        ExampleResult(rule, example, outcome(knowledge, rule, example))
        for rule in knowledge.rules
        for example in rule.examples
    )
