"""Course facts: for how many days drugs of some classes are taken without a break, or are being ordered.

Days are counted from the start of the current course, together with earlier courses that adjoin it (a gap of at most
``gap_days`` joins), three-valued and never guessed:

- an order whose planned days reach beyond now has been taken since its start: exactly so many days;
- an active order whose planned days are over has been taken for at least those, at most until now;
- an active order without any length gives only the most it can be: from its start to now;
- a statement that a drug is taken since a day, without an end, runs until now;
- a completed order was taken for its planned days;
- an order that ended otherwise without a recorded end was taken for some days between none and its planned ones;
- where the list of medications is not whole, an earlier course may be missing: no upper bound.

``current`` counts until now, ``ordered`` what the orders of this call add, ``both`` the sum, ``episode`` from the first
course of the episode on, also of those that are over (``tried.py``); for ``both`` a course
that ended within the gap also counts, because the new order continues it. A gap that joins counts as days of use.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from decimal import Decimal

from msgspec import Struct

from service.finding import Evidence, Finding, Status
from service.knowledge.model import FactDefinition
from service.note import Note, NoteCode, holds, of_entry
from service.record.chart.evidence import distinct_notes, lists_are_complete, no_matching_data, ordered, shortfalls
from service.record.chart.index import ORDER, Chart
from service.record.chart.measure import no_date_given
from service.record.chart.window import FUTURE
from service.record.kinds import tried
from service.record.kinds.drug import doubted, drug_keys, unrecognised
from service.record.kinds.order import NO_ORDER
from service.record.kinds.ordering import NOT_CHECKED
from service.record.kinds.plan import Plan
from service.record.medication.entry import Medication
from service.record.medication.supply import is_complete, runs_on
from service.record.medication.taking import evidence_of
from service.record.values.dates import days_since
from service.record.values.interval import Interval
from service.record.values.statuses import Counts

NO_LENGTH = Note(NoteCode.LENGTH_NOT_GIVEN)
_IN_FUTURE = frozenset({NoteCode.IN_FUTURE})
_ZERO = Decimal(0)


class Course(Struct, frozen=True):
    """One course in days before now: when it began and ended (0: goes on), each as an interval."""

    began: Interval
    ended: Interval
    active: bool
    evidence: Evidence

    def shortest(self) -> tuple[Decimal, Decimal] | None:
        """The days that were surely taken, from and to (days ago), or None."""
        if self.began.low is None or self.ended.high is None or self.began.low < self.ended.high:
            return None
        return self.began.low, self.ended.high

    def longest(self) -> tuple[Decimal | None, Decimal]:
        """The days that may have been taken, from (None: open) and to (days ago)."""
        return self.began.high, self.ended.low or _ZERO


class Total(Struct, frozen=True):
    """Days, and what they depend on; ``any`` is False when there is no such drug at all."""

    days: Interval
    evidence: tuple[Evidence, ...]
    any: bool


def plan(definition: FactDefinition) -> Plan:
    """How the days of a course are read."""
    if definition.measure == "episode":
        return tried.plan(definition)

    def find(chart: Chart) -> Finding:
        if definition.measure == "ordered":
            return _ordered_alone(definition, chart)
        courses = list(_courses(definition, chart))
        if definition.measure == "both":
            return _both(definition, courses, chart)
        used = _used(courses, definition, chart, joins_new=False)
        return (
            _finding(definition, used, chart)
            if used.any
            else doubted(definition, no_matching_data(definition, chart.record), chart)
        )

    return Plan(definition, find, drug_keys(definition) | {ORDER})


def _finding(definition: FactDefinition, total: Total, chart: Chart, *notes: Note | None) -> Finding:
    evidence = ordered(total.evidence)
    low, high = total.days.low, total.days.high
    if high is None and not low:
        undated = [no_date_given(one) for one in evidence if one.date is None]
        undated += [of_entry(one.resource, FUTURE) for one in evidence if holds(one.note, _IN_FUTURE)]
        reasons = distinct_notes((*notes, NO_LENGTH, *undated, *shortfalls(definition.complete, chart.record)))
        return Finding(definition.id, Status.UNKNOWN, evidence=evidence, notes=reasons)
    return Finding(definition.id, Status.PRESENT, low, high, definition.unit or "d", evidence, distinct_notes(notes))


def _ordered_alone(definition: FactDefinition, chart: Chart) -> Finding:
    total, unsure = _ordered(definition, chart)
    if total.any:
        return _finding(definition, total, chart, *(one.note for one in unsure))
    if unsure:
        return Finding(definition.id, Status.UNKNOWN, evidence=ordered(unsure), notes=(NOT_CHECKED,))
    return Finding(definition.id, Status.ABSENT, notes=(NO_ORDER,))


def _both(definition: FactDefinition, courses: Sequence[Course], chart: Chart) -> Finding:
    order, unsure = _ordered(definition, chart)
    used = _used(courses, definition, chart, joins_new=order.any)
    notes = [one.note for one in unsure]
    if not used.any and not order.any:
        if unsure:
            return Finding(definition.id, Status.UNKNOWN, evidence=ordered(unsure), notes=distinct_notes(notes))
        return doubted(definition, no_matching_data(definition, chart.record), chart)
    days = _sum(used.days, order.days) if order.any else used.days
    return _finding(definition, Total(days, (*used.evidence, *order.evidence), any=True), chart, *notes)


def _sum(one: Interval, other: Interval) -> Interval:
    low = (one.low or _ZERO) + (other.low or _ZERO)
    return Interval(low, None if one.high is None or other.high is None else one.high + other.high)


def _ordered(definition: FactDefinition, chart: Chart) -> tuple[Total, list[Evidence]]:
    """The days the orders of this call run (side by side: the longest), and the orders that were not recognised."""
    lengths, evidence, unsure = [], [], []
    for order, matched in chart.ordered(definition.id):
        if matched is not None:
            lengths.append(order.planned)
            evidence.append(evidence_of(order, matched.note))
        else:
            unsure.append(evidence_of(order, NOT_CHECKED))
    low = max((one.low or _ZERO for one in lengths), default=_ZERO)
    highs = [one.high for one in lengths]
    high = None if None in highs else max((one for one in highs if one is not None), default=_ZERO)
    return Total(Interval(low, high), tuple(evidence), bool(lengths)), unsure


def _courses(definition: FactDefinition, chart: Chart) -> Iterator[Course]:
    for medication, matched in chart.matched(definition.id):
        # A new order never renews one that is older than a year, with nothing handed out since (decision 31).
        if not (definition.old_orders and definition.measure == "current") and medication in chart.old_orders:
            continue
        yield _course(medication, matched.note, chart)


def _course(medication: Medication, note: Note | None, chart: Chart) -> Course:
    """The course that an entry tells of: the same for all facts that it matches in the same way."""
    course: Course | None = medication.courses.get(note)
    if course is None:
        course = medication.courses[note] = _course_of(medication, note, chart)
    return course


def _course_of(medication: Medication, note: Note | None, chart: Chart) -> Course:
    began = medication.since or Interval(_ZERO, None)
    planned = medication.planned
    active = medication.status_class.counts is Counts.PRESENT
    if runs_on(medication.entry):
        ended = Interval.exactly(_ZERO)
    else:
        ended = _ended_active(began, planned) if active else _ended(medication, began, planned, chart)
    future = FUTURE if medication.since is None and medication.started is not None else None
    return Course(began, ended, active, evidence_of(medication, note, medication.status_class.note, future))


def _ended_active(began: Interval, planned: Interval) -> Interval:
    """When an active course ended (days ago): not yet, while its planned days last; after them it is not known."""
    if planned.low is None or began.high is None:
        return Interval(_ZERO, began.high)
    return Interval(_ZERO, max(began.high - planned.low, _ZERO))


def _ended(medication: Medication, began: Interval, planned: Interval, chart: Chart) -> Interval:
    end = medication.ended
    since = days_since(end, chart.now) if end is not None else None
    if since is not None:
        return since
    earliest_end = _ZERO if planned.high is None or began.low is None else max(began.low - planned.high, _ZERO)
    latest_end = began.high
    if is_complete(medication.entry) and planned.low is not None and began.high is not None:
        latest_end = max(began.high - planned.low, _ZERO)
    return Interval(earliest_end, latest_end)


def _used(courses: Sequence[Course], definition: FactDefinition, chart: Chart, *, joins_new: bool) -> Total:
    """Days of use until now."""
    gap = Decimal(definition.gap_days)
    counted = [one for one in courses if one.active or (joins_new and one.longest()[1] <= gap)]
    if not counted:
        complete = lists_are_complete(definition, chart.record) and not unrecognised(chart)
        return Total(Interval(_ZERO, _ZERO if complete else None), (), any=False)
    low = _sure_days(courses, gap, joins_new=joins_new)
    high, joined_courses = _possible_days(courses, gap)
    if not lists_are_complete(definition, chart.record) or unrecognised(chart):
        high = None
    return Total(Interval(low, high), tuple(one.evidence for one in joined_courses), any=True)


def _sure_days(courses: Sequence[Course], gap: Decimal, *, joins_new: bool) -> Decimal:
    """The longest run of surely taken days that ends in an active course.

    A new order continues only what surely reached into the gap before it; the gap then counts like one between courses.
    """
    sure = [(one, span) for one in courses if (span := one.shortest())]
    anchors = [
        (span, _ZERO if joins_new else span[1]) for one, span in sure if (span[1] <= gap if joins_new else one.active)
    ]
    if not anchors:
        return _ZERO
    spans = sorted((span for _, span in sure), key=lambda span: (span[1], -span[0]))
    ends = [end for _, end in spans]
    furthest = reaches(spans, gap)
    best = _ZERO
    for (first, _), until in anchors:
        # Everything that ended later than the gap before this one began is joined to it, and what that is joined to.
        within = bisect_right(ends, first + gap)
        best = max(best, max(first, furthest[within - 1]) - until)
    return best


def reaches(spans: Sequence[tuple[Decimal, Decimal]], gap: Decimal) -> list[Decimal]:
    """For each span (from, to; ordered by ``to``) how far back the run goes that it is joined to."""
    reaches: list[Decimal] = []
    runs: list[int] = []
    furthest = _ZERO
    for index, (start, end) in enumerate(spans):
        if index and end - furthest > gap:
            reaches += [furthest] * len(runs)
            runs = []
        runs.append(index)
        furthest = max(furthest, start)
    return reaches + [furthest] * len(runs)


def _possible_days(courses: Sequence[Course], gap: Decimal) -> tuple[Decimal | None, list[Course]]:
    """The longest run of days that may have been taken until now, and the courses in it."""
    run: list[Course] = []
    first: Decimal | None = _ZERO
    for one in sorted(courses, key=lambda one: (one.longest()[1], one.evidence.resource)):
        start, end = one.longest()
        if first is None or end - first <= gap:
            run.append(one)
            first = None if first is None or start is None else max(first, start)
    return first, run
