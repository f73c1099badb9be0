"""Before and after: what clinicians did with the cards of a rule under one version and under the next."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from service.store.stats import RuleCount, wilson

Json = dict[str, Any]


def difference(one: tuple[int, int], other: tuple[int, int]) -> tuple[float, float, float]:
    """The second share minus the first, with its 95 % interval; each share is (number, of), ``of`` above 0.

    Newcombe's hybrid score interval (Newcombe RG, Stat Med 1998;17:873-890, method 10).
    """
    (number, of), (later_number, later_of) = one, other
    first, second = number / of, later_number / later_of
    (low, high), (later_low, later_high) = wilson(number, of), wilson(later_number, later_of)
    apart = second - first
    below = math.sqrt((second - later_low) ** 2 + (high - first) ** 2)
    above = math.sqrt((later_high - second) ** 2 + (first - low) ** 2)
    return apart, apart - below, apart + above


def before_and_after(rules: Iterable[RuleCount], order: Mapping[tuple[str, str], str]) -> list[Json]:
    """For each rule that was shown under several versions: each version beside the one before it.

    ``order`` says when each (rule, version) first came into use. ``difference`` and its interval are None where no card
    of one of the two was answered; a positive one means that clinicians override the newer version more often.
    """
    versions: dict[str, list[RuleCount]] = {}
    for count in rules:
        versions.setdefault(count.rule, []).append(count)
    pairs: list[Json] = []
    for rule, counts in sorted(versions.items()):
        ordered = sorted(counts, key=lambda one: (order.get((one.rule, one.version), ""), one.version))
        pairs += [_pair(rule, *pair) for pair in pairwise(ordered)]
    return pairs


def _pair(rule: str, before: RuleCount, after: RuleCount) -> Json:
    interval: Sequence[float | None] = (None, None, None)
    if before.answered and after.answered:
        interval = difference((before.overridden, before.answered), (after.overridden, after.answered))
    apart, low, high = (None if number is None else round(number, 4) for number in interval)
    return {
        "rule": rule,
        "before": _side(before),
        "after": _side(after),
        "difference": apart,
        "difference_interval_95": None if low is None else [low, high],
    }


def _side(count: RuleCount) -> Json:
    whole = count.as_json()
    names = ("version", "shown", "accepted", "overridden", "override_rate", "override_interval_95")
    return {name: whole[name] for name in names}
