"""Answers that count for a shorter time when they are a no."""

from __future__ import annotations

import pytest

from tests.unit.record.facts_in_python import SADDLE, fact, find, observation, source

SADDLE_SIGN = fact("coded", source("Observation", "obs-saddle", within_days=30, no_within_days=14))


@pytest.mark.parametrize(
    ("on", "yes", "no"),
    [
        ("2026-11-11", "present", "absent"),  # 13 days ago
        ("2026-11-10", "present", "absent"),  # 14 days ago
        ("2026-11-09", "present", "unknown"),  # 15 days ago
        ("2026-10-25", "present", "unknown"),  # 30 days ago
        ("2026-10-24", "unknown", "unknown"),
        ("2026-11", "present", "unknown"),
        (None, "present", "unknown"),
    ],
)
def test_a_no_may_count_for_fewer_days_than_a_yes(on: str | None, yes: str, no: str) -> None:
    dated = {"effectiveDateTime": on} if on else {}
    assert find(SADDLE_SIGN, observation(SADDLE, valueBoolean=True, **dated)).status == yes
    assert find(SADDLE_SIGN, observation(SADDLE, valueBoolean=False, **dated)).status == no
