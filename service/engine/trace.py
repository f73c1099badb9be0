"""Why a rule fired or not, and the least change that would alter it.

Everything here is read with the plain meaning of conditions, never from the engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from msgspec import Struct

from service.finding import Finding, Status
from service.knowledge.conditions import Truth, truth
from service.knowledge.model import AllOf, Condition, Leaf, Rule, leaves


class Result(StrEnum):
    """What became of a rule in one decision."""

    FIRED = "fired"
    NOT_MET = "not-met"
    NOT_ENOUGH_DATA = "not-enough-data"

    # As the text it is: an enum hashes itself in Python.
    __hash__ = str.__hash__


_RESULTS = {Truth.TRUE: Result.FIRED, Truth.FALSE: Result.NOT_MET, Truth.UNKNOWN: Result.NOT_ENOUGH_DATA}


class Outcome(Struct, frozen=True, eq=False):
    """What became of one rule. ``findings`` are those it was read with, conclusions too."""

    rule: Rule
    result: Result
    findings: Mapping[str, Finding]
    suppressed_by: str | None = None

    def __eq__(self, other: object) -> bool:
        """The same rule came to the same, whatever it was read with."""
        return isinstance(other, Outcome) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        return f"Outcome({self.rule.id}, {self.result}, suppressed_by={self.suppressed_by})"

    @property
    def _key(self) -> tuple[Rule, Result, str | None]:
        return self.rule, self.result, self.suppressed_by

    @property
    def keeping(self) -> tuple[Leaf, ...]:
        """The tests that stopped the rule, or that could not be known. Worked out when asked: seldom, for few rules."""
        return () if self.result is Result.FIRED else tuple(_evaluate(self.rule.when, self.findings)[1])

    @property
    def stopped_by(self) -> tuple[str, ...]:
        """The tests that stopped the rule, or that could not be known, in words."""
        return tuple(dict.fromkeys(str(leaf) for leaf in self.keeping))


@dataclass(frozen=True, slots=True)
class Reading:
    """The plain reading of all rules: what each came to, and the findings with all conclusions closed."""

    truths: Mapping[str, Truth]
    findings: Mapping[str, Finding]
    conclusions: Mapping[str, Status]


def read_plainly(strata: Sequence[Sequence[Rule]], facts: Mapping[str, Finding]) -> Reading:
    """The same question the engine answers, read with ``conditions.truth``: the second engine."""
    findings = dict(facts)
    truths: dict[str, Truth] = {}
    statuses: dict[str, Status] = {}
    for stratum in strata:
        for rule in stratum:
            truths[rule.id] = truth(rule.when, findings)
        _close(concluded(stratum), truths, findings, statuses)
    return Reading(truths, findings, statuses)


class Concluded(Struct, frozen=True):
    """A conclusion of a stratum, the rules that draw it, and what it is when none of them holds."""

    name: str
    rules: tuple[Rule, ...]
    absent: Finding
    unknown: Finding


def concluded(stratum: Iterable[Rule]) -> tuple[Concluded, ...]:
    """The conclusions of a stratum, in the order of its rules."""
    rules: dict[str, list[Rule]] = {}
    for rule in stratum:
        if rule.concludes is not None:
            rules.setdefault(rule.concludes, []).append(rule)
    return tuple(
        Concluded(name, tuple(found), Finding(name, Status.ABSENT), Finding(name, Status.UNKNOWN))
        for name, found in rules.items()
    )


def read_again(
    conclusions: Iterable[Iterable[Concluded]], facts: Mapping[str, Finding], truths: Mapping[str, Truth]
) -> Reading:
    """The plain reading of facts whose ``truths`` are known already, because both engines agreed on the same vector.

    Only what stands behind the conclusions (of each stratum) is gathered anew: evidence is the patient's own.
    """
    findings = dict(facts)
    statuses: dict[str, Status] = {}
    for of_stratum in conclusions:
        _close(of_stratum, truths, findings, statuses)
    return Reading(truths, findings, statuses)


def _close(
    conclusions: Iterable[Concluded],
    truths: Mapping[str, Truth],
    findings: dict[str, Finding],
    statuses: dict[str, Status],
) -> None:
    """Add what the rules of a stratum conclude, by their truths."""
    for one in conclusions:
        finding = _conclude(one, truths, findings)
        findings[one.name] = finding
        statuses[one.name] = finding.status


def _conclude(one: Concluded, truths: Mapping[str, Truth], findings: Mapping[str, Finding]) -> Finding:
    strongest = max([truths[rule.id] for rule in one.rules])
    if strongest is Truth.FALSE:
        return one.absent
    if strongest is Truth.UNKNOWN:
        return one.unknown
    evidence = {
        item: None
        for rule in one.rules
        if truths[rule.id] is Truth.TRUE
        for finding in supports(rule.when, findings)
        for item in finding.evidence
    }
    return Finding(one.name, Status.PRESENT, evidence=tuple(evidence))


def supports(condition: Condition, findings: Mapping[str, Finding]) -> tuple[Finding, ...]:
    """The present findings that make the condition true, in the order the condition names them."""
    found = {
        leaf.finding: findings[leaf.finding]
        for leaf in leaves(condition)
        if findings[leaf.finding].status is Status.PRESENT and truth(leaf, findings) is Truth.TRUE
    }
    return tuple(found.values())


def outcomes_of(rules: Iterable[Rule], reading: Reading) -> tuple[Outcome, ...]:
    """What became of each rule, with the tests that stopped it or that could not be known."""
    truths, findings = reading.truths, reading.findings
    return tuple([Outcome(rule, _RESULTS[truths[rule.id]], findings) for rule in rules])


def undecided_leaves(condition: Condition, findings: Mapping[str, Finding]) -> tuple[Leaf, ...]:
    """The tests that keep an undecided condition undecided."""
    answer, keeping = _evaluate(condition, findings)
    return tuple(keeping) if answer is Truth.UNKNOWN else ()


def _evaluate(condition: Condition, findings: Mapping[str, Finding]) -> tuple[Truth, list[Leaf]]:
    """What the condition comes to, and the leaves that keep it there."""
    if isinstance(condition, Leaf):
        return truth(condition, findings), [condition]
    answered = [_evaluate(part, findings) for part in condition.parts]
    answers = [answer for answer, _ in answered]
    answer = min(answers) if isinstance(condition, AllOf) else max(answers)
    return answer, [leaf for part, keeping in answered if part is answer for leaf in keeping]


@dataclass(frozen=True, slots=True)
class Change:
    """One test that would have to come out the other way."""

    test: Leaf
    now: Truth
    wanted: Truth

    def __str__(self) -> str:
        verb = "hold" if self.wanted is Truth.TRUE else "not hold"
        return f"'{self.test}' would have to {verb}"


def least_change(condition: Condition, findings: Mapping[str, Finding]) -> tuple[Change, ...]:
    """The fewest tests that would have to come out differently for the rule to come out differently.

    For a rule that fired: to stop it. For one that did not: to fire it. Tests are counted one by
    one; that two tests may hang on the same finding is not looked at.
    """
    wanted = Truth.FALSE if truth(condition, findings) is Truth.TRUE else Truth.TRUE
    return _changes(condition, findings, wanted)


def _changes(condition: Condition, findings: Mapping[str, Finding], wanted: Truth) -> tuple[Change, ...]:
    now = truth(condition, findings)
    if now is wanted:
        return ()
    if isinstance(condition, Leaf):
        return (Change(condition, now, wanted),)
    parts = [_changes(part, findings, wanted) for part in condition.parts]
    # All parts must be true for "all", and all must be false to make "any" false.
    if isinstance(condition, AllOf) == (wanted is Truth.TRUE):
        return tuple(change for part in parts for change in part)
    return min(parts, key=len)
