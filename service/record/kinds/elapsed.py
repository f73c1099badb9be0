"""Elapsed facts: days since something began (decisions 7 and 8). Known or unknown; absent only where one opts in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from service.finding import Evidence, Finding, Status
from service.knowledge.model import FactDefinition, FactSource
from service.note import Note, NoteCode, joined
from service.record.chart.answers import ANSWERED, stated_date
from service.record.chart.evidence import EntryEvidence, Support, distinct_notes, no_matching_data, ordered
from service.record.chart.index import Chart
from service.record.chart.window import before, timing
from service.record.kinds.coded import asked_by, entry_evidence_of, not_used, source_keys
from service.record.kinds.plan import Plan
from service.record.values.dates import When, days_since, within_days
from service.record.values.interval import Interval
from service.record.values.statuses import Counts

EARLIEST = "earliest"
NO_DATE = Note(NoteCode.RECORDED_UNDATED)
REFUTED = Note(NoteCode.ONLY_REFUTED)
_ZERO = Decimal(0)
_AN_ANSWER_COUNTS = 365
_TENTH_OF_A_SECOND = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Elapsed:
    """Days since one entry, and whether the entry surely counts."""

    days: Interval
    certain: bool


@dataclass(frozen=True, slots=True)
class Stated:
    """A date that an answer gives, and when it was answered."""

    said: EntryEvidence
    answered: When | None


def plan(definition: FactDefinition) -> Plan:
    """How elapsed days are read."""
    asked = asked_by(definition.sources)

    def find(chart: Chart) -> Finding:
        notes: list[Note | None] = []
        stated = list(stated_dates(definition.sources, chart))
        found = entry_evidence_of(asked, chart, notes)
        if definition.pick != EARLIEST and stated:
            found = [one for one in found if not _is_told_by(one, stated, chart)]
        per_entry = [*(one.said for one in stated), *found]
        counted = [entry_evidence for entry_evidence in per_entry if entry_evidence.support is not Support.NO]
        if not counted:
            return _none(definition, per_entry, chart, notes)
        return _elapsed(definition, counted, chart, notes)

    return Plan(definition, find, source_keys(definition.sources))


def _is_told_by(one: EntryEvidence, stated: Sequence[Stated], chart: Chart) -> bool:
    """Whether an answer tells when a problem began whose own entry does not: it is only first recorded, or undated.

    The answer was given on the day of the record or later, about an undated problem in the past year (product choice):
    an older one may speak of an earlier episode.
    """
    if one.when is not None and not one.latest_start:
        return False
    answered = [answer.answered for answer in stated if answer.said.support is Support.YES and answer.answered]
    if one.when is None:
        return any(within_days(day, _AN_ANSWER_COUNTS, chart.now) is True for day in answered)
    return any(not before(day, one.when) for day in answered)


def stated_dates(sources: Sequence[FactSource], chart: Chart) -> Iterator[Stated]:
    """The dates that Observations and questionnaire items give as their answer ("date of onset")."""
    for source in sources:
        if source.resource not in ANSWERED:
            continue
        for code_match in chart.matches(source.resource, source.codes):
            when = stated_date(code_match)
            if (
                when is None
                or code_match.status_class.counts is Counts.NEVER
                or timing(code_match, source, chart).inside is False
            ):
                continue
            doubt = not_used(code_match) if code_match.status_class.provisional else None
            evidence = Evidence(
                code_match.entry.reference,
                f"{code_match.text}: {when.text}",
                when.text,
                joined(doubt, *code_match.notes),
            )
            said = EntryEvidence(Support.MAYBE if doubt else Support.YES, evidence, when, when)
            yield Stated(said, code_match.effective_period.last)


def _none(
    definition: FactDefinition, per_entry: Sequence[EntryEvidence], chart: Chart, notes: list[Note | None]
) -> Finding:
    if not per_entry:
        return no_matching_data(definition, chart.record, notes)
    evidence = ordered(entry_evidence.evidence for entry_evidence in per_entry)
    if definition.absent_by_answer:
        return Finding(definition.id, Status.ABSENT, evidence=evidence, notes=distinct_notes(notes))
    # That one problem was refuted says nothing of how long another has lasted.
    return Finding(definition.id, Status.UNKNOWN, evidence=evidence, notes=distinct_notes((*notes, REFUTED)))


def _elapsed(
    definition: FactDefinition, per_entry: Sequence[EntryEvidence], chart: Chart, notes: list[Note | None]
) -> Finding:
    evidence = ordered(entry_evidence.evidence for entry_evidence in per_entry)
    counted = [
        Elapsed(_days(entry_evidence, definition.pick, chart), entry_evidence.support is Support.YES)
        for entry_evidence in per_entry
    ]
    if not any(one.certain for one in counted):
        notes += [entry_evidence.evidence.note for entry_evidence in per_entry]
        return Finding(definition.id, Status.UNKNOWN, evidence=evidence, notes=distinct_notes(notes))
    days = longest(counted) if definition.pick == EARLIEST else shortest(counted)
    if days.high is None and not days.low:
        return Finding(definition.id, Status.UNKNOWN, evidence=evidence, notes=distinct_notes((*notes, NO_DATE)))
    return Finding(
        definition.id, Status.PRESENT, days.low, days.high, definition.unit or "d", evidence, distinct_notes(notes)
    )


def _days(entry_evidence: EntryEvidence, pick: str | None, chart: Chart) -> Interval:
    """Days since it began (``earliest``) or was last so; at least so many if only the first record is dated."""
    when = entry_evidence.began if pick == EARLIEST else entry_evidence.when
    days = days_since(when, chart.now) if when is not None else None
    if days is None:
        return Interval(_ZERO, None)
    if when is not None and when.timed:
        days = Interval(_cut(days.low), _cut(days.high))
    return Interval(days.low, None) if entry_evidence.latest_start else days


def _cut(days: Decimal | None) -> Decimal | None:
    """Days to a tenth of a second, never rounded up: 41.999999 days are not 42."""
    return None if days is None else days.quantize(_TENTH_OF_A_SECOND, ROUND_DOWN)


def longest(counted: Iterable[Elapsed]) -> Interval:
    """Days since the earliest of several: an entry that may not count can only raise the upper bound."""
    counted = list(counted)
    low = max(one.days.low or _ZERO for one in counted if one.certain)
    highs = [one.days.high for one in counted]
    return Interval(low, None if None in highs else max(high for high in highs if high is not None))


def shortest(counted: Iterable[Elapsed]) -> Interval:
    """Days since the latest of several: an entry that may not count can only lower the lower bound."""
    counted = list(counted)
    low = min(one.days.low or _ZERO for one in counted)
    highs = [one.days.high for one in counted if one.certain and one.days.high is not None]
    return Interval(low, min(highs, default=None))
