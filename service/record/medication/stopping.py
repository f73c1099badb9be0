"""Stopping: whether a medication that is no longer taken was stopped lately. Never guessed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from service.record.chart.dating import EffectivePeriod
from service.record.chart.window import within
from service.record.medication.entry import Medication
from service.record.medication.supply import is_complete, last_day_written
from service.record.values.dates import When, parse


def stopped_within(medication: Medication, days: int, now: datetime) -> bool | None:
    """Whether a medication that is no longer taken was stopped in the last ``days`` days.

    By the recorded end; else between its start and the planned end of its supply (or now): None when
    that leaves both open.
    """
    end = medication.ended
    if end is not None:
        return within(EffectivePeriod(end), days, now).inside
    since = medication.since
    if since is None or since.low is None or since.high is None:
        return None
    if since.high <= days:
        return True
    planned = medication.planned
    if is_complete(medication.entry) and planned.low is not None and since.high - planned.low <= days:
        return True
    # It ended no later than its supply or its dosage, and before the entry that says so was last changed.
    if planned.high is not None and since.low - planned.high > days:
        return False
    bounds = (last_day_written(medication.periods), _last_changed(medication.resource))
    timings = (within(EffectivePeriod(bound), days, now) for bound in bounds if bound is not None)
    return False if any(timing.inside is False for timing in timings) else None


def _last_changed(resource: Mapping[str, Any]) -> When | None:
    meta = resource.get("meta")
    return parse(meta.get("lastUpdated")) if isinstance(meta, Mapping) else None
