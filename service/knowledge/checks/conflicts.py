"""Checks of cards that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from service.errors import Issue, Severity
from service.knowledge.checks.feasibility import can_hold_together
from service.knowledge.checks.registry import Review, check
from service.knowledge.checks.wording import cards
from service.knowledge.model import Rule


@check(
    "K070-opposite-advice",
    Severity.WARNING,
    "Two cards that advise for and against the same thing",
    avoid="two rules with topic nsaid, one for, one against, that can fire together",
    prefer="let one need the absence of what the other needs, or name the other in names_conflict_with",
    why="Two cards that contradict each other cost the trust in both (hazard H-08).",
)
def opposite_advice(review: Review) -> Iterator[Issue]:
    """Rules on a common hook that can fire together and advise opposite things name the disagreement."""
    advising = [rule for rule, _ in cards(review) if _direction(rule) in {"for", "against"}]
    for one, other in combinations(advising, 2):
        if (
            _topic(one) == _topic(other)
            and _direction(one) != _direction(other)
            and set(one.hooks) & set(other.hooks)
            and other.id not in one.names_conflict_with
            and one.id not in other.names_conflict_with
            and can_hold_together(review.knowledge, (one.when, other.when))
        ):
            text = f"{other.id} and {one.id} give opposite advice on {_topic(one)} and can fire together"
            yield Issue(other.at, text, "names_conflict_with, a narrower topic, or a condition that keeps them apart")


def _topic(rule: Rule) -> str | None:
    return rule.recommendation.topic if rule.recommendation else None


def _direction(rule: Rule) -> str | None:
    return rule.recommendation.direction if rule.recommendation else None
