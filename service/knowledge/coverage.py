"""How much of every rule its examples have seen: each test true, false and not to be told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from service.finding import Status
from service.knowledge.conditions import Truth, truth
from service.knowledge.examples import findings_of
from service.knowledge.model import Knowledge, Leaf, Rule, Word, leaves, possible_states

_ABOUT_THE_RECORD = frozenset({Word.UNKNOWN, Word.NOT_PRESENT, Word.NOT_ABSENT})

_TRUTHS = {Status.PRESENT: (Truth.TRUE, Truth.FALSE), Status.ABSENT: (Truth.FALSE, Truth.TRUE)}
"""What a test for presence and one for absence come to in a state that is known."""


@dataclass(frozen=True, slots=True)
class LeafCoverage:
    """One test of a condition, what the examples made of it, and what it could become."""

    leaf: Leaf
    seen: frozenset[Truth]
    possible: frozenset[Truth]

    @property
    def missing(self) -> frozenset[Truth]:
        """The values that no example shows."""
        return self.possible - self.seen


@dataclass(frozen=True, slots=True)
class LimitCoverage:
    """One number of a condition, and whether an example stands below it, at it and above it."""

    leaf: Leaf
    limit: Decimal
    below: bool
    at: bool
    above: bool

    @property
    def missing(self) -> tuple[str, ...]:
        """The sides of the limit that no example is on."""
        sides = (("below", self.below), ("at", self.at), ("above", self.above))
        return tuple(name for name, seen in sides if not seen)


@dataclass(frozen=True, slots=True)
class RuleCoverage:
    """All tests and all limits of one rule, in the order written."""

    rule: str
    leaves: tuple[LeafCoverage, ...]
    limits: tuple[LimitCoverage, ...]

    @property
    def wanted(self) -> int:
        """How many things the examples should show."""
        return sum(len(leaf.possible) for leaf in self.leaves) + 3 * len(self.limits)

    @property
    def missing(self) -> int:
        """How many of them they do not show."""
        return sum(len(leaf.missing) for leaf in self.leaves) + sum(len(limit.missing) for limit in self.limits)

    def gaps(self) -> Iterator[str]:
        """What they do not show, a line each."""
        return _gaps(self)


def _gaps(coverage: RuleCoverage) -> Iterator[str]:
    for leaf in coverage.leaves:
        for value in sorted(leaf.missing, key=lambda truth: truth.value):
            yield f"'{leaf.leaf}' was never seen {value.name.lower()}"
    for limit in coverage.limits:
        for side in limit.missing:
            yield f"'{limit.leaf}' has no example {side} {limit.limit}"


def rule_coverage(knowledge: Knowledge, rule: Rule) -> RuleCoverage:
    """What the examples of one rule have seen of its condition."""
    cases = [findings_of(knowledge, rule, example) for example in rule.examples]
    tests = tuple(leaves(rule.when))
    return RuleCoverage(
        rule.id,
        tuple(
            LeafCoverage(leaf, frozenset(truth(leaf, case) for case in cases), _possible(knowledge, leaf))
            for leaf in tests
        ),
        tuple(_limit_coverage(rule, leaf, limit) for leaf in tests for limit in leaf.limits()),
    )


def coverage(knowledge: Knowledge) -> tuple[RuleCoverage, ...]:
    """What the examples of every rule have seen, in the order of the rules."""
    return tuple(rule_coverage(knowledge, rule) for rule in knowledge.rules)


def _possible(knowledge: Knowledge, leaf: Leaf) -> frozenset[Truth]:
    fact = knowledge.facts.get(leaf.finding)
    if leaf.word in _ABOUT_THE_RECORD:
        return frozenset({Truth.TRUE, Truth.FALSE})
    if leaf.word is None or fact is None:
        return frozenset(Truth)
    states = possible_states(fact)
    known = {truths[leaf.word is Word.ABSENT] for state, truths in _TRUTHS.items() if state in states}
    return frozenset({*known, Truth.UNKNOWN} if Status.UNKNOWN in states else known)


def _limit_coverage(rule: Rule, leaf: Leaf, limit: Decimal) -> LimitCoverage:
    given = [example.given[leaf.finding] for example in rule.examples if leaf.finding in example.given]
    return LimitCoverage(
        leaf,
        limit,
        below=any(state.high is not None and state.high < limit for state in given),
        at=any(state.low == state.high == limit for state in given),
        above=any(state.low is not None and state.low > limit for state in given),
    )
