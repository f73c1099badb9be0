"""The interval of an override rate, and the mark of a rule that nobody follows."""

from __future__ import annotations

import pytest

from service.store.stats import RuleCount, wilson


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    # By the formula of Wilson 1927, as printed in Newcombe, Stat Med 1998;17:857-872, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_that_of_the_literature(hits: int, of: int, low: float, high: float) -> None:
    assert [round(bound, 4) for bound in wilson(hits, of)] == [low, high]


@pytest.mark.parametrize(
    ("accepted", "overridden", "marked"), [(2, 18, True), (3, 17, False), (0, 19, False), (0, 20, True), (0, 0, False)]
)
def test_a_rule_is_marked_when_nearly_all_of_enough_cards_are_overridden(
    accepted: int, overridden: int, marked: bool
) -> None:
    count = RuleCount("r", "1", 100, accepted, overridden)
    assert count.nearly_always_overridden is marked
    assert (count.override_rate is None) == (accepted + overridden == 0)
