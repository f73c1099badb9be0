"""Mutants of rules, faulty on purpose, to see whether examples, stories, vignettes or the locked tables would notice.

A rule whose limit could be moved, whose test could be turned or dropped without any example
differing is a rule that nobody has really checked.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from service.decision import suppressed_by
from service.engine.trace import Reading, read_plainly
from service.finding import Finding
from service.knowledge.conditions import Truth, truth
from service.knowledge.examples import EXPECTED, outcome
from service.knowledge.model import AllOf, AnyOf, Condition, Knowledge, Leaf, Rule, Word
from service.knowledge.strata import rules_for, stratify
from service.review.expectations import Expectation
from service.review.meaning import changed_rows

_TURNED: Mapping[Word, tuple[Word, ...]] = {
    Word.PRESENT: (Word.ABSENT, Word.NOT_ABSENT),
    Word.ABSENT: (Word.PRESENT, Word.NOT_PRESENT),
    Word.UNKNOWN: (Word.PRESENT, Word.ABSENT),
    Word.NOT_PRESENT: (Word.PRESENT, Word.ABSENT),
    Word.NOT_ABSENT: (Word.ABSENT, Word.PRESENT),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One chart: the facts read from it and the hook it was asked under.

    With ``expects`` a mutant is noticed when that is no longer met (vignettes); without, when the answer becomes
    another one than before (stories, whose whole answers are golden files).
    """

    name: str
    hook: str
    facts: Mapping[str, Finding]
    expects: Expectation | None = None


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mutant: a rule with one fault."""

    rule: Rule
    fault: str
    when: Condition

    @property
    def mutated(self) -> Rule:
        """The rule with the fault in it."""
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
    for index, part in enumerate(condition.parts):
        rest = condition.parts[:index] + condition.parts[index + 1 :]
        yield f"'{_named(part)}' dropped", rest[0] if len(rest) == 1 else type(condition)(rest)
        for fault, changed in _faults(part):
            parts = (*condition.parts[:index], changed, *condition.parts[index + 1 :])
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


class Charts:
    """Stories and vignettes, with what the rules as they are say to each."""

    def __init__(self, knowledge: Knowledge, cases: Sequence[Case]) -> None:
        self._rules = {case.hook: rules_for(knowledge, case.hook) for case in cases}
        self._strata = {hook: stratify(rules) for hook, rules in self._rules.items()}
        self._read = [(case, self._reading(case, self._strata[case.hook])) for case in cases]

    def notice(self, mutant: Mutant) -> bool:
        """Whether any chart shows the mutant."""
        return any(self._notices(case, before, mutant) for case, before in self._read)

    def _notices(self, case: Case, before: Reading, mutant: Mutant) -> bool:
        was = before.truths.get(mutant.rule.id)
        # All other rules see of this one only what it came to: where that is the same, nothing else changes.
        if was is None or truth(mutant.when, before.findings) is was:
            return False
        strata = [
            [mutant.mutated if rule.id == mutant.rule.id else rule for rule in stratum]
            for stratum in self._strata[case.hook]
        ]
        after = self._reading(case, strata)
        if case.expects is None:
            return _fired(after) != _fired(before)
        return any(case.expects.breaches(self._shown(case, after), _states(after)))

    def _reading(self, case: Case, strata: Sequence[Sequence[Rule]]) -> Reading:
        return read_plainly(strata, case.facts)

    def _shown(self, case: Case, reading: Reading) -> Mapping[str, str]:
        fired = [rule for rule in self._rules[case.hook] if reading.truths[rule.id] is Truth.TRUE]
        with_card = [rule for rule in fired if rule.card is not None and case.hook in rule.hooks]
        suppressed = suppressed_by(with_card)
        return {rule.id: rule.card.indicator.value for rule in with_card if rule.id not in suppressed and rule.card}


def _fired(reading: Reading) -> frozenset[str]:
    return frozenset(rule for rule, value in reading.truths.items() if value is Truth.TRUE)


def _states(reading: Reading) -> Mapping[str, str]:
    return {name: finding.status.value for name, finding in reading.findings.items()}


@dataclass(frozen=True, slots=True)
class Result:
    """The mutants, and which of them only the locked table notices, or nothing.

    The table is derived from the rule, so that what only it notices is locked against change and not shown to be right.
    """

    made_mutants: tuple[Mutant, ...]
    by_table_only: tuple[Mutant, ...]
    survivors: tuple[Mutant, ...]

    @property
    def by_people(self) -> int:
        """How many are noticed by what a person wrote: examples, stories, vignettes."""
        return len(self.made_mutants) - len(self.by_table_only) - len(self.survivors)

    @property
    def evident(self) -> float:
        """The share noticed by what a person wrote."""
        return self.by_people / len(self.made_mutants) if self.made_mutants else 0.0

    @property
    def share(self) -> float:
        """The share noticed by anything."""
        return 1 - len(self.survivors) / len(self.made_mutants) if self.made_mutants else 0.0

    def among(self, rules: Container[str]) -> Result:
        """The same, of some rules only."""
        parts = (self.made_mutants, self.by_table_only, self.survivors)
        return Result(*(tuple(mutant for mutant in part if mutant.rule.id in rules) for part in parts))


def notice_mutants(
    knowledge: Knowledge,
    cases: Sequence[Case],
    rules: Iterable[Rule] | None = None,
    *,
    every: int = 1,
    examples: bool = True,
) -> Result:
    """Make every mutant (or every n-th, for a sample) and look what notices: examples, charts, the locked table.

    Mutants are made of all rules, or of ``rules``. Without ``examples`` only the charts and the table are asked:
    charts were not made from the conditions they test.
    """
    charts = Charts(knowledge, cases)
    subjects = knowledge.rules if rules is None else rules
    made_mutants = [mutant for rule in subjects for mutant in mutants(rule)][::every]
    by_table: list[Mutant] = []
    survivors: list[Mutant] = []
    for mutant in made_mutants:
        if (examples and noticed_by_examples(knowledge, mutant)) or charts.notice(mutant):
            continue
        locked = changed_rows(knowledge, mutant.rule, mutant.mutated)
        (by_table if locked else survivors).append(mutant)
    return Result(tuple(made_mutants), tuple(by_table), tuple(survivors))
