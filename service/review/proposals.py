"""Examples a rule still lacks, proposed from its condition for the author to read and confirm.

For every test of the condition: a case in which this test alone decides, seen true, false and, where
it can be, unknown; and for every limit the value itself and both sides. What such a case is expected
to give is computed, so a proposal proves nothing until its author has compared it with the source.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import islice, product

from service.engine.patterns import terms
from service.finding import Finding, Status
from service.knowledge.conditions import Truth, truth
from service.knowledge.examples import EXPECTED
from service.knowledge.model import Condition, Example, Given, Leaf, Word, leaves

_MOST_WAYS = 64

_EXPECT = {truth: word for word, truth in EXPECTED.items()}

_TRUE_STATE = {
    Word.PRESENT: Status.PRESENT,
    Word.ABSENT: Status.ABSENT,
    Word.UNKNOWN: Status.UNKNOWN,
    Word.NOT_PRESENT: Status.ABSENT,
    Word.NOT_ABSENT: Status.PRESENT,
}
_FALSE_STATE = {
    Word.PRESENT: Status.ABSENT,
    Word.ABSENT: Status.PRESENT,
    Word.UNKNOWN: Status.PRESENT,
    Word.NOT_PRESENT: Status.PRESENT,
    Word.NOT_ABSENT: Status.ABSENT,
}


def propose_examples(condition: Condition, numeric: frozenset[str]) -> tuple[Example, ...]:
    """The cases that show what every test of the condition does. ``numeric`` names the findings that are numbers."""
    found: dict[tuple[tuple[str, str], ...], Example] = {}
    for name, findings in _cases(condition, numeric):
        given = {key: _given(value) for key, value in findings.items() if not _is_default(value, numeric)}
        key = tuple(sorted((finding, str(state)) for finding, state in given.items()))
        expect = _EXPECT[truth(condition, findings)]
        found.setdefault(key, Example(name=name, given=given, expect=expect))
    return tuple(found.values())


def _cases(condition: Condition, numeric: frozenset[str]) -> Iterator[tuple[str, dict[str, Finding]]]:
    all_leaves = tuple(dict.fromkeys(leaves(condition)))
    for leaf in all_leaves:
        context = _deciding(condition, leaf, numeric)
        if context is None:
            continue
        yield (
            f"It fires with {_leaf_text(leaf)}",
            context | {leaf.finding: _state(leaf, numeric, wanted=True)},
        )
        for finding, state in _others(leaf, numeric):
            yield f"{_words(leaf.finding)} {state}", context | {leaf.finding: finding}


def _deciding(condition: Condition, leaf: Leaf, numeric: frozenset[str]) -> dict[str, Finding] | None:
    """Findings under which the leaf alone decides the condition, or None if it never does.

    Best is a case that turns from true to false with the leaf; where two tests are about one finding
    that may not be had, and from true to undecided must do. A test such as "not present" is also tried with the
    finding unknown, because absent may make another test of the same finding true; and what fails one test of a
    finding may meet another, so every way of failing is tried.
    """
    failing = tuple(_ways_to_fail(condition, numeric))
    with_leaf = [term for term in terms(condition) if leaf in term]
    second_best = None
    for term, open_ones, failed in product(with_leaf, (False, True), failing):
        findings = failed | {item.finding: _state(item, numeric, wanted=True, open_ones=open_ones) for item in term}
        without = findings | {leaf.finding: _state(leaf, numeric, wanted=False)}
        if truth(condition, findings) is not Truth.TRUE:
            continue
        match truth(condition, without):
            case Truth.FALSE:
                return findings
            case Truth.UNKNOWN:
                second_best = second_best or findings
    return second_best


def _ways_to_fail(condition: Condition, numeric: frozenset[str]) -> Iterator[dict[str, Finding]]:
    """Findings that fail their tests: where several tests are about one finding, once for each of them."""
    states: dict[str, dict[Finding, None]] = {}
    for item in dict.fromkeys(leaves(condition)):
        states.setdefault(item.finding, {})[_state(item, numeric, wanted=False)] = None
    for chosen in islice(product(*(reversed(ways) for ways in states.values())), _MOST_WAYS):
        yield {finding.name: finding for finding in chosen}


def _state(leaf: Leaf, numeric: frozenset[str], *, wanted: bool, open_ones: bool = False) -> Finding:
    if wanted and open_ones and leaf.word in {Word.NOT_PRESENT, Word.NOT_ABSENT}:
        return Finding(leaf.finding, Status.UNKNOWN)
    if leaf.word is not None:
        status = (_TRUE_STATE if wanted else _FALSE_STATE)[leaf.word]
        if leaf.finding in numeric and status is Status.ABSENT:
            status = Status.UNKNOWN
        return Finding(leaf.finding, status)
    return _number(leaf.finding, _inside(leaf) if wanted else _outside(leaf))


def _inside(leaf: Leaf) -> Decimal:
    if leaf.at_least is not None:
        return leaf.at_least
    if leaf.more_than is not None:
        return leaf.more_than + _step(leaf.more_than)
    assert leaf.less_than is not None
    return leaf.less_than - _step(leaf.less_than)


def _outside(leaf: Leaf) -> Decimal:
    if leaf.at_least is not None:
        return leaf.at_least - _step(leaf.at_least)
    if leaf.more_than is not None:
        return leaf.more_than
    assert leaf.less_than is not None
    return leaf.less_than


def _step(limit: Decimal) -> Decimal:
    exponent = limit.normalize().as_tuple().exponent
    return Decimal(1).scaleb(min(0, exponent)) if isinstance(exponent, int) else Decimal(1)


def _others(leaf: Leaf, numeric: frozenset[str]) -> Iterator[tuple[Finding, str]]:
    if leaf.word is None:
        for limit in leaf.limits():
            for value in (limit - _step(limit), limit, limit + _step(limit)):
                yield _number(leaf.finding, value), f"is {value}"
        yield Finding(leaf.finding, Status.UNKNOWN), "is not recorded"
        return
    for status, state in (
        (Status.PRESENT, "is recorded"),
        (Status.ABSENT, "is recorded as absent"),
        (Status.UNKNOWN, "is not recorded"),
    ):
        if not (leaf.finding in numeric and status is Status.ABSENT):
            yield Finding(leaf.finding, status), state


def _leaf_text(leaf: Leaf) -> str:
    return str(leaf).replace("-", " ")


def _words(finding: str) -> str:
    text = finding.replace("-", " ")
    return text[:1].upper() + text[1:]


def _number(name: str, value: Decimal) -> Finding:
    return Finding(name, Status.PRESENT, low=value, high=value)


def _is_default(finding: Finding, numeric: frozenset[str]) -> bool:
    return finding.status is (Status.UNKNOWN if finding.name in numeric else Status.ABSENT)


def _given(finding: Finding) -> Given:
    return Given(finding.status.value, finding.low, finding.high)


def as_yaml(examples: Sequence[Example], indent: int = 2) -> str:
    """The examples as the items of a list in a rule file, ``indent`` spaces before each dash."""
    pad = " " * indent
    lines = []
    for example in examples:
        given = ", ".join(f"{name}: {_plain(state)}" for name, state in example.given.items())
        lines += [f"{pad}- {example.expect}: {example.name}", f"{pad}  given: {{{given}}}"]
    return "\n".join(lines) + "\n"


def with_examples(text: str, after: int, examples: Sequence[Example]) -> str:
    """The text of a rule file with more examples behind the one that begins in line ``after``; nothing else differs."""
    lines = text.splitlines(keepends=True)
    indent = len(lines[after - 1]) - len(lines[after - 1].lstrip())
    end = after
    while end < len(lines) and lines[end].strip() and len(lines[end]) - len(lines[end].lstrip()) > indent:
        end += 1
    return "".join([*lines[:end], as_yaml(examples, indent), *lines[end:]])


def _plain(state: Given) -> str:
    if state.low is None and state.high is None:
        return state.status
    if state.low is not None and state.low == state.high:
        return f"{state.low:f}"
    low, high = ("null" if side is None else f"{side:f}" for side in (state.low, state.high))
    return f"{{low: {low}, high: {high}}}"
