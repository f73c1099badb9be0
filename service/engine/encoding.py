"""A stratum of rules as the engine reads it: one flat fact per rule, one pattern per alternative.

The fact of a rule holds the statuses and ranks of exactly the findings that the rule reads, so that no
pattern joins two facts: ``{"id":"r7","sid":"0","n":"r7","s0":2,"s1":0,"lo1":3,"hi1":3}``. Each alternative
of the rule (disjunctive normal form) is one engine rule with one pattern over that fact.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from service.engine.patterns import Scale, Test, grouped, terms
from service.engine.vector import Layout, Vector, bounds_of, within
from service.errors import EnvelopeError, Issue
from service.knowledge.model import Rule

# Limits of durable-rules 2.0.28 with a margin: 511 names in one rule set (beyond that loading never ends),
# 64 tests on one level that one fact passes, 252 properties of one fact, 255 rules on one pattern.
# The time of one rule set grows faster than its facts: with so few, four times the rules take four times the time.
FACTS_PER_RULE_SET = 20
ALTERNATIVES_PER_FACT = 50
FINDINGS_PER_RULE = 60

SESSION = "0"
START = '{"id":"s","sid":"0","start":1}'

# One alternative of a rule: the tests of each finding that it reads.
_Tests = Mapping[str, tuple[Test, ...]]
# Property of the fact, operator, number.
_Comparison = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Alternative:
    """What the firing of one engine rule says.

    A card rule fires only when it surely holds. A rule that concludes is matched as soon as it possibly
    holds; ``surely`` are the stricter bounds that tell from the patient's vector whether it surely does. So
    every such rule stands in the engine once and not twice.
    """

    rule: str
    concludes: str | None
    support: tuple[str, ...]
    surely: tuple[tuple[int, int, int], ...]

    def holds_surely(self, vector: Vector) -> bool:
        """Whether the patient's vector passes the stricter tests too."""
        return within(vector, self.surely)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One native rule set: its definition, the alternatives by engine rule name, and its facts as a template."""

    definition: Mapping[str, object]
    alternatives: Mapping[str, Alternative]
    template: str
    indexes: tuple[int, ...]

    def writer(self) -> Callable[[Vector], str]:
        """A function that writes the facts of this rule set for a patient's vector, the start fact first."""
        template = self.template
        if len(self.indexes) == 1:
            (index,) = self.indexes
            return lambda vector: template % vector[index]
        pick = itemgetter(*self.indexes)
        return lambda vector: template % pick(vector)


def rule_sets(stratum: Sequence[Rule], layout: Layout, scales: Mapping[str, Scale]) -> list[RuleSet]:
    """The native rule sets of a stratum: one, or as many as the engine's limits ask for.

    Raises EnvelopeError when a rule reads more findings than one fact may hold.
    """
    parts = [part for rule in stratum for part in _parts(rule, scales)]
    return [
        _rule_set(parts[first : first + FACTS_PER_RULE_SET], layout, scales)
        for first in range(0, len(parts), FACTS_PER_RULE_SET)
    ]


def _parts(rule: Rule, scales: Mapping[str, Scale]) -> Iterator[tuple[Rule, list[tuple[_Tests, _Tests]]]]:
    """The rule with its alternatives (matched, surely), as many at a time as one fact may be tested for."""
    if len(rule.reads) > FINDINGS_PER_RULE:
        text = f"this rule reads {len(rule.reads)} findings, more than {FINDINGS_PER_RULE}"
        raise EnvelopeError([Issue(rule.at, text, "conclude part of it in a rule of its own")])
    alternatives: dict[str, tuple[_Tests, _Tests]] = {}
    for term in terms(rule.when):
        surely = grouped(term, scales, possibly=False)
        matched = surely if rule.concludes is None else grouped(term, scales, possibly=True)
        alternatives.setdefault(repr((matched, surely)), (matched, surely))
    found = list(alternatives.values())
    for first in range(0, len(found), ALTERNATIVES_PER_FACT):
        yield rule, found[first : first + ALTERNATIVES_PER_FACT]


def _rule_set(
    parts: Sequence[tuple[Rule, list[tuple[_Tests, _Tests]]]], layout: Layout, scales: Mapping[str, Scale]
) -> RuleSet:
    definition: dict[str, object] = {"start": {"all": [{"start": {"start": 1}}]}}
    alternatives: dict[str, Alternative] = {}
    texts, indexes = [START], []
    for number, (rule, of_rule) in enumerate(parts):
        fact = f"r{number}"
        columns = {name: column for column, name in enumerate(sorted(rule.reads))}
        properties = [(name, prop) for name in columns for prop in (("s", "lo", "hi") if name in scales else ("s",))]
        # The template is filled with %, and no name in it is anybody's but ours: no escaping is needed.
        values = ",".join(f'"{prop}{columns[name]}":%d' for name, prop in properties)
        texts.append(f'{{"id":"{fact}","sid":"{SESSION}","n":"{fact}",{values}}}')
        indexes += [layout.index(name, prop) for name, prop in properties]
        often = Counter(one for matched, _ in of_rule for one in _comparisons(matched, columns))
        for matched, surely in of_rule:
            name = f"a{len(alternatives)}"
            definition[name] = {"all": [{"m": _pattern(fact, matched, columns, often)}]}
            stricter = {finding: tests for finding, tests in surely.items() if matched[finding] != tests}
            alternatives[name] = Alternative(
                rule.id, rule.concludes, tuple(sorted(matched)), bounds_of(_by_index(stricter, layout))
            )
    return RuleSet(definition, alternatives, f"[{','.join(texts)}]", tuple(indexes))


def _pattern(
    fact: str, tests: _Tests, columns: Mapping[str, int], often: Mapping[_Comparison, int]
) -> dict[str, object]:
    """A pattern over the fact of a rule; ``often`` says in how many alternatives of the rule a comparison stands.

    The engine holds one node of some kilobytes for each different beginning of patterns, so what is shared comes first.
    """
    shared_first = sorted(_comparisons(tests, columns), key=lambda one: (-often[one], one))
    comparisons = [{operator: {column: number}} for column, operator, number in shared_first]
    # The name stands first, so that a fact is held against the alternatives of its own rule only.
    return {"$and": [{"n": fact}, *comparisons]}


def _comparisons(tests: _Tests, columns: Mapping[str, int]) -> Iterator[_Comparison]:
    for finding, of_finding in tests.items():
        for prop, operator, number in of_finding:
            yield f"{prop}{columns[finding]}", operator, number


def _by_index(tests: _Tests, layout: Layout) -> dict[int, list[tuple[str, int]]]:
    found: dict[int, list[tuple[str, int]]] = {}
    for finding, of_finding in tests.items():
        for prop, operator, number in of_finding:
            found.setdefault(layout.index(finding, prop), []).append((operator, number))
    return found
