"""Faults planted into rules on purpose, to see whether the examples and stories would notice.

A rule whose limit could be moved, whose test could be turned or dropped without any example
differing is a rule that nobody has really checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from service.engine.trace import read_plainly
from service.finding import Finding
from service.knowledge.conditions import Truth
from service.knowledge.examples import EXPECTED, outcome
from service.knowledge.model import AllOf, AnyOf, Condition, Knowledge, Leaf, Rule, Word
from service.knowledge.strata import rules_for, stratify

_TURNED: Mapping[Word, tuple[Word, ...]] = {
    Word.PRESENT: (Word.ABSENT, Word.NOT_ABSENT),
    Word.ABSENT: (Word.PRESENT, Word.NOT_PRESENT),
    Word.UNKNOWN: (Word.PRESENT, Word.ABSENT),
    Word.NOT_PRESENT: (Word.PRESENT, Word.ABSENT),
    Word.NOT_ABSENT: (Word.ABSENT, Word.PRESENT),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One chart as the stories tell it: the facts read from it and the hook it was asked under."""

    name: str
    hook: str
    facts: Mapping[str, Finding]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One rule with one planted fault."""

    rule: Rule
    fault: str
    when: Condition

    @property
    def mutated(self) -> Rule:
        return replace(self.rule, when=self.when)


def mutants(rule: Rule) -> Iterator[Mutant]:
    """The rule once with every single fault: limits moved, tests turned or dropped, all and any swapped."""
    for fault, when in _faults(rule.when):
        yield Mutant(rule, fault, when)


def _faults(condition: Condition) -> Iterator[tuple[str, Condition]]:
    if isinstance(condition, Leaf):
        yield from _leaf_faults(condition)
        return
    swapped = AnyOf if isinstance(condition, AllOf) else AllOf
    yield f"{'all' if swapped is AnyOf else 'any'} swapped", swapped(condition.parts)
    for place, part in enumerate(condition.parts):
        rest = condition.parts[:place] + condition.parts[place + 1 :]
        yield f"'{_named(part)}' dropped", rest[0] if len(rest) == 1 else type(condition)(rest)
        for fault, changed in _faults(part):
            parts = (*condition.parts[:place], changed, *condition.parts[place + 1 :])
            yield fault, type(condition)(parts)


def _named(condition: Condition) -> str:
    return str(condition) if isinstance(condition, Leaf) else "a group"


def _leaf_faults(leaf: Leaf) -> Iterator[tuple[str, Leaf]]:
    if leaf.word is not None:
        for word in _TURNED[leaf.word]:
            yield f"'{leaf}' turned to {word}", replace(leaf, word=word)
        return
    for name in ("at_least", "more_than", "less_than"):
        limit: Decimal | None = getattr(leaf, name)
        if limit is None:
            continue
        step = _step(limit)
        for moved in (limit - step, limit + step):
            yield f"'{leaf}' moved to {moved}", _with(leaf, name, moved)
    if leaf.at_least is not None:
        yield f"'{leaf}' turned to more than", replace(leaf, at_least=None, more_than=leaf.at_least)
    if leaf.more_than is not None:
        yield f"'{leaf}' turned to at least", replace(leaf, more_than=None, at_least=leaf.more_than)
    if leaf.less_than is not None and leaf.at_least is None:
        yield f"'{leaf}' turned to at least", replace(leaf, less_than=None, at_least=leaf.less_than)


def _with(leaf: Leaf, name: str, limit: Decimal) -> Leaf:
    if name == "at_least":
        return replace(leaf, at_least=limit)
    return replace(leaf, more_than=limit) if name == "more_than" else replace(leaf, less_than=limit)


def _step(limit: Decimal) -> Decimal:
    exponent = limit.normalize().as_tuple().exponent
    return Decimal(1).scaleb(min(0, exponent)) if isinstance(exponent, int) else Decimal(1)


def noticed_by_examples(knowledge: Knowledge, mutant: Mutant) -> bool:
    """Whether an example of the rule itself comes out otherwise than it expects."""
    changed = mutant.mutated
    return any(outcome(knowledge, changed, example) is not EXPECTED[example.expect] for example in mutant.rule.examples)


class Stories:
    """The stories as cases, with what each gives under the rules as they are."""

    def __init__(self, knowledge: Knowledge, cases: Sequence[Case]) -> None:
        self._cases = cases
        self._rules = {case.hook: rules_for(knowledge, case.hook) for case in cases}
        self._as_is = [self._answer(case, self._rules[case.hook]) for case in cases]

    def notice(self, mutant: Mutant) -> bool:
        """Whether any story gives another answer with the planted fault."""
        for case, before in zip(self._cases, self._as_is, strict=True):
            rules = self._rules[case.hook]
            if mutant.rule not in rules:
                continue
            changed = [mutant.mutated if rule.id == mutant.rule.id else rule for rule in rules]
            if self._answer(case, changed) != before:
                return True
        return False

    @staticmethod
    def _answer(case: Case, rules: Sequence[Rule]) -> frozenset[str]:
        reading = read_plainly(stratify(rules), case.facts)
        return frozenset(rule for rule, truth in reading.truths.items() if truth is Truth.TRUE)


@dataclass(frozen=True, slots=True)
class Result:
    """How many planted faults were noticed, and those that were not."""

    planted: int
    survivors: tuple[Mutant, ...]

    @property
    def share(self) -> float:
        return 1 - len(self.survivors) / self.planted if self.planted else 0.0


def plant_and_look(knowledge: Knowledge, cases: Sequence[Case], *, every: int = 1) -> Result:
    """Plant every fault (or every n-th, for a sample) and look whether examples or stories notice."""
    stories = Stories(knowledge, cases)
    planted = [mutant for rule in knowledge.rules for mutant in mutants(rule)][::every]
    unnoticed = (mutant for mutant in planted if not noticed_by_examples(knowledge, mutant))
    return Result(len(planted), tuple(mutant for mutant in unnoticed if not stories.notice(mutant)))
