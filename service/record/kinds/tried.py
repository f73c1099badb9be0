"""What was tried: days since the first course of drugs of some classes that was taken in the current episode.

A course counts whether it goes on or is over: what has been tried stays tried (product choice no. 36). One that began
before the episode and still goes on counts from the start of the episode; one that was over before counts for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from service.finding import Evidence, Finding, Status
from service.knowledge.model import FactDefinition
from service.record.chart.dating import EffectivePeriod
from service.record.chart.evidence import distinct_notes, lists_are_complete, no_matching_data, ordered, shortfalls
from service.record.chart.index import Chart
from service.record.chart.window import in_episode
from service.record.kinds.drug import doubted, drug_keys, unrecognised
from service.record.kinds.plan import Plan
from service.record.medication.entry import Medication
from service.record.medication.matching import Match
from service.record.medication.taking import evidence_of
from service.record.values.dates import days_since
from service.record.values.interval import Interval
from service.record.values.statuses import Counts

_ZERO = Decimal(0)
_NOT_KNOWN = Interval(_ZERO, None)


class Tried(Struct, frozen=True):
    """One course: how many days ago it began in the episode, and whether it surely counts."""

    days: Interval
    is_sure: bool
    evidence: Evidence


def plan(definition: FactDefinition) -> Plan:
    """How the days since the first course of the episode are read."""

    def find(chart: Chart) -> Finding:
        tried = list(_tried(definition, chart))
        if not tried:
            return doubted(definition, no_matching_data(definition, chart.record), chart)
        return _finding(definition, tried, chart)

    return Plan(definition, find, drug_keys(definition))


def _finding(definition: FactDefinition, tried: list[Tried], chart: Chart) -> Finding:
    evidence = ordered(one.evidence for one in tried)
    if not any(one.is_sure for one in tried):
        notes = (one.evidence.note for one in tried)
        reasons = distinct_notes((*notes, *shortfalls(definition.complete, chart.record)))
        return Finding(definition.id, Status.UNKNOWN, evidence=evidence, notes=reasons)
    low = max(one.days.low or _ZERO for one in tried if one.is_sure)
    highs = [one.days.high for one in tried]
    high = None if None in highs else max(one for one in highs if one is not None)
    if not lists_are_complete(definition, chart.record) or unrecognised(chart):
        high = None
    return Finding(definition.id, Status.PRESENT, low, high, definition.unit or "d", evidence)


def _tried(definition: FactDefinition, chart: Chart) -> Iterator[Tried]:
    for medication, matched in chart.matched(definition.id):
        if not medication.is_draft and (one := _of_episode(medication, matched, chart)) is not None:
            yield one


def _of_episode(medication: Medication, matched: Match, chart: Chart) -> Tried | None:
    status_class = medication.status_class
    evidence = evidence_of(medication, matched.note, status_class.note)
    is_sure = matched.is_sure and not status_class.provisional and not status_class.is_doubtful
    timing = in_episode(EffectivePeriod(medication.started), chart.episode, chart.now)
    if timing.inside is True:
        return Tried(medication.since or _NOT_KNOWN, is_sure, evidence)
    if timing.inside is None:
        doubted_evidence = evidence_of(medication, matched.note, status_class.note, timing.note)
        return Tried(Interval(_ZERO, (medication.since or _NOT_KNOWN).high), is_sure=False, evidence=doubted_evidence)
    return _since_the_episode(evidence, chart, is_sure) if status_class.counts is Counts.PRESENT else None


def _since_the_episode(evidence: Evidence, chart: Chart, is_sure: bool) -> Tried:
    """A course of earlier that still goes on: its days in the episode are those of the episode."""
    start = chart.episode.latest_start if chart.episode is not None else None
    days = days_since(start, chart.now) if start is not None else None
    return Tried(days or _NOT_KNOWN, is_sure, evidence)
