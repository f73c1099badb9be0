"""What of a card follows from the rules alone: made once for the rule set in use, not for every card.

Only the rule set that was asked about last is cached, so a former one is not stored in memory. What is cached is
shared by all cards, and so is never changed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from service.knowledge.model import Knowledge, Rule

T = TypeVar("T")


def of_rule_set(make: Callable[[Knowledge], T]) -> Callable[[Knowledge], T]:
    """Remembers what a function makes of the rule set. Safe for threads: at worst it is made twice."""
    last: tuple[Knowledge, T] | None = None

    @wraps(make)
    def made(knowledge: Knowledge) -> T:
        nonlocal last
        known = last
        if known is None or known[0] is not knowledge:
            known = last = knowledge, make(knowledge)
        return known[1]

    return made


def of_rule(make: Callable[[Knowledge, Rule], T]) -> Callable[[Knowledge, Rule], T]:
    """Remembers what a function makes of each rule of a rule set."""
    # One look at one name, so that a thread never sees the rules of one set and what was made of another.
    last: tuple[Knowledge | None, dict[int, tuple[Rule, T]]] = None, {}

    @wraps(make)
    def made(knowledge: Knowledge, rule: Rule) -> T:
        nonlocal last
        of, known = last
        if of is not knowledge:
            last = _, known = knowledge, {}
        # The rule is stored with what was made of it, so no other rule has its address.
        found = known.get(id(rule))
        if found is None:
            found = known[id(rule)] = rule, make(knowledge, rule)
        return found[1]

    return made
