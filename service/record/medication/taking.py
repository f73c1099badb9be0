"""Taking: which medications match a drug fact, and whether they are being taken.

By ingredient and route: a combination counts for each of its ingredients, topical and ophthalmic forms are no
systemic drugs, low-dose aspirin is told apart by the daily dose (decision 17).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from service.finding import Evidence
from service.knowledge.model import FactDefinition
from service.note import Note, NoteCode, joined
from service.record.chart.dating import EffectivePeriod
from service.record.chart.evidence import EntryEvidence, Support
from service.record.chart.index import Chart
from service.record.chart.window import Timing, within
from service.record.medication.drug import Drug, Ingredient
from service.record.medication.entry import BY_WORDS, Medication
from service.record.medication.stopping import stopped_within
from service.record.medication.supply import is_complete
from service.record.values.dates import When, days_between, earliest, latest
from service.record.values.statuses import Counts

DRUG_NOT_RECOGNISED = Note(NoteCode.DRUG_NOT_RECOGNISED)
BY_NAME = Note(NoteCode.BY_NAME)
NO_DOSE = Note(NoteCode.DOSE_NOT_GIVEN)
DOSE_NOT_READ = Note(NoteCode.DOSE_NOT_READ)
OLD = Note(NoteCode.OLD_ORDER)
NO_STOP = Note(NoteCode.STOP_NOT_KNOWN)
NOT_TOLD_WHICH_FIRST = Note(NoteCode.FIRST_NOT_KNOWN)
_NOT_CERTAIN = Note(NoteCode.NOT_CERTAIN)
_UNITS_A_DAY = 2
_CURRENT = frozenset({Counts.PRESENT})
_CURRENT_OR_PAST = frozenset({Counts.PRESENT, Counts.HISTORY})


class Match(Struct, frozen=True):
    """The ingredients by which a medication matches, and what a reader must know.

    ``is_sure`` is False when only the dose could tell, and is not written.
    """

    ingredients: tuple[Ingredient, ...]
    note: Note | None = None
    is_sure: bool = True


def match(medication: Medication, definition: FactDefinition, chart: Chart) -> Match | None:
    """By which ingredients a medication belongs to the classes of a fact; None when by none."""
    if definition.daily_dose_mg is not None:
        return _matched(medication, definition)
    # Without a dose in question it depends on the drug alone, and many entries name the same one.
    drug, key = medication.drug, (id(medication.drug), definition.id)
    known = chart.matcher.matched.get(key)
    if known is None or known[0] is not drug:
        known = chart.matcher.matched[key] = drug, _matched(medication, definition)
    found: Match | None = known[1]
    return found


def _matched(medication: Medication, definition: FactDefinition) -> Match | None:
    drug = medication.drug
    if drug.classes.isdisjoint(definition.classes):
        return None
    if not _goes_in(drug, definition.route):
        return None
    by_product = drug.classes.difference(*(one.classes for one in drug.ingredients))
    if not by_product.isdisjoint(definition.exclude):
        return None
    as_product = not by_product.isdisjoint(definition.classes)
    matching = [
        one
        for one in drug.ingredients
        if (as_product or not one.classes.isdisjoint(definition.classes)) and one.classes.isdisjoint(definition.exclude)
    ]
    if not drug.ingredients:
        return Match((), joined(*drug.notes)) if as_product else None
    return _in_band(medication, matching, definition)


def _goes_in(drug: Drug, route: str) -> bool:
    """Whether a drug goes in by the route that a fact asks for; one whose route is not told is no injection."""
    if route in {"injected", "not-injected"}:
        return not drug.is_local and (drug.route == "injectable") == (route == "injected")
    return route == "any" or drug.is_local == (route == "local")


def _in_band(medication: Medication, matching: list[Ingredient], definition: FactDefinition) -> Match | None:
    if definition.daily_dose_mg is None:
        return Match(tuple(matching), joined(*medication.drug.notes)) if matching else None
    in_band, notes, is_sure = [], list(medication.drug.notes), True
    for ingredient in matching:
        dose = medication.drug.daily_mg(ingredient, medication.daily)
        if dose is None:
            notes.append(no_dose(medication))
            is_sure = is_small_dose(ingredient, definition.daily_dose_mg)
            in_band.append(ingredient)
        elif dose.overlaps(*definition.daily_dose_mg):
            in_band.append(ingredient)
    return Match(tuple(in_band), joined(*notes), is_sure) if in_band else None


def no_dose(medication: Medication) -> Note:
    """Why the dose of a medication is not known: it was not given, or could not be read."""
    return DOSE_NOT_READ if medication.has_unread_dose else NO_DOSE


def is_small_dose(ingredient: Ingredient, band: tuple[Decimal | None, Decimal | None]) -> bool:
    """Whether a product whose dose is not written belongs to a band that has an upper limit.

    Product choice: one or two units of the product a day keep to the limit, so aspirin 81 mg without a dosage is
    low-dose aspirin. Whether a dose reaches a lower limit is never known without the dose (decision 39).
    """
    _, most = band
    return most is not None and ingredient.strength_mg is not None and ingredient.strength_mg * _UNITS_A_DAY <= most


def entry_evidence_of(definition: FactDefinition, chart: Chart) -> Iterator[EntryEvidence]:
    """What every medication of the record says about a drug fact."""
    # What is over says something only to a fact that asks what was stopped, so that most of a long list is passed over.
    said_by = _CURRENT if definition.stopped_within_days is None else _CURRENT_OR_PAST
    for medication in chart.medications_of(definition.classes):
        if medication.status_class.counts not in said_by:
            continue
        matched = match(medication, definition, chart)
        if matched is None or (not definition.old_orders and _stands_only_in_an_old_order(medication, chart)):
            continue
        entry_evidence = _said_of(medication, matched, definition, chart)
        if entry_evidence is not None:
            yield entry_evidence


def _said_of(medication: Medication, matched: Match, definition: FactDefinition, chart: Chart) -> EntryEvidence | None:
    """What an entry says about a drug fact: the same for all facts that ask alike, so it is worked out once."""
    if definition.began_after:
        return _entry_evidence(medication, matched, definition, chart)
    asked = (matched.is_sure, matched.note, definition.stopped_within_days, definition.within_days)
    told = (definition.stop_not_known, definition.unconfirmed, definition.or_ordered)
    known = medication.said.get((asked, told))
    if known is None:
        known = medication.said[asked, told] = (_entry_evidence(medication, matched, definition, chart),)
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
    return medication.status_class.counts is Counts.PRESENT and is_old(medication, chart)


def is_old(medication: Medication, chart: Chart) -> bool:
    """Whether an active order is older than a year, with no supply, dispense or statement of its drug since."""
    if medication.entry.type != "MedicationRequest" or medication.started is None:
        return False
    named = medication.ingredient_codes
    return bool(named) and named.isdisjoint(chart.lately_supplied)


def evidence_of(medication: Medication, *notes: Note | None) -> Evidence:
    """A medication as evidence."""
    known = medication.as_evidence.get(notes)
    if known is None:
        started = medication.started
        by_name = BY_NAME if medication.drug.by in BY_WORDS else None
        known = medication.as_evidence[notes] = Evidence(
            medication.reference, medication.drug.text, started.text if started else None, joined(*notes, by_name)
        )
    return known
