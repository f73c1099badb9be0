"""What rules may still come to when only some findings are known and every other one is free.

Three-valued intervals over the strata: of each finding the set of statuses it may have, of each condition the set of
truth values it may come to. A value that is not in the answer is impossible for every patient. One that is in it need
not be possible: findings are taken one by one, so the answer errs on the side of more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product

from service.engine.patterns import STATUS_NUMBER
from service.finding import Finding, Status
from service.knowledge.conditions import Truth, truth
from service.knowledge.model import AllOf, Condition, Leaf, Rule, Word

# A set of statuses or of truth values is a number with one bit for each: 1, 2 and 4.
_SETS = range(8)
_ANY = 7
FALSE, UNDECIDED, TRUE = (1 << value for value in sorted(Truth))
_BIT = {status: 1 << number for status, number in STATUS_NUMBER.items()}
ONLY_ABSENT = _BIT[Status.ABSENT]

Known = Mapping[str, Finding]
_Test = Callable[[list[int], Known], int]


def _combined(combine: Callable[[Truth, Truth], Truth]) -> tuple[tuple[int, ...], ...]:
    """For any two sets of truth values the set of what two conditions of them may come to together."""

    def of(one: int, other: int) -> int:
        values = {combine(a, b) for a, b in product(Truth, Truth) if one & 1 << a and other & 1 << b}
        return sum(1 << value for value in values)

    return tuple(tuple(of(one, other) for other in _SETS) for one in _SETS)


_BOTH, _EITHER = _combined(min), _combined(max)


def statuses(found: Iterable[Status]) -> int:
    """A set of statuses as its number."""
    return sum(_BIT[status] for status in set(found))


class Possible:
    """The rules of one hook, made ready to ask what they may come to.

    ``states`` are the statuses that each fact may have at all; a fact that is not named may have any.
    """

    def __init__(self, strata: Sequence[Sequence[Rule]], states: Mapping[str, int]) -> None:
        self._indexes: dict[str, int] = {}
        self._free: list[int] = []
        rules = [rule for stratum in strata for rule in stratum]
        for name in dict.fromkeys(name for rule in rules for name in (*sorted(rule.reads), *rule.mentions)):
            self._add(name, states.get(name, _ANY))
        for name in states:
            self._add(name, states[name])
        for rule in rules:
            if rule.concludes is not None:
                self._add(rule.concludes, 0)
        self._plan = [[(rule.id, rule.concludes, self._test(rule.when)) for rule in stratum] for stratum in strata]

    def _add(self, name: str, states: int) -> None:
        if name not in self._indexes:
            self._indexes[name] = len(self._free)
            self._free.append(states)

    def come_to(self, known: Known) -> tuple[dict[str, int], Callable[[str], int]]:
        """For each rule the truth values it may come to, and a function that tells the statuses a finding may have.

        ``known`` are facts that are as given; all others are free.
        """
        states = self._free.copy()
        for name, finding in known.items():
            if (index := self._indexes.get(name)) is not None:
                states[index] = _BIT[finding.status]
        truths: dict[str, int] = {}
        for stratum in self._plan:
            closed: dict[str, int] = {}
            for rule, concludes, test in stratum:
                truths[rule] = found = test(states, known)
                if concludes is not None:
                    closed[concludes] = _EITHER[closed.get(concludes, FALSE)][found]
            # A conclusion is as true as the truest of its rules: absent, unknown, present stand in the same order.
            for name, found in closed.items():
                states[self._indexes[name]] = found
        return truths, lambda name: states[self._indexes[name]]

    def _test(self, condition: Condition) -> _Test:
        if isinstance(condition, Leaf):
            return self._leaf(condition)
        tests = [self._test(part) for part in condition.parts]
        table, begin = (_BOTH, TRUE) if isinstance(condition, AllOf) else (_EITHER, FALSE)

        def test(states: list[int], known: Known) -> int:
            found = begin
            for part in tests:
                found = table[found][part(states, known)]
            return found

        return test

    def _leaf(self, leaf: Leaf) -> _Test:
        index, name = self._indexes[leaf.finding], leaf.finding
        if leaf.word is not None:
            table = _word_table(leaf.word)
            return lambda states, _known: table[states[index]]

        def compare(states: list[int], known: Known) -> int:
            finding = known.get(name)
            return _COMPARED[states[index]] if finding is None else 1 << truth(leaf, known)

        return compare


def _word_table(word: Word) -> tuple[int, ...]:
    """For each set of statuses the set of what a word about them may come to."""
    leaf = Leaf("it", word)
    answers = {bit: 1 << truth(leaf, {"it": Finding("it", status)}) for status, bit in _BIT.items()}
    return tuple(_union(answers, states) for states in _SETS)


def _union(answers: Mapping[int, int], states: int) -> int:
    found = 0
    for bit, answer in answers.items():
        if states & bit:
            found |= answer
    return found


# A comparison with a number that is not known: false where the fact is absent, else open; present may be any number.
_COMPARED = tuple(
    _union({_BIT[Status.ABSENT]: FALSE, _BIT[Status.UNKNOWN]: UNDECIDED, _BIT[Status.PRESENT]: _ANY}, states)
    for states in _SETS
)
