"""Which rules stand together in a native rule set.

Each rule stands in one, whatever hooks run it: a rule costs the engine some kilobytes for each of its alternatives.
A stratum of a hook asks every rule set that holds one of its rules, and asking costs the same however few it holds.
So rules that run at the same places, strata of hooks, stand together as far as there is room.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

# The time of one rule set grows faster than its facts: with so few, four times the rules take four times the time.
FACTS_PER_RULE_SET = 20

Place = TypeVar("Place", bound=Hashable)


@dataclass(slots=True)
class _Group:
    members: list[int]
    places: set[object]


def groups(places: Sequence[frozenset[Place]]) -> list[list[int]]:
    """The numbers of facts, in groups: each in one; ``places`` says of every fact where it is asserted.

    The same places give the same groups.
    """
    alike: dict[frozenset[Place], list[int]] = {}
    for number, where in enumerate(places):
        alike.setdefault(where, []).append(number)
    found: list[_Group] = []
    # Those that are asserted at most places come first: they cost most where they stand apart.
    for where, members in sorted(alike.items(), key=lambda item: (-len(item[0]), -len(item[1]))):
        for some in _evenly(members):
            best = max(
                (group for group in found if _has_room(group, some) and group.places & where),
                key=lambda group: 2 * len(group.places & where) - len(group.places | where),
                default=None,
            )
            if best is None:
                found.append(_Group(some, set(where)))
            else:
                best.members += some
                best.places |= where
    return [group.members for group in found]


def _has_room(group: _Group, members: Sequence[int]) -> bool:
    return len(group.members) + len(members) <= FACTS_PER_RULE_SET


def _evenly(members: list[int]) -> list[list[int]]:
    """As few parts as there may be, of nearly one size."""
    parts = -(-len(members) // FACTS_PER_RULE_SET)
    size = -(-len(members) // parts)
    return [members[first : first + size] for first in range(0, len(members), size)]
