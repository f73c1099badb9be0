"""Coded facts: something is recorded, was asked and answered, or cannot be known."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from msgspec.structs import replace as replaced

from service.finding import Evidence, Finding
from service.knowledge.model import ENDED_IN, FactDefinition, FactSource
from service.note import Note, NoteCode, joined, of_entry
from service.record.chart.answers import ANSWERED, answer_of, is_answered, stated_date
from service.record.chart.code_match import CodeMatch, Key
from service.record.chart.concepts import body_sites, concepts_of
from service.record.chart.evidence import EntryEvidence, Support, combine, named_entries
from service.record.chart.filing import DEVICES
from service.record.chart.index import Chart
from service.record.chart.measure import BY_TEXT
from service.record.chart.reference_range import is_high
from service.record.chart.service_orders import sites_of
from service.record.chart.sides import Side, sides_of
from service.record.chart.window import FUTURE, is_future, timing, within
from service.record.kinds.plan import Plan
from service.record.values.coding import BY_CATEGORY
from service.record.values.concept import wordings
from service.record.values.statuses import Counts
from service.record.values.units import Refused, read_value

PROVISIONAL = Note(NoteCode.PROVISIONAL)
NO_SITE = Note(NoteCode.SITE_NOT_GIVEN)
_CANNOT_BE_USED = Note(NoteCode.CANNOT_BE_USED)
_DONE_WHEN_OVER = ("ServiceRequest", "CommunicationRequest")
"""A completed request was carried out: what it asked for has happened, it is not merely past."""
_RESULTS = (*ANSWERED, "DiagnosticReport", "ImagingStudy")
_Judged = tuple[Support, bool]
"""What a result says, and whether it could be judged; of one that could not what it may say."""
_SUPPORT: Mapping[bool | None, Support] = {True: Support.YES, False: Support.NO, None: Support.MAYBE}


def source_keys(sources: tuple[FactSource, ...]) -> frozenset[Key]:
    """What some sources look up on the chart."""
    looked_up = {
        (source.resource, name)
        for source in sources
        for name in (*source.codes, *(() if source.resource in ANSWERED else source.no))
    }
    not_read = {(source.resource, DEVICES[source.resource]) for source in sources if source.resource in DEVICES}
    ended = {(kind, name) for source in sources for name in source.ended_by for kind in ENDED_IN}
    return frozenset(looked_up | not_read | ended)


@dataclass(frozen=True, slots=True)
class Asked:
    """A source of a fact, and what it asks of an entry in ``written``: one text for all that ask alike.

    ``reads_more`` tells that it also looks elsewhere than at the entries with one of its codes.
    """

    source: FactSource
    written: str
    reads_more: bool


def asked_by(sources: Iterable[FactSource]) -> tuple[Asked, ...]:
    """The sources of a fact with what each asks of an entry, whichever codes led to it."""
    return tuple(
        Asked(
            source,
            sys.intern(repr(replace(source, codes=(), both_sides=False))),
            source.resource in DEVICES or (bool(source.no) and source.resource not in ANSWERED),
        )
        for source in sources
    )


def plan(definition: FactDefinition) -> Plan:
    """How a coded fact is read."""
    problems = frozenset(name for one in definition.sources if one.resource == "Condition" for name in one.codes)
    asked = asked_by(definition.sources)

    def find(chart: Chart) -> Finding:
        notes: list[Note | None] = []
        per_entry = entry_evidence_of(asked, chart, notes)
        return combine(definition, per_entry, chart.record_for(problems), notes)

    return Plan(definition, find, source_keys(definition.sources))


def entry_evidence_of(asked: Iterable[Asked], chart: Chart, notes: list[Note | None]) -> list[EntryEvidence]:
    """What every code match of the sources says. What was passed over is listed in ``notes``."""
    found: list[EntryEvidence] = []
    for one in asked:
        code_matches = chart.matches(one.source.resource, one.source.codes)
        if code_matches:
            found += _said_by(code_matches, one, chart, notes)
        if one.reads_more:
            found += _said_besides(one.source, chart)
    return found


def _said_by(
    code_matches: Sequence[CodeMatch], asked: Asked, chart: Chart, notes: list[Note | None]
) -> Iterable[EntryEvidence]:
    source = asked.source
    if source.at_most is not None:
        # One above the limit says only that this measurement shows none.
        low = _newest(code_matches, source, chart, notes, _is_low)
        return [one for one in low if one.support is not Support.NO]
    if source.above_range:
        return _newest(code_matches, source, chart, notes, _is_high)
    said = [_said_of(one, asked, chart, notes) for one in code_matches]
    if source.both_sides:
        return _of_both_sides(zip(code_matches, said, strict=True), chart)
    return filter(None, said)


def _said_besides(source: FactSource, chart: Chart) -> Iterator[EntryEvidence]:
    """What devices say that could not be understood, and entries of lists that there is none."""
    if source.resource in DEVICES:
        yield from _not_understood(source.resource, chart)
    if source.no and source.resource not in ANSWERED:
        denials = (_denial(one, source, chart) for one in chart.matches(source.resource, source.no))
        yield from filter(None, denials)


def _not_understood(type_: str, chart: Chart) -> Iterator[EntryEvidence]:
    """Entries that say in no words that are known what they are: each may be what is asked about."""
    for evidence in named_entries(chart.record.not_understood.get(type_, ())):
        yield EntryEvidence(Support.MAYBE, evidence)


def _newest(
    code_matches: Iterable[CodeMatch],
    source: FactSource,
    chart: Chart,
    notes: list[Note | None],
    judge: Callable[[CodeMatch, FactSource], _Judged],
) -> Iterator[EntryEvidence]:
    """What the results of the newest day say of those that can be judged, and newer ones that cannot be used."""
    judged: list[tuple[CodeMatch, Support]] = []
    unused: list[CodeMatch] = []
    for one in code_matches:
        if one.status_class.counts is not Counts.PRESENT:
            continue
        inside = timing(one, source, chart).inside
        if inside is False:
            notes.append(_last(one))
            continue
        support, is_sure = judge(one, source)
        if is_sure and inside and not one.status_class.provisional:
            judged.append((one, support))
        elif support is not Support.NO:
            unused.append(one)
    day = max((_last_day(one) for one, _ in judged), default=date.min)
    yield from (_unused(one, source, notes) for one in unused if _last_day(one, if_none=date.max) > day)
    for one, support in judged:
        if _last_day(one) == day:
            reading = read_value(one.holder, source.unit or "")
            said = one.text if isinstance(reading, Refused) else f"{one.text}: {reading.text}"
            yield EntryEvidence(support, _evidence(one, said), one.effective_period.last)


def _is_low(code_match: CodeMatch, source: FactSource) -> _Judged:
    """Whether a measurement is at the limit of its source or below; one that cannot be read may be."""
    assert source.at_most is not None
    assert source.unit is not None
    reading = read_value(code_match.holder, source.unit)
    if isinstance(reading, Refused):
        return Support.MAYBE, False
    return _SUPPORT[reading.interval.at_most(source.at_most)], True


def _is_high(code_match: CodeMatch, source: FactSource) -> _Judged:
    """Whether a result is flagged as high or above a range of its own; one that has neither says nothing."""
    assert source.unit is not None
    high = is_high(code_match.holder, source.unit)
    return (Support.NO, False) if high is None else (_SUPPORT[high], True)


def _unused(code_match: CodeMatch, source: FactSource, notes: list[Note | None]) -> EntryEvidence:
    """A result that cannot be used, newer than those that can: it may be what is looked for."""
    doubt = _doubt(code_match, source)
    if doubt is None:
        notes.append(of_entry(code_match.entry.reference, _CANNOT_BE_USED))
    return EntryEvidence(Support.MAYBE, _evidence(code_match, code_match.text, doubt), code_match.effective_period.last)


def _last_day(code_match: CodeMatch, if_none: date = date.min) -> date:
    last = code_match.effective_period.last
    return last.last_day if last is not None else if_none


def _of_both_sides(found: Iterable[tuple[CodeMatch, EntryEvidence | None]], chart: Chart) -> Iterator[EntryEvidence]:
    """The evidence of entries that say where the problem is, if together they name the left and the right."""
    said = [
        (one, sides)
        for code_match, one in found
        if one is not None and one.support is not Support.NO and (sides := sides_of(code_match.entry, chart.record))
    ]
    sure = {side for one, sides in said if one.support is Support.YES for side in sides}
    if {side for _, sides in said for side in sides} == set(Side):
        support = Support.YES if sure == set(Side) else Support.MAYBE
        yield from (replaced(one, support=min(one.support, support)) for one, _ in said)


def _said_of(code_match: CodeMatch, asked: Asked, chart: Chart, notes: list[Note | None]) -> EntryEvidence | None:
    """What an entry says: the same for all facts that ask alike, so it is worked out once."""
    known = code_match.said.get(asked.written)
    if known is None:
        passed_over: list[Note | None] = []
        found = _entry_evidence(code_match, asked.source, chart, passed_over)
        known = code_match.said[asked.written] = found, tuple(passed_over)
    notes += known[1]
    said: EntryEvidence | None = known[0]
    return said


def _entry_evidence(
    code_match: CodeMatch, source: FactSource, chart: Chart, notes: list[Note | None]
) -> EntryEvidence | None:
    counts = code_match.status_class.counts
    if counts is Counts.NEVER or _is_elsewhere(code_match, source, chart):
        return None
    if code_match.entry.type in ANSWERED:
        answer = answer_of(code_match, source, chart.matcher.index)
        if answer is None:
            return None if source.inverted else _unread_answer(code_match, source, chart, notes)
        return _yes(code_match, source, chart, notes) if answer else _no(code_match, source, chart, notes)
    if counts is Counts.ANSWERED_NO:
        return _no(code_match, source, chart, notes)
    past = code_match.past or (counts is Counts.HISTORY and code_match.entry.type not in _DONE_WHEN_OVER)
    if past and not source.history:
        notes.append(Note(NoteCode.NO_LONGER_ACTIVE, reference=code_match.entry.reference))
        return None
    return _yes(code_match, source, chart, notes)


def _unread_answer(
    code_match: CodeMatch, source: FactSource, chart: Chart, notes: list[Note | None]
) -> EntryEvidence | None:
    """An answer that is neither a yes nor a no: it may be either. A question left open answers nothing."""
    when = timing(code_match, source, chart)
    if stated_date(code_match) is not None:
        return None
    if when.inside is False:
        notes.append(_last(code_match))
        return None
    notes.append(Note(NoteCode.NO_ANSWER, reference=code_match.entry.reference))
    if not is_answered(code_match):
        return None
    evidence = _evidence(code_match, code_match.text, when.note)
    return EntryEvidence(Support.MAYBE, evidence, code_match.effective_period.last)


def _yes(code_match: CodeMatch, source: FactSource, chart: Chart, notes: list[Note | None]) -> EntryEvidence | None:
    when = timing(code_match, source, chart)
    site = _site(code_match, source, chart)
    if when.inside is False or site is False:
        if site is not False:
            notes.append(_last(code_match))
        return None
    doubts = [_doubt(code_match, source), NO_SITE if site is None else None]
    if when.inside is None and not source.undated:
        doubts.append(when.note)
    if not source.unconfirmed and _is_to_come(code_match, chart):
        doubts.append(FUTURE)
    support = Support.MAYBE if any(doubts) else Support.YES
    effective_period = code_match.effective_period
    evidence = _evidence(code_match, _said(code_match, yes=True), when.note, *doubts)
    return EntryEvidence(
        support, evidence, effective_period.last, effective_period.start, effective_period.first_recorded
    )


def _no(code_match: CodeMatch, source: FactSource, chart: Chart, notes: list[Note | None]) -> EntryEvidence | None:
    """A no counts only when everything about it is sure: coded, final, and surely inside the window."""
    when = timing(code_match, source, chart)
    if when.inside is True and source.no_within_days is not None:
        when = within(code_match.effective_period, source.no_within_days, chart.now)
    if (
        not code_match.is_sure
        or code_match.status_class.provisional
        or when.inside is not True
        or _site(code_match, source, chart) is not True
    ):
        notes.append(Note(NoteCode.NO_IS_UNSURE, reference=code_match.entry.reference))
        return None
    return EntryEvidence(
        Support.NO, _evidence(code_match, _said(code_match, yes=False), when.note), code_match.effective_period.last
    )


def _denial(code_match: CodeMatch, source: FactSource, chart: Chart) -> EntryEvidence | None:
    """An entry that says there is none, such as "no known drug allergy", where it still says so."""
    return _no(code_match, source, chart, []) if code_match.status_class.counts is Counts.PRESENT else None


def _doubt(code_match: CodeMatch, source: FactSource) -> Note | None:
    if not source.by_category and not (code_match.is_sure or code_match.by_text):
        return BY_CATEGORY
    if not code_match.status_class.provisional:
        return None
    if code_match.entry.type in _RESULTS:
        return not_used(code_match)
    return None if source.unconfirmed else PROVISIONAL


def _is_to_come(code_match: CodeMatch, chart: Chart) -> bool:
    """Whether what is told bears a date that has not come: a plan or a typing error, and nothing that was done."""
    last = code_match.effective_period.last
    return last is not None and is_future(last, chart.now)


def _site(code_match: CodeMatch, source: FactSource, chart: Chart) -> bool | None:
    if not source.body_site:
        return True
    sites = body_sites(code_match.entry.resource)
    if not sites:
        return None
    return any(not chart.matcher.index.match(site).sets.isdisjoint(source.body_site) for site in sites)


def _is_elsewhere(code_match: CodeMatch, source: FactSource, chart: Chart) -> bool:
    if not source.not_at:
        return False
    entry = code_match.entry
    concepts = list(concepts_of(entry.type, entry.resource, chart.record))
    return not sites_of(entry, concepts, chart.matcher.index).isdisjoint(source.not_at)


def not_used(code_match: CodeMatch) -> Note:
    """That a result is not used, because of its status: it is not final yet (decision 5)."""
    return Note(NoteCode.RESULT_NOT_USED, of=(code_match.status_class.note or PROVISIONAL,))


def _last(code_match: CodeMatch) -> Note:
    when = code_match.effective_period.last
    reference = code_match.entry.reference
    if when is None:
        return Note(NoteCode.LAST_RECORDED_UNDATED, reference=reference)
    return Note(NoteCode.LAST_RECORDED, reference=reference, date=when.text)


def _said(code_match: CodeMatch, *, yes: bool) -> str:
    """What an entry says in words; for an answer the question with it."""
    if code_match.entry.type not in ANSWERED or code_match.chosen:
        return code_match.text
    value = code_match.holder.get("valueCodeableConcept")
    # A code without words is no answer that can be quoted.
    text = next(iter(wordings(value)), None) or ("yes" if yes else "no")
    return f"{code_match.text}: {text}"


def _evidence(code_match: CodeMatch, text: str, *notes: Note | None) -> Evidence:
    when = code_match.effective_period.last
    provisional = PROVISIONAL if code_match.status_class.provisional and code_match.entry.type not in _RESULTS else None
    by_text = BY_TEXT if code_match.by_text else None
    note = joined(code_match.status_class.note, *notes, provisional, by_text, *code_match.notes)
    return Evidence(code_match.entry.reference, text, when.text if when else None, note)
