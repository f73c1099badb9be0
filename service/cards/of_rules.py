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
    stored: list[tuple[Knowledge, T]] = []

    @wraps(make)
    def made(knowledge: Knowledge) -> T:
        for known, found in stored:
            if known is knowledge:
                return found
        found = make(knowledge)
        stored[:] = [(knowledge, found)]
        return found

    return made


def of_rule(make: Callable[[Knowledge, Rule], T]) -> Callable[[Knowledge, Rule], T]:
    """Remembers what a function makes of each rule of a rule set."""
    stored: list[tuple[Knowledge, dict[int, tuple[Rule, T]]]] = []

    @wraps(make)
    def made(knowledge: Knowledge, rule: Rule) -> T:
        of_last = stored[0] if stored else None
        if of_last is None or of_last[0] is not knowledge:
            of_last = knowledge, {}
            stored[:] = [of_last]
        known = of_last[1]
        # The rule is stored with what was made of it, so no other rule has its address.
        found = known.get(id(rule))
        if found is None:
            found = known[id(rule)] = rule, make(knowledge, rule)
        return found[1]

    return made
