"""What a condition means, in plain three-valued Python.

This page is the second engine: it shares the rule model with ``engine/chaining.py`` and nothing
else, and every decision is made by both.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import IntEnum

from service.finding import Finding, Status
from service.knowledge.model import AllOf, Condition, Leaf, Word


class Truth(IntEnum):
    """Kleene's three truth values, in their order."""

    FALSE = 0
    UNKNOWN = 1
    TRUE = 2

    # As the number it is: an enum hashes itself in Python.
    __hash__ = int.__hash__


_WORDS: Mapping[Word, Mapping[Status, Truth]] = {
    Word.PRESENT: {Status.PRESENT: Truth.TRUE, Status.ABSENT: Truth.FALSE, Status.UNKNOWN: Truth.UNKNOWN},
    Word.ABSENT: {Status.PRESENT: Truth.FALSE, Status.ABSENT: Truth.TRUE, Status.UNKNOWN: Truth.UNKNOWN},
    # These three are about the record, not the patient, so they are never unknown.
    Word.UNKNOWN: {Status.PRESENT: Truth.FALSE, Status.ABSENT: Truth.FALSE, Status.UNKNOWN: Truth.TRUE},
    Word.NOT_PRESENT: {Status.PRESENT: Truth.FALSE, Status.ABSENT: Truth.TRUE, Status.UNKNOWN: Truth.TRUE},
    Word.NOT_ABSENT: {Status.PRESENT: Truth.TRUE, Status.ABSENT: Truth.FALSE, Status.UNKNOWN: Truth.TRUE},
}


def _at_least(finding: Finding, limit: Decimal) -> Truth:
    if finding.low is not None and finding.low >= limit:
        return Truth.TRUE
    if finding.high is not None and finding.high < limit:
        return Truth.FALSE
    return Truth.UNKNOWN


def _more_than(finding: Finding, limit: Decimal) -> Truth:
    if finding.low is not None and finding.low > limit:
        return Truth.TRUE
    if finding.high is not None and finding.high <= limit:
        return Truth.FALSE
    return Truth.UNKNOWN


def _less_than(finding: Finding, limit: Decimal) -> Truth:
    return _NOT[_at_least(finding, limit)]


_NOT = {Truth.TRUE: Truth.FALSE, Truth.UNKNOWN: Truth.UNKNOWN, Truth.FALSE: Truth.TRUE}


def _test(leaf: Leaf, finding: Finding) -> Truth:
    if leaf.word is not None:
        return _WORDS[leaf.word][finding.status]
    if finding.status is Status.ABSENT:
        return Truth.FALSE
    answers = [
        compare(finding, limit)
        for compare, limit in (
            (_at_least, leaf.at_least),
            (_more_than, leaf.more_than),
            (_less_than, leaf.less_than),
        )
        if limit is not None
    ]
    return min(answers)


def truth(condition: Condition, findings: Mapping[str, Finding]) -> Truth:
    """Whether the condition holds: true, false, or not to be told from what is known.

    ``findings`` must hold every finding the condition names; a missing one that is read is a KeyError,
    because a finding is never merely not there.
    """
    if isinstance(condition, Leaf):
        return _test(condition, findings[condition.finding])
    # All of them are as true as the least true, any of them as the truest; once that is settled the rest is not read.
    join, settled = (min, Truth.FALSE) if isinstance(condition, AllOf) else (max, Truth.TRUE)
    answer = Truth.TRUE if settled is Truth.FALSE else Truth.FALSE
    for part in condition.parts:
        answer = join(answer, truth(part, findings))
        if answer is settled:
            break
    return answer
