"""Change facts: how much better a score is now than at the start of the episode. Positive is better."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from service.finding import Finding, Status
from service.knowledge.model import FactDefinition
from service.note import Note, NoteCode
from service.record.chart.dating import EffectivePeriod
from service.record.chart.evidence import NOT_RECORDED, distinct_notes, ordered, read_types, shortfalls
from service.record.chart.index import Chart
from service.record.chart.measure import Measurement, all_measurements, candidates, preferred
from service.record.chart.window import NO_EPISODE, in_episode
from service.record.kinds.coded import source_keys
from service.record.kinds.plan import Plan
from service.record.kinds.quantity import numeric, wanted_by
from service.record.values.dates import When
from service.record.values.interval import Interval, hull

ONE_VALUE = Note(NoteCode.ONE_VALUE)
PERCENT = "percent"
ONE_EXAMINATION = timedelta(minutes=30)
"""Grades taken so close together are of one examination (product choice)."""
_PLACES = 6
"""Far behind what any score is given to, so that a third of a score is shown as a number a person can read."""


def plan(definition: FactDefinition) -> Plan:
    """Baseline less the newest, in points or percent of the baseline.

    The baseline is the first value of the episode, or with ``against: highest`` the best earlier
    examination, so that what was lost again after a recovery is not missed.
    """
    wanted = wanted_by(definition)

    def find(chart: Chart) -> Finding:
        found = all_measurements(wanted, chart)
        dated = [one for one in found.final if one.when is not None and one.inside is not False]
        if not dated:
            reasons = shortfalls(read_types(definition), chart.record) or (NOT_RECORDED,)
            return Finding(definition.id, Status.UNKNOWN, notes=(*distinct_notes(found.notes), *reasons))
        if chart.episode is None or chart.episode.latest_start is None:
            return _unknown(definition, dated, [*found.notes, NO_EPISODE])
        if definition.against == "highest":
            baseline, latest = _against_highest(dated, chart, definition.prefer)
        else:
            baseline = _baselines(dated, chart)
            latest = preferred(candidates(dated, same_day=definition.prefer is not None), definition.prefer)
        if not baseline or set(baseline) & set(latest):
            return _unknown(definition, dated, [*found.notes, ONE_VALUE])
        change = _change(hull(one.number for one in baseline), hull(one.number for one in latest), definition.measure)
        if change is None:
            return _unknown(definition, [*baseline, *latest], [*found.notes, Note(NoteCode.FIRST_VALUE_ZERO)])
        return numeric(definition, change, [*baseline, *latest], found.notes)

    return Plan(definition, find, source_keys(definition.sources))


def _unknown(definition: FactDefinition, depends_on: Sequence[Measurement], notes: Sequence[Note | None]) -> Finding:
    evidence = ordered(one.evidence for one in depends_on)
    return Finding(definition.id, Status.UNKNOWN, evidence=evidence, notes=distinct_notes(notes))


def _baselines(dated: Sequence[Measurement], chart: Chart) -> list[Measurement]:
    """The measurements that may be the first of the episode: none before a sure one can be told apart from it."""
    dated_inside = [(one, in_episode(EffectivePeriod(one.when), chart.episode, chart.now).inside) for one in dated]
    sure = [one.when for one, inside in dated_inside if inside and one.when]
    if not sure:
        return []
    first_last = min(when.last for when in sure)
    first_day = min(when.last_day for when in sure)

    def may_be_first(one: Measurement, inside: bool | None) -> bool:
        if inside is False or one.when is None:
            return False
        return one.when.first <= first_last if one.when.timed else one.when.first_day <= first_day

    return [one for one, inside in dated_inside if may_be_first(one, inside)]


def _against_highest(
    dated: Sequence[Measurement], chart: Chart, prefer: str | None
) -> tuple[list[Measurement], list[Measurement]]:
    """The preferred measurement of the newest examination, and of that earlier one of the episode that was highest.

    Examinations are told apart first, because one may hold several muscle groups or sides, of which the
    fact prefers one.
    """
    *earlier, newest = _examinations(dated)
    inside = [
        [one for one in found if one.when and in_episode(EffectivePeriod(one.when), chart.episode, chart.now).inside]
        for found in earlier
    ]
    chosen = [preferred(found, prefer) for found in inside if found]
    return max(chosen, key=_lowest, default=[]), preferred(newest, prefer)


def _examinations(dated: Sequence[Measurement]) -> list[list[Measurement]]:
    """The measurements by examination, the oldest first: one day, or with times what lies close together."""
    groups: list[list[Measurement]] = []
    last: When | None = None
    for one in sorted(dated, key=_moment):
        assert one.when is not None
        if last is not None and _together(last, one.when):
            groups[-1].append(one)
        else:
            groups.append([one])
        last = one.when
    return groups


def _moment(one: Measurement) -> tuple[datetime, str]:
    assert one.when is not None
    return one.when.first, one.evidence.resource


def _together(earlier: When, later: When) -> bool:
    if earlier.timed and later.timed:
        return later.first - earlier.first <= ONE_EXAMINATION
    return earlier.first_day == later.first_day


def _lowest(found: Sequence[Measurement]) -> Decimal:
    low = hull(one.number for one in found).low
    return Decimal("-Infinity") if low is None else low


def _change(baseline: Interval, latest: Interval, measure: str | None) -> Interval | None:
    if measure != PERCENT:
        return Interval(_points(latest.high, baseline.low), _points(latest.low, baseline.high))
    if baseline.low is None or baseline.low <= 0:
        return None
    return Interval(_percent(latest.high, baseline.low), _percent(latest.low, baseline.high))


def _points(latest: Decimal | None, baseline: Decimal | None) -> Decimal | None:
    """By how much the latest value is lower than the baseline."""
    return None if latest is None or baseline is None else round(baseline - latest, _PLACES)


def _percent(latest: Decimal | None, baseline: Decimal | None) -> Decimal | None:
    """By how many percent of the baseline the latest value is lower."""
    if latest is None or baseline is None:
        return None
    return round((baseline - latest) / baseline * 100, _PLACES)
