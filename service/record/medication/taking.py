"""Taking: whether the medications that match a drug fact are being taken, or were until lately."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from service.finding import Evidence
from service.knowledge.model import FactDefinition
from service.note import Note, NoteCode, joined
from service.record.chart.dating import EffectivePeriod
from service.record.chart.evidence import EntryEvidence, Support
from service.record.chart.index import Chart
from service.record.chart.window import Timing, within
from service.record.medication.entry import BY_WORDS, Medication
from service.record.medication.matching import Match, no_dose
from service.record.medication.stopping import stopped_within
from service.record.medication.supply import is_complete
from service.record.values.dates import When, days_between, earliest, latest
from service.record.values.status_table import PRESENT, Counts

DRUG_NOT_RECOGNISED = Note(NoteCode.DRUG_NOT_RECOGNISED)
BY_NAME = Note(NoteCode.BY_NAME)
OLD = Note(NoteCode.OLD_ORDER)
NO_STOP = Note(NoteCode.STOP_NOT_KNOWN)
NOT_TOLD_WHICH_FIRST = Note(NoteCode.FIRST_NOT_KNOWN)
_NOT_CERTAIN = Note(NoteCode.NOT_CERTAIN)
_CURRENT_OR_PAST = frozenset({Counts.PRESENT, Counts.HISTORY})


def entry_evidence_of(definition: FactDefinition, chart: Chart) -> list[EntryEvidence]:
    """What every medication of the record says about a drug fact."""
    found = []
    for medication, matched in chart.matched(definition.id):
        if not definition.old_orders and _stands_only_in_an_old_order(medication, chart):
            continue
        entry_evidence = _said_of(medication, matched, definition, chart)
        if entry_evidence is not None:
            found.append(entry_evidence)
    return found


def _said_of(medication: Medication, matched: Match, definition: FactDefinition, chart: Chart) -> EntryEvidence | None:
    """What an entry says about a drug fact: the same for all facts that ask alike, so it is worked out once."""
    if definition.began_after:
        return _entry_evidence(medication, matched, definition, chart)
    key: tuple[object, ...] = (matched.is_sure, matched.note)
    if medication.status_class is not PRESENT or definition.within_days is not None or medication in chart.old_orders:
        # What is simply being taken says the same to all that do not ask since when.
        asked = (definition.stopped_within_days, definition.within_days, definition.stop_not_known)
        key = (*key, definition.unconfirmed, definition.or_ordered, asked)
    known = medication.said.get(key)
    if known is None:
        known = medication.said[key] = (_entry_evidence(medication, matched, definition, chart),)
    found: EntryEvidence | None = known[0]
    return found


def _entry_evidence(
    medication: Medication, matched: Match, definition: FactDefinition, chart: Chart
) -> EntryEvidence | None:
    status_class = medication.status_class
    started = medication.started
    doubts: list[Note | None] = [None if matched.is_sure else no_dose(medication)]
    no_stop = None
    if status_class.counts is Counts.HISTORY and definition.stopped_within_days is not None:
        stopped = stopped_within(medication, definition.stopped_within_days, chart.now)
        if stopped is False:
            return None
        if stopped is None and definition.stop_not_known and not is_complete(medication.entry):
            no_stop = NO_STOP
        elif stopped is None:
            doubts.append(NO_STOP)
    old = OLD if _stands_only_in_an_old_order(medication, chart) else None
    is_counted = definition.unconfirmed or (medication.is_draft and definition.or_ordered)
    if status_class.provisional or (status_class.is_doubtful and not is_counted):
        doubts.append(status_class.note or _NOT_CERTAIN)
    if not definition.unconfirmed:
        doubts.append(old)
    times = _in_time(medication, definition, chart)
    if times and any(where.inside is False for where in times):
        return None
    doubts += [where.note for where in times if where.inside is None]
    support = Support.MAYBE if any(doubts) else Support.YES
    evidence = evidence_of(medication, matched.note, status_class.note, old, no_stop, *doubts)
    return EntryEvidence(support, _dated_by_its_end(medication, evidence), started)


def _dated_by_its_end(medication: Medication, evidence: Evidence) -> Evidence:
    """The evidence with the day on which a drug ended, for one that is no longer taken: its beginning tells nothing."""
    if medication.status_class.counts is not Counts.HISTORY:
        return evidence
    return replace(evidence, date=medication.ended.text if medication.ended else None)


def _in_time(medication: Medication, definition: FactDefinition, chart: Chart) -> list[Timing]:
    """Where the beginning of an entry lies to what the fact asks of it; most ask nothing."""
    times = []
    if definition.within_days is not None:
        times.append(within(EffectivePeriod(medication.started), definition.within_days, chart.now))
    if definition.began_after:
        times.append(Timing(_began_after(medication, definition, chart), NOT_TOLD_WHICH_FIRST))
    return times


def _began_after(medication: Medication, definition: FactDefinition, chart: Chart) -> bool | None:
    """Whether a drug that is taken began after the last order of some others; None when the dates do not tell.

    It began with its first order that still runs, so that a renewal is no beginning.
    """
    last = _last_start(definition.began_after, chart)
    first_starts = _first_starts(definition.classes, chart)
    began = [first_starts[code] for code in medication.ingredient_codes if code in first_starts]
    first = earliest(*began) if None not in began else None
    if last is None or first is None:
        return None
    days = days_between(last, first)
    if days.low is not None and days.low > 0:
        return True
    return False if days.high is not None and days.high < 0 else None


def _last_start(classes: tuple[str, ...], chart: Chart) -> When | None:
    """When the last of the drugs of some classes began that are or were taken."""
    if classes not in chart.last_starts:
        started = (other.started for other in chart.medications_of(classes) if _is_or_was(other))
        chart.last_starts[classes] = latest(*started)
    return chart.last_starts[classes]


def _first_starts(classes: tuple[str, ...], chart: Chart) -> Mapping[str, When | None]:
    """By ingredient, when the first of the drugs of some classes began that are taken; None where one does not tell."""
    found = chart.first_starts.get(classes)
    if found is None:
        found = chart.first_starts[classes] = {}
        for one in chart.medications_of(classes):
            if one.status_class.counts is Counts.PRESENT:
                for code in one.ingredient_codes:
                    before = found.get(code, one.started)
                    found[code] = earliest(before, one.started) if before and one.started else None
    return found


def _is_or_was(medication: Medication) -> bool:
    return medication.status_class.counts in _CURRENT_OR_PAST


def _stands_only_in_an_old_order(medication: Medication, chart: Chart) -> bool:
    return medication in chart.old_orders and medication.status_class.counts is Counts.PRESENT


def evidence_of(medication: Medication, *notes: Note | None) -> Evidence:
    """A medication as evidence."""
    told = tuple(filter(None, notes))
    known = medication.as_evidence.get(told)
    if known is None:
        started = medication.started
        by_name = BY_NAME if medication.drug.by in BY_WORDS else None
        known = medication.as_evidence[told] = Evidence(
            medication.reference, medication.drug.text, started.text if started else None, joined(*told, by_name)
        )
    return known
