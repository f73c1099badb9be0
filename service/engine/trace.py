"""Why a rule fired or not, and the least change that would alter it.

Everything here is read with the plain meaning of conditions, never from the engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import overload

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


RESULTS = MappingProxyType(
    {Truth.TRUE: Result.FIRED, Truth.FALSE: Result.NOT_MET, Truth.UNKNOWN: Result.NOT_ENOUGH_DATA}
)


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


class InOrder:
    """The rules of one hook in the order in which they are run."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Where each rule stands."""
        return {rule.id: index for index, rule in enumerate(self.rules)}


class Truths(Mapping[str, Truth]):
    """What rules came to, by rule, read from a byte for each."""

    __slots__ = ("_bytes", "_of")

    def __init__(self, of: InOrder, truths: bytes) -> None:
        self._of, self._bytes = of, truths

    def __getitem__(self, rule_id: str) -> Truth:
        return Truth(self._bytes[self._of.index[rule_id]])

    def __iter__(self) -> Iterator[str]:
        return iter(self._of.index)

    def __len__(self) -> int:
        return len(self._bytes)


class Outcomes(Sequence[Outcome]):
    """What became of the rules of one hook, in their order; each is made when it is asked for.

    ``truths`` has a byte for each rule, ``suppressed`` says of some by which rule they are covered.
    """

    __slots__ = ("_findings", "of", "suppressed", "truths")

    def __init__(
        self, of: InOrder, truths: bytes, findings: Mapping[str, Finding], suppressed: Mapping[str, str]
    ) -> None:
        self.of, self.truths, self.suppressed, self._findings = of, truths, suppressed, findings

    def rule(self, rule_id: str) -> Rule:
        """One of the rules. Raises KeyError when the hook does not run it."""
        return self.of.rules[self.of.index[rule_id]]

    @overload
    def __getitem__(self, index: int) -> Outcome: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Outcome, ...]: ...
    def __getitem__(self, index: int | slice) -> Outcome | tuple[Outcome, ...]:
        if isinstance(index, slice):
            return tuple(self)[index]
        rule = self.of.rules[index]
        return Outcome(rule, RESULTS[Truth(self.truths[index])], self._findings, self.suppressed.get(rule.id))

    def __len__(self) -> int:
        return len(self.truths)

    def __iter__(self) -> Iterator[Outcome]:
        return map(self.__getitem__, range(len(self.truths)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # what was found is no key


NO_OUTCOMES = Outcomes(InOrder(()), b"", {}, {})
"""Of a decision for which no rule was asked."""


class Reading(Struct, frozen=True):
    """The plain reading of all rules: what each came to, and the findings with all conclusions closed.

    ``concluded`` are all conclusions, ``behind`` the findings on which those that are present depend.
    """

    truths: Mapping[str, Truth]
    findings: Mapping[str, Finding]
    concluded: Sequence[Concluded]
    behind: Mapping[str, tuple[str, ...]]

    @property
    def conclusions(self) -> Mapping[str, Status]:
        """What became of each conclusion."""
        return {one.name: self.findings[one.name].status for one in self.concluded}


def read_plainly(strata: Sequence[Sequence[Rule]], facts: Mapping[str, Finding]) -> Reading:
    """The same question the engine answers, read with ``conditions.truth``: the second engine."""
    findings = dict(facts)
    truths: dict[str, Truth] = {}
    closed: list[Concluded] = []
    behind: dict[str, tuple[str, ...]] = {}
    for stratum in strata:
        for rule in stratum:
            truths[rule.id] = truth(rule.when, findings)
        closed += (of_stratum := concluded(stratum))
        for one in of_stratum:
            strongest = max(truths[rule.id] for rule in one.rules)
            if strongest is Truth.TRUE:
                behind[one.name] = _behind(one, truths, findings)
                findings[one.name] = _present(one.name, behind[one.name], findings)
            else:
                findings[one.name] = one.standing[strongest]
    return Reading(truths, findings, closed, behind)


class Concluded(Struct, frozen=True):
    """A conclusion of a stratum, the rules that draw it, and what it is by the strongest: still without evidence.

    ``standing`` is in the order of ``Truth`` and of ``STATUS_NUMBER``.
    """

    name: str
    rules: tuple[Rule, ...]
    standing: tuple[Finding, Finding, Finding]


def concluded(stratum: Iterable[Rule]) -> tuple[Concluded, ...]:
    """The conclusions of a stratum, in the order of its rules."""
    rules: dict[str, list[Rule]] = {}
    for rule in stratum:
        if rule.concludes is not None:
            rules.setdefault(rule.concludes, []).append(rule)
    return tuple(Concluded(name, tuple(found), _standing(name)) for name, found in rules.items())


def _standing(name: str) -> tuple[Finding, Finding, Finding]:
    return Finding(name, Status.ABSENT), Finding(name, Status.UNKNOWN), Finding(name, Status.PRESENT)


def closed_again(
    conclusions: Sequence[Concluded],
    statuses: bytes,
    behind: Mapping[str, tuple[str, ...]],
    facts: Mapping[str, Finding],
) -> dict[str, Finding]:
    """The findings of a reading of facts of which the rules are known to make the same as of others before.

    ``statuses`` has a byte for each conclusion. Only what stands ``behind`` those that are
    present is gathered anew: evidence is the patient's own.
    """
    findings = dict(facts)
    for one, status in zip(conclusions, statuses, strict=True):
        findings[one.name] = one.standing[status]
    for name, those in behind.items():
        findings[name] = _present(name, those, findings)
    return findings


def _behind(one: Concluded, truths: Mapping[str, Truth], findings: Mapping[str, Finding]) -> tuple[str, ...]:
    """The findings that make the rules true which draw a conclusion."""
    holding = (rule for rule in one.rules if truths[rule.id] is Truth.TRUE)
    return tuple(dict.fromkeys(found.name for rule in holding for found in supports(rule.when, findings)))


def _present(name: str, behind: Iterable[str], findings: Mapping[str, Finding]) -> Finding:
    """A conclusion with all that stands behind it, each entry once."""
    evidence = {item: None for each in behind for item in findings[each].evidence}
    return Finding(name, Status.PRESENT, evidence=tuple(evidence))


def supports(condition: Condition, findings: Mapping[str, Finding]) -> tuple[Finding, ...]:
    """The present findings that make the condition true, in the order the condition names them."""
    found = {
        leaf.finding: findings[leaf.finding]
        for leaf in leaves(condition)
        if findings[leaf.finding].status is Status.PRESENT and truth(leaf, findings) is Truth.TRUE
    }
    return tuple(found.values())


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
