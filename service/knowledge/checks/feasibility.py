"""Whether conditions can hold together for any patient at all.

A search over findings that follows conclusions back to the rules that draw them. It errs on one side
only: False means that no patient can meet all conditions; True means that none of its reasons
forbids it. (The proof over the whole space of findings is another room's.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from service.finding import Finding, Status
from service.knowledge.conditions import Truth, truth
from service.knowledge.model import AllOf, AnyOf, Condition, Knowledge, Leaf

_STEPS = 20_000
_ANY_STATUS = frozenset(Status)


@dataclass(frozen=True, slots=True)
class _Span:
    """What is still possible for one finding: its statuses and, for a number, its limits."""

    statuses: frozenset[Status] = _ANY_STATUS
    low: Decimal | None = None
    high: Decimal | None = None

    def narrowed(self, leaf: Leaf) -> _Span | None:
        """What remains when ``leaf`` holds; None when nothing does."""
        if leaf.word is not None:
            statuses = frozenset(status for status in self.statuses if _holds(leaf, status))
            return replace(self, statuses=statuses) if statuses else None
        if Status.PRESENT not in self.statuses:
            return None
        lows = [limit for limit in (self.low, leaf.at_least, leaf.more_than) if limit is not None]
        highs = [limit for limit in (self.high, leaf.less_than) if limit is not None]
        low, high = max(lows, default=None), min(highs, default=None)
        if low is not None and high is not None and low >= high:
            return None
        return _Span(frozenset({Status.PRESENT}), low, high)


_State = Mapping[str, _Span]


def _holds(leaf: Leaf, status: Status) -> bool:
    return truth(leaf, {leaf.finding: Finding(leaf.finding, status)}) is Truth.TRUE


class _Search:
    def __init__(self, knowledge: Knowledge) -> None:
        self._drawn: dict[str, list[Condition]] = {name: [] for name in knowledge.conclusions}
        for rule in knowledge.rules:
            if rule.concludes is not None:
                self._drawn[rule.concludes].append(rule.when)
        self._steps = _STEPS

    def possible(self, pending: tuple[Condition, ...], state: _State) -> bool:
        """Whether some patient in ``state`` meets everything pending."""
        self._steps -= 1
        if self._steps < 0:
            return True
        if not pending:
            return self._consistent(state)
        # Certain things first: they cut branches before the branches multiply.
        first = min(pending, key=lambda condition: isinstance(condition, AnyOf))
        at = next(index for index, condition in enumerate(pending) if condition is first)
        rest = pending[:at] + pending[at + 1 :]
        if isinstance(first, AllOf):
            return self.possible(first.parts + rest, state)
        if isinstance(first, AnyOf):
            return any(self.possible((part, *rest), state) for part in first.parts)
        return self._with(first, rest, state)

    def _with(self, leaf: Leaf, rest: tuple[Condition, ...], state: _State) -> bool:
        before = state.get(leaf.finding, _Span())
        after = before.narrowed(leaf)
        if after is None:
            return False
        only_present = frozenset({Status.PRESENT})
        if leaf.finding in self._drawn and after.statuses == only_present != before.statuses:
            reasons = self._drawn[leaf.finding]
            if not reasons:
                return False
            rest = (reasons[0] if len(reasons) == 1 else AnyOf(tuple(reasons)), *rest)
        return self.possible(rest, {**state, leaf.finding: after})

    def _consistent(self, state: _State) -> bool:
        """No conclusion that must be away is certainly drawn."""
        return not any(
            Status.PRESENT not in span.statuses and any(_certain(reason, state) for reason in self._drawn[name])
            for name, span in state.items()
            if name in self._drawn
        )


def _certain(condition: Condition, state: _State) -> bool:
    if isinstance(condition, AllOf):
        return all(_certain(part, state) for part in condition.parts)
    if isinstance(condition, AnyOf):
        return any(_certain(part, state) for part in condition.parts)
    span = state.get(condition.finding)
    if span is None:
        return False
    if condition.word is not None:
        return all(_holds(condition, status) for status in span.statuses)
    if span.statuses != {Status.PRESENT}:
        return False
    above = (condition.at_least is None or (span.low is not None and span.low >= condition.at_least)) and (
        condition.more_than is None or (span.low is not None and span.low > condition.more_than)
    )
    below = condition.less_than is None or (span.high is not None and span.high <= condition.less_than)
    return above and below


def can_hold_together(knowledge: Knowledge, conditions: Iterable[Condition]) -> bool:
    """False when no patient can meet all the conditions at once; True when nothing found forbids it."""
    return _Search(knowledge).possible(tuple(conditions), {})
