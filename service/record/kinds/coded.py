"""Coded facts: something is recorded, was asked and answered, or cannot be told."""

from __future__ import annotations

from collections.abc import Iterator

from service.finding import Evidence, Finding
from service.knowledge.model import FactDefinition, FactSource
from service.record.chart.answers import ANSWERED, answer_of, stated_date
from service.record.chart.code_match import Hit, Key
from service.record.chart.concepts import body_sites
from service.record.chart.evidence import Verdict, Vote, joined, weigh
from service.record.chart.index import Chart
from service.record.chart.window import place, within
from service.record.kinds.plan import Plan
from service.record.values.coding import concept_text
from service.record.values.statuses import Counts

BY_TEXT = "matched by text only"
PROVISIONAL = "provisional"
NO_SITE = "body site not given"
NO_ANSWER = " has no answer that can be read"
_DONE_WHEN_OVER = ("ServiceRequest", "CommunicationRequest")
"""A completed request was carried out: what it asked for has happened, it is not merely past."""
_RESULTS = (*ANSWERED, "DiagnosticReport", "ImagingStudy")


def source_keys(sources: tuple[FactSource, ...]) -> frozenset[Key]:
    """What some sources look up on the chart."""
    return frozenset(
        (source.resource, name)
        for source in sources
        for name in (*source.codes, *(() if source.resource in ANSWERED else source.no))
    )


def plan(definition: FactDefinition) -> Plan:
    """How a coded fact is read."""

    def find(chart: Chart) -> Finding:
        notes: list[str | None] = []
        votes = list(votes_of(definition.sources, chart, notes))
        return weigh(definition, votes, chart.record, notes)

    return Plan(definition, find, source_keys(definition.sources))


def votes_of(sources: tuple[FactSource, ...], chart: Chart, notes: list[str | None]) -> Iterator[Vote]:
    """What every hit of the sources says. What was passed over is told in ``notes``."""
    for source in sources:
        for hit in chart.under(source.resource, source.codes):
            vote = _vote(hit, source, chart, notes)
            if vote is not None:
                yield vote
        if source.no and source.resource not in ANSWERED:
            for hit in chart.under(source.resource, source.no):
                vote = _denial(hit, source, chart)
                if vote is not None:
                    yield vote


def _vote(hit: Hit, source: FactSource, chart: Chart, notes: list[str | None]) -> Vote | None:
    counts = hit.standing.counts
    if counts is Counts.NEVER:
        return None
    if hit.entry.type in ANSWERED:
        answer = answer_of(hit, source, chart.matcher.index)
        if answer is None:
            if stated_date(hit) is None:
                notes.append(f"{hit.entry.reference}{NO_ANSWER}")
            return None
        return _yes(hit, source, chart, notes) if answer else _no(hit, source, chart, notes)
    if counts is Counts.ANSWERED_NO:
        return _no(hit, source, chart, notes)
    past = hit.past or (counts is Counts.HISTORY and hit.entry.type not in _DONE_WHEN_OVER)
    if past and not source.history:
        notes.append(f"{hit.entry.reference} is no longer active")
        return None
    return _yes(hit, source, chart, notes)


def _yes(hit: Hit, source: FactSource, chart: Chart, notes: list[str | None]) -> Vote | None:
    where = place(hit, source, chart)
    site = _site(hit, source, chart)
    if where.inside is False or site is False:
        if site is not False:
            notes.append(_last(hit))
        return None
    doubts = [_doubt(hit, source), NO_SITE if site is None else None]
    if where.inside is None and not source.undated:
        doubts.append(where.note)
    verdict = Verdict.MAYBE if any(doubts) else Verdict.YES
    extent = hit.extent
    evidence = _evidence(hit, _said(hit, yes=True), where.note, *doubts)
    return Vote(verdict, evidence, extent.last, extent.start, extent.first_recorded)


def _no(hit: Hit, source: FactSource, chart: Chart, notes: list[str | None]) -> Vote | None:
    """A no counts only when everything about it is sure: coded, final, and surely inside the window."""
    where = place(hit, source, chart)
    if where.inside is True and source.no_within_days is not None:
        where = within(hit.extent, source.no_within_days, chart.now)
    if not hit.is_sure or hit.standing.provisional or where.inside is not True or _site(hit, source, chart) is not True:
        notes.append(f"{hit.entry.reference} says no, but does not settle it")
        return None
    return Vote(Verdict.NO, _evidence(hit, _said(hit, yes=False), where.note), hit.extent.last)


def _denial(hit: Hit, source: FactSource, chart: Chart) -> Vote | None:
    """An entry that says there is none, such as "no known drug allergy"."""
    if hit.standing.counts is not Counts.PRESENT:
        return None
    return _no(hit, source, chart, [])


def _doubt(hit: Hit, source: FactSource) -> str | None:
    if not hit.standing.provisional:
        return None
    if hit.entry.type in _RESULTS:
        return f"{hit.standing.note or PROVISIONAL}, not used"  # decision 5
    return None if source.unconfirmed else PROVISIONAL


def _site(hit: Hit, source: FactSource, chart: Chart) -> bool | None:
    if not source.body_site:
        return True
    sites = body_sites(hit.entry.resource)
    if not sites:
        return None
    return any(not chart.matcher.index.match(site).sets.isdisjoint(source.body_site) for site in sites)


def _last(hit: Hit) -> str:
    when = hit.extent.last
    return f"last recorded {when.text if when else 'without a date'} ({hit.entry.reference})"


def _said(hit: Hit, *, yes: bool) -> str:
    """What an entry says in words; for an answer the question with it."""
    if hit.entry.type not in ANSWERED or hit.chosen:
        return hit.text
    told = concept_text(hit.holder.get("valueCodeableConcept")) or ("yes" if yes else "no")
    return f"{hit.text}: {told}"


def _evidence(hit: Hit, text: str, *notes: str | None) -> Evidence:
    when = hit.extent.last
    provisional = PROVISIONAL if hit.standing.provisional and hit.entry.type not in _RESULTS else None
    by_text = BY_TEXT if hit.by_text else None
    note = joined(hit.standing.note, *notes, provisional, by_text, *hit.notes)
    return Evidence(hit.entry.reference, text, when.text if when else None, note)
