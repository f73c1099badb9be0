"""What a condition means, in plain three-valued Python.

This page is the second engine: it shares the rule model with ``engine/chaining.py`` and nothing
else, and every decision is made by both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import IntEnum

from service.finding import Finding, Status
from service.knowledge.model import AllOf, AnyOf, Condition, Leaf, Word


class Truth(IntEnum):
    """Kleene's three truth values, in their order."""

    FALSE = 0
    UNKNOWN = 1
    TRUE = 2


def _presence(status: Status, wanted: Status) -> Truth:
    if status is Status.UNKNOWN:
        return Truth.UNKNOWN
    return Truth.TRUE if status is wanted else Truth.FALSE


def _known(answer: bool) -> Truth:
    return Truth.TRUE if answer else Truth.FALSE


_WORDS: Mapping[Word, Callable[[Status], Truth]] = {
    Word.PRESENT: lambda status: _presence(status, Status.PRESENT),
    Word.ABSENT: lambda status: _presence(status, Status.ABSENT),
    # These three speak about the record, not the patient, so they are never unknown.
    Word.UNKNOWN: lambda status: _known(status is Status.UNKNOWN),
    Word.NOT_PRESENT: lambda status: _known(status is not Status.PRESENT),
    Word.NOT_ABSENT: lambda status: _known(status is not Status.ABSENT),
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
        return _WORDS[leaf.word](finding.status)
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

    ``findings`` must hold every finding the condition names; a missing one is a KeyError, because
    a finding is never merely not there.
    """
    if isinstance(condition, Leaf):
        return _test(condition, findings[condition.finding])
    answers = [truth(part, findings) for part in condition.parts]
    if isinstance(condition, AllOf):
        return min(answers)
    assert isinstance(condition, AnyOf)
    return max(answers)
