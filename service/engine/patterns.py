"""Conditions as patterns over flat facts of integers, the only thing the engine is ever shown.

Each finding is one fact ``{n: name, s: status, lo: rank, hi: rank}``. The status is 0 absent,
1 unknown, 2 present. A number is not shown as itself but as its rank among the limits that the
rules compare it with: an odd rank is exactly a limit, an even rank lies between two limits.
So any decimal compares exactly, and no float reaches the engine.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from service.finding import Finding, Status
from service.knowledge.model import AllOf, Condition, Leaf, Word

ABSENT, UNKNOWN, PRESENT = 0, 1, 2
STATUS_NUMBER = {Status.ABSENT: ABSENT, Status.UNKNOWN: UNKNOWN, Status.PRESENT: PRESENT}


@dataclass(frozen=True, slots=True)
class Scale:
    """The limits a finding is compared with, and the rank of any number among them."""

    limits: tuple[Decimal, ...]

    def rank(self, number: Decimal) -> int:
        """Odd when the number is a limit, even when it lies between two."""
        index = bisect_left(self.limits, number)
        is_limit = index < len(self.limits) and self.limits[index] == number
        return 2 * index + is_limit

    @property
    def lowest(self) -> int:
        """The rank below every limit."""
        return 0

    @property
    def highest(self) -> int:
        """The rank above every limit."""
        return 2 * len(self.limits)

    def interval(self, finding: Finding) -> tuple[int, int]:
        """The ranks of the lowest and highest number the finding may stand for."""
        low = self.lowest if finding.low is None else self.rank(finding.low)
        high = self.highest if finding.high is None else self.rank(finding.high)
        return low, high


# One comparison of one property of a fact with a constant: (property, operator, number).
Test = tuple[str, str, int]


def _status_tests(word: Word, possibly: bool) -> list[Test]:
    match word:
        case Word.PRESENT:
            return [("s", "$gte", UNKNOWN)] if possibly else [("s", "$gte", PRESENT)]
        case Word.ABSENT:
            return [("s", "$lte", UNKNOWN)] if possibly else [("s", "$lte", ABSENT)]
        case Word.UNKNOWN:
            return [("s", "$gte", UNKNOWN), ("s", "$lte", UNKNOWN)]
        case Word.NOT_PRESENT:
            return [("s", "$lte", UNKNOWN)]
        case Word.NOT_ABSENT:
            return [("s", "$gte", UNKNOWN)]


def _comparison_tests(leaf: Leaf, scale: Scale, possibly: bool) -> list[Test]:
    """Surely: the whole interval is on the right side. Possibly: some of it is."""
    near, far = ("hi", "lo") if possibly else ("lo", "hi")
    tests: list[Test] = [("s", "$gte", UNKNOWN if possibly else PRESENT)]
    if leaf.at_least is not None:
        tests.append((near, "$gte", scale.rank(leaf.at_least)))
    if leaf.more_than is not None:
        tests.append((near, "$gt", scale.rank(leaf.more_than)))
    if leaf.less_than is not None:
        tests.append((far, "$lt", scale.rank(leaf.less_than)))
    return tests


def tests_of(leaf: Leaf, scales: Mapping[str, Scale], possibly: bool) -> tuple[Test, ...]:
    """What a fact must pass for the leaf to be surely, or possibly, true."""
    if leaf.word is not None:
        return tuple(_status_tests(leaf.word, possibly))
    return tuple(_comparison_tests(leaf, scales[leaf.finding], possibly))


def terms(condition: Condition) -> list[tuple[Leaf, ...]]:
    """The condition as alternatives of leaves that must all hold (disjunctive normal form)."""
    if isinstance(condition, Leaf):
        return [(condition,)]
    parts = [terms(part) for part in condition.parts]
    if isinstance(condition, AllOf):
        return [tuple(leaf for choice in choices for leaf in choice) for choices in product(*parts)]
    return [term for part in parts for term in part]


def grouped(term: Iterable[Leaf], scales: Mapping[str, Scale], possibly: bool) -> dict[str, tuple[Test, ...]]:
    """The tests of a term by finding.

    Leaves about one finding become one pattern, because in the engine two patterns of a rule never
    match the same fact.
    """
    tests: dict[str, set[Test]] = {}
    for leaf in term:
        tests.setdefault(leaf.finding, set()).update(tests_of(leaf, scales, possibly))
    return {name: tuple(sorted(found)) for name, found in sorted(tests.items())}


def scales_of(conditions: Sequence[Condition]) -> dict[str, Scale]:
    """The scale of every finding that some condition compares with a number."""
    limits: dict[str, set[Decimal]] = {}
    for condition in conditions:
        for term in terms(condition):
            for leaf in term:
                if leaf.is_comparison:
                    limits.setdefault(leaf.finding, set()).update(leaf.limits())
    return {name: Scale(tuple(sorted(found))) for name, found in limits.items()}
