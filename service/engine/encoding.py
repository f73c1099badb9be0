"""A stratum of rules as the engine reads it: one flat fact per rule, one pattern per alternative.

The fact of a rule holds the statuses and ranks of exactly the findings that the rule reads, so that no
pattern joins two facts: ``{"id":"r7","sid":"0","n":"r7","s0":2,"s1":0,"lo1":3,"hi1":3}``. Each alternative
of the rule (disjunctive normal form) is one engine rule with one pattern over that fact.

A native rule set holds rules of several hooks and of several strata. What it is not shown the fact of says nothing,
so each stratum of each hook writes the facts of its own rules only.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from service.engine.grouping import groups
from service.engine.patterns import Scale, Test, grouped, scales_of, terms
from service.engine.vector import Layout, Vector, bounds_of, within
from service.errors import EnvelopeError, Issue
from service.knowledge.model import Rule

# Limits of durable-rules 2.0.28 with a margin: 511 names in one rule set (beyond that loading never ends),
# 64 tests on one level that one fact passes, 252 properties of one fact, 255 rules on one pattern.
ALTERNATIVES_PER_FACT = 50
FINDINGS_PER_RULE = 60

SESSION = "0"
START = '{"id":"s","sid":"0","start":1}'

# One alternative of a rule: the tests of each finding that it reads.
_Tests = Mapping[str, tuple[Test, ...]]
# Property of the fact, operator, number.
_Comparison = tuple[str, str, int]
# The properties of a finding that a rule compares with a number.
_RANKED = ("s", "lo", "hi")


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
    """What a stratum of a hook asks of one native rule set.

    The definition as JSON, the alternatives of its own rules by engine rule name, and their facts as a template.
    """

    definition: str
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


@dataclass(frozen=True, slots=True)
class _Part:
    """A rule, or as many of its alternatives (matched, surely) as one fact may be tested for."""

    rule: Rule
    alternatives: Sequence[tuple[_Tests, _Tests]]


@dataclass(frozen=True, slots=True)
class Encoded:
    """A program as the engine reads it: its vector, and for each stratum what is asked of native rule sets."""

    layout: Layout
    strata: tuple[tuple[RuleSet, ...], ...]


def encoded(programs: Mapping[str, Sequence[Sequence[Rule]]]) -> dict[str, Encoded]:
    """Programs for the engine, by name, each given as its strata.

    A rule stands in one native rule set, whichever programs run it. Raises EnvelopeError when a rule reads more
    findings than one fact may hold.
    """
    run_at: dict[str, set[tuple[str, int]]] = {}
    rules: dict[str, Rule] = {}
    for program, strata in programs.items():
        for number, stratum in enumerate(strata):
            rules |= {rule.id: rule for rule in stratum}
            for rule in stratum:
                run_at.setdefault(rule.id, set()).add((program, number))
    scales = scales_of([rule.when for rule in rules.values()])
    parts = [part for rule in rules.values() for part in _parts(rule, scales)]
    together = groups([frozenset(run_at[part.rule.id]) for part in parts])
    grouped_parts = [[parts[index] for index in group] for group in together]
    return {name: _encoded(strata, grouped_parts, scales) for name, strata in programs.items()}


def _encoded(
    strata: Sequence[Sequence[Rule]], grouped_parts: Sequence[Sequence[_Part]], scales: Mapping[str, Scale]
) -> Encoded:
    rules = [rule for stratum in strata for rule in stratum]
    concluded = {rule.concludes for rule in rules if rule.concludes is not None}
    read = {name for rule in rules for name in rule.reads}
    compared = {name: scales[name] for name in scales_of([rule.when for rule in rules])}
    layout = Layout(sorted(read - concluded), sorted(concluded), compared)
    return Encoded(layout, tuple(tuple(_rule_sets(stratum, grouped_parts, layout)) for stratum in strata))


def _rule_sets(stratum: Sequence[Rule], grouped_parts: Sequence[Sequence[_Part]], layout: Layout) -> Iterator[RuleSet]:
    own = {rule.id for rule in stratum}
    for parts in grouped_parts:
        if any(part.rule.id in own for part in parts):
            yield _rule_set(parts, own, layout)


def _parts(rule: Rule, scales: Mapping[str, Scale]) -> Iterator[_Part]:
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
        yield _Part(rule, found[first : first + ALTERNATIVES_PER_FACT])


def _rule_set(parts: Sequence[_Part], own: Collection[str], layout: Layout) -> RuleSet:
    definition: dict[str, object] = {"start": {"all": [{"start": {"start": 1}}]}}
    alternatives: dict[str, Alternative] = {}
    texts, indexes = [START], []
    for number, part in enumerate(parts):
        fact, rule = f"r{number}", part.rule
        columns = {name: column for column, name in enumerate(sorted(rule.reads))}
        if rule.id in own:
            compared = scales_of([rule.when])
            properties = [(name, prop) for name in columns for prop in (_RANKED if name in compared else ("s",))]
            # The template is filled with %, and no name in it is anybody's but ours: no escaping is needed.
            values = ",".join(f'"{prop}{columns[name]}":%d' for name, prop in properties)
            texts.append(f'{{"id":"{fact}","sid":"{SESSION}","n":"{fact}",{values}}}')
            indexes += [layout.index(name, prop) for name, prop in properties]
        often = Counter(one for matched, _ in part.alternatives for one in _comparisons(matched, columns))
        for matched, surely in part.alternatives:
            name = f"a{len(definition)}"
            definition[name] = {"all": [{"m": _pattern(fact, matched, columns, often)}]}
            if rule.id in own:
                alternatives[name] = _alternative(rule, matched, surely, layout)
    return RuleSet(json.dumps(definition), alternatives, f"[{','.join(texts)}]", tuple(indexes))


def _alternative(rule: Rule, matched: _Tests, surely: _Tests, layout: Layout) -> Alternative:
    stricter = {finding: tests for finding, tests in surely.items() if matched[finding] != tests}
    return Alternative(rule.id, rule.concludes, tuple(sorted(matched)), bounds_of(_by_index(stricter, layout)))


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
