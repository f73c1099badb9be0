"""Quantity facts: the newest final number inside the look-back, in the fact's unit, or unknown. Never absent."""

from __future__ import annotations

from collections.abc import Sequence

from service.finding import Finding, Status
from service.knowledge.model import FactDefinition
from service.note import Note, NoteCode
from service.record.chart.evidence import NOT_RECORDED, distinct_notes, ordered, read_types, shortfalls
from service.record.chart.index import Chart
from service.record.chart.measure import Measurement, Measurements, Wanted, measurements, newest
from service.record.kinds.coded import source_keys
from service.record.kinds.egfr import (
    CREATININE,
    computed_egfr,
    lower_by_newer_creatinine,
    may_have_newer_creatinine,
    newer_creatinine_not_final,
)
from service.record.kinds.plan import Plan
from service.record.values.dates import When
from service.record.values.interval import Interval, hull

CKD_EPI_2021 = "ckd-epi-2021"


def wanted_by(definition: FactDefinition) -> Wanted:
    """What numbers a fact asks for."""
    return Wanted(definition.sources, definition.unit or "1", definition.look_back_days, definition.plausible)


def plan(definition: FactDefinition) -> Plan:
    """How a quantity is read: recorded if possible, else computed if the fact says how."""
    wanted = wanted_by(definition)
    computes = definition.compute == CKD_EPI_2021
    keys = source_keys(definition.sources)

    def find(chart: Chart) -> Finding:
        found = measurements(wanted, chart)
        best = newest(found.final, prefer=definition.prefer, look_back=wanted.look_back_days is not None)
        if best:
            number, latest = hull(one.number for one in best), _latest(best)
            newer, lower = found.newer(latest), None
            if computes and may_have_newer_creatinine(latest, chart):
                newer += newer_creatinine_not_final(wanted, latest, chart)
                lower = lower_by_newer_creatinine(wanted, number, latest, chart)
            if lower is None:
                return numeric(definition, number, best, newer)
            overtaken: list[Note | None] = [Note(NoteCode.OLDER_THAN_CREATININE, words=one.text) for one in best]
            return numeric(definition, lower.number, [lower], [*overtaken, *newer])
        if computes:
            computed = computed_egfr(wanted, chart)
            if computed.best is not None:
                notes = [*found.newer(computed.best.when), *computed.notes]
                return numeric(definition, computed.best.number, [computed.best], notes)
            return not_known(definition, chart, found, computed.notes)
        return not_known(definition, chart, found)

    return Plan(definition, find, keys | {CREATININE} if computes else keys)


def numeric(
    definition: FactDefinition, number: Interval, depends_on: Sequence[Measurement], notes: Sequence[Note | None]
) -> Finding:
    """A number as a finding; an interval open on both sides is not known at all."""
    evidence = ordered(one.evidence for one in depends_on)
    if number.low is None and number.high is None:
        return Finding(definition.id, Status.UNKNOWN, evidence=evidence, notes=distinct_notes(notes))
    return Finding(
        definition.id,
        Status.PRESENT,
        number.low,
        number.high,
        definition.unit,
        evidence=evidence,
        notes=distinct_notes(notes),
    )


def _latest(best: Sequence[Measurement]) -> When | None:
    return max((one.when for one in best if one.when), key=lambda when: when.last, default=None)


def not_known(
    definition: FactDefinition, chart: Chart, found: Measurements, also: Sequence[Note | None] = ()
) -> Finding:
    """Unknown, with the last old value and what was not sent."""
    dated = [one for one in found.final if one.when is not None]
    old = max(dated, key=lambda one: (one.when.last if one.when else chart.today.last, one.text), default=None)
    notes: list[Note | None] = [*found.newer(None), *also]
    if old is not None:
        notes.append(_last_value(old))
    notes += found.undated()
    reasons = shortfalls(read_types(definition), chart.record) or (NOT_RECORDED,)
    return Finding(definition.id, Status.UNKNOWN, notes=(*distinct_notes(notes), *reasons))


def _last_value(one: Measurement) -> Note:
    if one.inside is False:
        return Note(NoteCode.OLD_VALUE, words=one.evidence.text, date=one.evidence.date)
    return Note(NoteCode.INEXACT_VALUE, words=one.evidence.text, date=one.evidence.date)
