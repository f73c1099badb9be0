"""Checks of the examples that stand in a rule: do they show what it does, on both sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from service.errors import Issue, Severity
from service.knowledge.checks.registry import Review, check
from service.knowledge.conditions import Truth
from service.knowledge.coverage import rule_coverage
from service.knowledge.examples import EXPECTED, outcome

_WORDS = {truth: word for word, truth in EXPECTED.items()}


@check(
    "K080-no-firing-example",
    Severity.ERROR,
    "A rule without an example that fires",
    avoid="examples: only silent ones",
    prefer="- {name: Warfarin is active and ibuprofen is ordered, given: {…}, expect: fires}",
    why="The first thing a reviewer asks is: show me the patient.",
)
def no_firing_example(review: Review) -> Iterator[Issue]:
    """At least one example of a rule fires."""
    for rule in review.knowledge.rules:
        if not any(example.expect == "fires" for example in rule.examples):
            yield Issue(rule.at, f"no example of {rule.id} fires")


@check(
    "K081-no-near-miss",
    Severity.ERROR,
    "A rule without an example in which it is silent",
    avoid="examples: only some that fire and one that is undecided",
    prefer="one to three clinical near misses: patients for whom one would expect the card",
    why="What a rule must not say is half of its meaning. Every test and both sides of every limit stand in the "
    "decision table (sciatica-cds table), which is derived and locked; an example is what a person would ask first.",
)
def no_near_miss(review: Review) -> Iterator[Issue]:
    """At least one example of a rule is silent."""
    for rule in review.knowledge.rules:
        if rule.examples and not any(example.expect == "silent" for example in rule.examples):
            yield Issue(rule.at, f"no example of {rule.id} is silent", "the nearest patient for whom it must not fire")


@check(
    "K082-no-unknown-example",
    Severity.ERROR,
    "A rule without an example in which it cannot tell",
    avoid="examples: only fires and silent",
    prefer="- {name: Nothing is recorded, given: {egfr: unknown, …}, expect: undecided}",
    why="Missing data is the usual case. What the rule does then must be seen and approved (hazard H-02).",
)
def no_unknown_example(review: Review) -> Iterator[Issue]:
    """A rule whose tests can be unknown has an example that is undecided."""
    for rule in review.knowledge.rules:
        tests = rule_coverage(review.knowledge, rule).leaves
        can_be_unknown = any(Truth.UNKNOWN in test.possible for test in tests)
        if can_be_unknown and not any(example.expect == "undecided" for example in rule.examples):
            yield Issue(rule.at, f"no example of {rule.id} is undecided", "give the deciding findings as unknown")


@check(
    "K085-example-contradicts-rule",
    Severity.ERROR,
    "An example that the rule answers otherwise",
    avoid="given: {egfr: 30}, expect: fires   # the rule says less_than: 30",
    prefer="expect: silent, or at_least instead of less_than: one of the two is wrong",
    why="The example says what was meant, the condition what was written. Both are approved together.",
)
def example_contradicts_rule(review: Review) -> Iterator[Issue]:
    """Every example comes out as it expects."""
    for rule in review.knowledge.rules:
        for example in rule.examples:
            result = outcome(review.knowledge, rule, example)
            if result is not EXPECTED[example.expect]:
                text = f"{example.name!r} expects {example.expect}, the rule says {_WORDS[result]}"
                yield Issue(example.at, text)


@check(
    "K086-example-gives-unread",
    Severity.WARNING,
    "An example that gives what the rule does not read",
    avoid="given: {warfarin-active: present}   # the rule reads anticoagulant-active",
    prefer="given: {anticoagulant-active: present}",
    why="The line changes nothing, so the example tests less than it says.",
)
def example_gives_unread(review: Review) -> Iterator[Issue]:
    """An example gives only findings that its rule reads itself."""
    for rule in review.knowledge.rules:
        for example in rule.examples:
            for name in sorted(example.given.keys() - rule.reads):
                yield Issue(example.at, f"{rule.id} does not read {name}")


@check(
    "K087-example-twice",
    Severity.WARNING,
    "The same example twice",
    avoid="two examples with the same name, or with the same findings",
    prefer="each case once, with a name that says what is special about it",
    why="A repeated case makes the list longer and the cover no better.",
)
def example_twice(review: Review) -> Iterator[Issue]:
    """Names and contents of a rule's examples differ."""
    for rule in review.knowledge.rules:
        names = Counter(example.name for example in rule.examples)
        seen: list[object] = []
        for example in rule.examples:
            if names[example.name] > 1:
                yield Issue(example.at, f"more than one example of {rule.id} is called {example.name!r}")
            elif example.given in seen:
                yield Issue(example.at, f"{example.name!r} gives the same as an earlier example")
            seen.append(example.given)
