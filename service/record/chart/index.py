"""Chart: the record of one call with every coding matched once, so that facts only look things up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from service.finding import Evidence
from service.knowledge.model import FactDefinition
from service.record.budget import NO_BUDGET, Budget
from service.record.chart.answers import ANSWERED, IN_WORDS, is_affirmed
from service.record.chart.code_match import CodeMatch, Key
from service.record.chart.concepts import ABOUT_CODE, concepts_of, question_of
from service.record.chart.denials import is_in_doubt, is_over
from service.record.chart.elsewhere import GOOD
from service.record.chart.episode import Episode, newest_episode
from service.record.chart.evidence import in_order_of_names
from service.record.chart.filing import DEVICES, NAMED_IF_NOT_READ, Filing
from service.record.chart.matcher import MEDICATION, Matcher
from service.record.chart.reactions import of_the_reaction, told_beside
from service.record.chart.service_orders import ServiceOrder, is_order, service_orders
from service.record.chart.told_elsewhere import LOOK_AT_CLOCK, MOST_TOLD, ToldElsewhere
from service.record.chart.unread_results import without_unread_results
from service.record.chart.worded_answers import problem_told
from service.record.medication.entry import (
    BY_WORDS,
    MEDICATION_TYPES,
    Medication,
    as_ordered,
)
from service.record.medication.matching import Match, Matched
from service.record.model import Entry, Record
from service.record.once import once
from service.record.values.concept import as_objects, concept_text
from service.record.values.dates import When, at, parse
from service.record.values.set_names import QUESTIONS
from service.record.values.statuses import Counts

_YEAR = 365
ORDER: Key = ("order", "")
_CONDITION = "Condition"
_ALLERGY = "AllergyIntolerance"
_BESIDE_AN_ALLERGY = frozenset({"note", "reaction", "extension"})
_COUNTS = frozenset({Counts.PRESENT, Counts.HISTORY})


class Chart:
    """One record at one moment, indexed: the only thing the kinds look at."""

    def __init__(
        self, matcher: Matcher, record: Record, now: datetime, budget: Budget = NO_BUDGET, *, at_once: bool = True
    ) -> None:
        """Without ``at_once`` a type is indexed when it is asked for with ``holds``, the rest with ``complete``."""
        self.matcher = matcher
        self.record = record
        self.now = now
        self._filed: dict[str, dict[str, list[CodeMatch]]] = {}
        """By type and value set."""
        self.unrecognised_drugs: dict[int | None, tuple[Evidence, ...]] = {}
        self.concerned: list[FactDefinition] = []
        """The facts that were read from it; all others are as on an empty chart."""
        self._budget = budget
        self._indexed: set[str] = set()
        self._dangers_elsewhere: AbstractSet[Entry] = frozenset()
        self._read_in_words: dict[int, set[str]] = {}
        if at_once:
            self.complete()

    def complete(self) -> None:
        """Index every type that is asked about and was not indexed yet. Raises TooCostlyError."""
        for name in self.matcher.asked:
            self._index_type(name)

    def holds(self, type_: str, keys: frozenset[Key]) -> bool:
        """Whether the chart holds something under one of some keys of this type, or of the medications.

        Raises TooCostlyError.
        """
        if type_ == MEDICATION:
            return not keys.isdisjoint(self._held_medications())
        self._index_type(type_)
        filed = self._filed.get(type_, {})
        not_read = NAMED_IF_NOT_READ.get(type_) if type_ in self.record.not_understood else None
        return any(value_set in filed or value_set == not_read for _, value_set in keys)

    def _index_type(self, name: str) -> None:
        asked = self.matcher.asked.get(name)
        if asked is None or name in self._indexed:
            return
        self._indexed.add(name)
        is_list, entries = name in NAMED_IF_NOT_READ, self.record.of_type(name)
        not_read: list[Entry] = []
        taken_back: list[Entry] = []
        for number, entry in enumerate(entries):
            if not number % LOOK_AT_CLOCK:
                self._budget.check()
            is_read, denies = self._index(entry, asked)
            if not is_list:
                continue
            # Its status is not asked of every entry: the gate needs none of most.
            if denies and is_over(entry):
                taken_back.append(entry)
            elif (not is_read or (denies and is_in_doubt(entry))) and _may_count(entry):
                not_read.append(self._named_by_concept(entry) if name in DEVICES else entry)
        if taken_back and not any(map(_may_count, set(entries).difference(taken_back))):
            # No other entry counts, which would tell what was found when "none" was taken back.
            not_read = taken_back
        by_name: dict[str, Entry] = {}
        for entry in not_read:
            by_name.setdefault(entry.reference, entry)
        self._set_aside(name, by_name.values())
        if name == _CONDITION:
            self._look_elsewhere()

    def _named_by_concept(self, entry: Entry) -> Entry:
        """An entry that says elsewhere than in its code what it is, as one that says it there."""
        concept = next(concepts_of(entry.type, entry.resource, self.record), {})
        return Entry({"code": concept}, entry.type, entry.id, entry.path)

    def _set_aside(self, name: str, entries: Iterable[Entry]) -> None:
        """Note that entries could not be read, so that the list of a type proves no absence."""
        if set_aside := list(entries):
            known = self.record.not_understood
            named = in_order_of_names([*known.get(name, ()), *set_aside])
            self.record = replace(self.record, not_understood={**known, name: named})

    def _look_elsewhere(self) -> None:
        """Set aside what other places than the problem list name of what the rules ask about.

        Only where the list or an order is about the back: other charts are not this service's (product choice no. 4).
        """
        listed = frozenset(self._filed.get(_CONDITION, ()))
        if not self.record.orders and listed.isdisjoint(self.matcher.in_scope):
            return
        # What facts read in the words of an answer is known first, and not told a second time.
        for name in ANSWERED:
            self._index_type(name)
        elsewhere = ToldElsewhere(
            self.matcher,
            self.record,
            self.now.year,
            listed=listed,
            read_in_words=self._read_in_words,
            budget=self._budget,
        )
        for name, entries in elsewhere.by_list().items():
            # What an entry that came twice says is one thing that is not read.
            said = {(entry.reference, concept_text(entry.resource.get("code"))): entry for entry in reversed(entries)}
            self._set_aside(name, said.values())
        self._dangers_elsewhere = elsewhere.dangers
        self.record = without_unread_results(
            self.record, self.matcher.units, elsewhere.may_tell, self.matcher.names_result
        )

    def record_for(self, codes: frozenset[str]) -> Record:
        """The record as a fact that goes by some value sets of problems reads it.

        Whether an episode of back pain runs does not hang on a danger that other places tell. Other problems that are
        in scope do: cauda equina syndrome is one of them.
        """
        return self.record if codes.isdisjoint(self.matcher.episode) else self._listed

    def is_told_elsewhere(self, entry: Entry) -> bool:
        """Whether an entry that could not be read stands for words of another place than the problem list."""
        return entry in self._dangers_elsewhere

    @once
    def _listed(self) -> Record:
        """The record without what other places than the problem list tell."""
        problems = self.record.not_understood.get(_CONDITION, ())
        if self._dangers_elsewhere.isdisjoint(problems):
            return self.record
        kept = {_CONDITION: tuple(one for one in problems if one not in self._dangers_elsewhere)}
        return replace(self.record, not_understood={**self.record.not_understood, **kept})

    @once
    def today(self) -> When:
        """Now, as a When."""
        return at(self.now)

    @once
    def birth(self) -> When | None:
        """The birth date of the patient, if it was sent."""
        patient = self.record.patient
        return parse(patient.resource.get("birthDate")) if patient else None

    @once
    def episode(self) -> Episode | None:
        """The current episode, or None when no active problem starts one."""
        return newest_episode(self.matches("Condition", self.matcher.episode))

    @once
    def medications(self) -> tuple[Medication, ...]:
        """Every medication entry of the record with its drug recognised; those entered in error left out."""
        return tuple(self._medications(self._medication_entries()))

    @once
    def last_starts(self) -> dict[tuple[str, ...], When | None]:
        """When the last of the drugs of some classes began, for facts that ask which came first."""
        return {}

    @once
    def first_starts(self) -> dict[tuple[str, ...], dict[str, When | None]]:
        """By some classes and ingredient, when the first drug began, for facts that ask which came first."""
        return {}

    @once
    def creatinine(self) -> dict[Decimal | None, Any]:
        """The measurements of creatinine by their look-back in days, for facts that compute the eGFR."""
        return {}

    def matched(self, fact: str) -> Sequence[Matched]:
        """The medications that match a drug fact and count for it, in the order of the record, each with its match."""
        return self._matched.get(fact, ())

    @once
    def _matched(self) -> Mapping[str, list[Matched]]:
        return self.matcher.drug_facts.listed(self.medications)

    def medications_of(self, classes: Iterable[str]) -> list[Medication]:
        """The medications of any of some classes, in the order of the record."""
        wanted = frozenset(classes)
        return [one for one in self.medications if not wanted.isdisjoint(one.drug.classes)]

    @once
    def not_recognised(self) -> tuple[Medication, ...]:
        """The medications whose drug is not known, whole or in part."""
        return tuple(one for one in self.medications if not one.drug.recognised)

    @once
    def service_orders(self) -> tuple[ServiceOrder, ...]:
        """The orders of this call that are no drugs, with the value sets of what they order."""
        return tuple(service_orders(self.record, self.matcher.index))

    @once
    def old_orders(self) -> frozenset[Medication]:
        """The orders older than a year, with no supply, dispense or statement of their drug since."""
        dated = [one for one in self.medications if one.started is not None]
        old = [one for one in dated if one.entry.type == "MedicationRequest" and not _is_supplied_lately(one)]
        if not old:
            return frozenset()
        supplied = {code for one in dated if _is_supplied_lately(one) for code in one.ingredient_codes}
        return frozenset(one for one in old if one.ingredient_codes and one.ingredient_codes.isdisjoint(supplied))

    @once
    def orders(self) -> tuple[Medication, ...]:
        """The drugs that are really being ordered in this call, each recognised; an order of "none" is not."""
        entries = (entry for entry in self.record.orders if entry.type == "MedicationRequest" and is_order(entry))
        return tuple(map(as_ordered, self._medications(entries)))

    def ordered(self, fact: str) -> Sequence[tuple[Medication, Match | None]]:
        """The drugs being ordered that match a drug fact, and without a match those that were not recognised."""
        if not self.orders:
            return ()
        matches = {id(order): matched for order, matched in self._ordered.get(fact, ())}
        found = ((order, matches.get(id(order))) for order in self.orders)
        return [(order, matched) for order, matched in found if matched is not None or not order.drug.recognised]

    @once
    def _ordered(self) -> Mapping[str, list[Matched]]:
        return self.matcher.drug_facts.ordered(self.orders)

    def held(self) -> set[Key]:
        """All keys under which this chart holds something."""
        found = {(type_, name) for type_, filed in self._filed.items() for name in filed}
        if self.matcher.reads_medications:
            found.update(self._held_medications())
        if self.record.orders:
            found.add(ORDER)
        found.update((name, NAMED_IF_NOT_READ[name]) for name in self.record.not_understood)
        return found

    def _held_medications(self) -> set[Key]:
        # Many entries name the same drug, which is one object then.
        drugs = {id(medication.drug): medication.drug for medication in self.medications}
        return set().union(*map(self.matcher.keys_of, drugs.values()))

    def matches(self, resource_type: str, value_sets: Iterable[str]) -> list[CodeMatch]:
        """The code matches of one type in any of some value sets, each once; words repeat no code of theirs."""
        filed = self._filed.get(resource_type)
        if filed is None:
            return []
        lists = list(filter(None, map(filed.get, value_sets)))
        if len(lists) < 2:  # noqa: PLR2004  # nothing to put together
            return lists[0] if lists else []
        code_matches = list(dict.fromkeys(code_match for found in lists for code_match in found))
        coded = {id(code_match.holder) for code_match in code_matches if code_match.is_sure}
        return [code_match for code_match in code_matches if code_match.is_sure or id(code_match.holder) not in coded]

    def _medication_entries(self) -> Iterator[Entry]:
        for name in MEDICATION_TYPES:
            yield from self.record.of_type(name)

    def _medications(self, entries: Iterable[Entry]) -> Iterator[Medication]:
        for entry in entries:
            found = self.matcher.drugs.recognise(entry.resource, self.record.resolve)
            drug = self.matcher.with_all_classes(found)
            yield Medication(entry, drug, self.now, entry.reference in self.record.drafts)

    def _index(self, entry: Entry, asked: frozenset[str]) -> tuple[bool, bool]:
        """File the entry under what it says; tell whether it could be understood at all, and whether it denies."""
        resource = entry.resource
        coded = resource.get("code")
        if entry.type in ABOUT_CODE and type(coded) is dict:
            # Nearly every entry of a chart says in its code alone what it is about.
            filing = self._file(entry, coded, resource)
            if entry.type == "Observation" and "component" in resource:
                self._index_components(entry)
            return filing.is_read, filing.denies
        if entry.type == "QuestionnaireResponse":
            self._index_items(entry, resource, asked)
            return True, False
        denies = bool(coded) and self.matcher.filings[entry.type].read(coded).denies
        concepts = concepts_of(entry.type, resource, self.record)
        if entry.type == _ALLERGY:
            return self._index_allergy(entry, list(map(of_the_reaction, concepts)), asked), denies
        is_read = [self._file(entry, concept, resource).is_read for concept in concepts]
        if entry.type == "DeviceUseStatement" and self.record.resolve(resource.get("device"), resource) is not None:
            return True, denies  # the device that was sent speaks for itself
        if entry.type == "Observation":
            self._index_components(entry)
        return any(is_read), denies

    def _index_components(self, entry: Entry) -> None:
        for component in as_objects(entry.resource.get("component")):
            self._file(entry, component.get("code"), component)

    def _set_beside(self, entry: Entry, own: Iterable[object]) -> None:
        """Set aside what an allergy tells of other drugs in notes and reactions."""
        if _may_count(entry):
            sentences = told_beside(entry, own, self.matcher.index, self.matcher.sets_of_allergy)
            told = (Entry({"code": {"text": one}}, entry.type, entry.id, entry.path) for one in sentences)
            self._set_aside(_ALLERGY, islice(told, MOST_TOLD))

    def _file(self, entry: Entry, concept: object, holder: Mapping[str, Any]) -> Filing:
        """Put an entry under the value sets that a concept names and facts ask about."""
        filing = self.matcher.filings[entry.type].read(concept)
        if entry.type == "Observation" and not IN_WORDS.isdisjoint(holder) and self._is_told(entry, concept, holder):
            return filing
        if filing.under:
            birth = self.birth if "onsetAge" in entry.resource else None
            for under in filing.under:
                code_match = CodeMatch(
                    entry,
                    holder,
                    filing.text,
                    birth,
                    under.by_text,
                    is_sure=under.is_sure,
                    past=under.past,
                    suspected=under.suspected,
                    notes=filing.notes,
                )
                self._add(code_match, under.sets)
        return filing

    def _is_told(self, entry: Entry, question: object, holder: Mapping[str, Any]) -> bool:
        """Put an answer in words under the problem that it tells, if any, and its question, to which it is a yes."""
        told = problem_told(question, holder, self.matcher.index)
        if told is None:
            return False
        sets = (self.matcher.index.match(question).sets | told.sets) & self.matcher.asked[entry.type]
        self._read_in_words.setdefault(id(entry.resource), set()).add(told.text)
        self._add(CodeMatch(entry, holder, told.text, birth=None, by_text=True, is_sure=False, chosen=True), sets)
        return True

    def _add(self, code_match: CodeMatch, value_sets: Iterable[str]) -> None:
        filed = self._filed.setdefault(code_match.entry.type, {})
        for name in value_sets:
            filed.setdefault(name, []).append(code_match)

    def _index_allergy(self, entry: Entry, concepts: Sequence[object], asked: frozenset[str]) -> bool:
        """File an allergy under what it is to, which may be coded as the drug, and tell whether it was understood."""
        for concept in concepts:
            self._file(entry, concept, entry.resource)
        self._index_drugs(entry, concepts, asked)
        if not _BESIDE_AN_ALLERGY.isdisjoint(entry.resource):
            self._set_beside(entry, concepts)
        return self.matcher.is_allergy_read(concepts)

    def _index_drugs(self, entry: Entry, concepts: Iterable[object], asked: frozenset[str]) -> None:
        """An allergy to a drug may be coded as the drug: test it through the drug table too (terminology.md 2)."""
        for concept in concepts:
            drug = self.matcher.with_all_classes(self.matcher.drugs.recognise_concept(concept))
            filed = self._filed.get(entry.type, {})
            classes = {name for name in drug.classes & asked if name not in filed or filed[name][-1].entry is not entry}
            if classes:
                by_text = drug.by in BY_WORDS
                code_match = CodeMatch(
                    entry, entry.resource, drug.text, birth=None, by_text=by_text, is_sure=not by_text
                )
                self._add(code_match, classes)

    def _index_items(self, entry: Entry, parent: Mapping[str, Any], asked: frozenset[str]) -> None:
        for item in as_objects(parent.get("item")):
            self._index_question(entry, item, asked)
            for answer in as_objects(item.get("answer")):
                chosen = answer.get("valueCoding")
                match = self.matcher.index.match(chosen) if chosen is not None else None
                if match is not None and not match.by_text and (found := match.sets & asked):
                    self._add(
                        CodeMatch(entry, answer, concept_text(chosen), birth=None, by_text=False, chosen=True), found
                    )
                self._index_items(entry, answer, asked)
            self._index_items(entry, item, asked)

    def _index_question(self, entry: Entry, item: Mapping[str, Any], asked: frozenset[str]) -> None:
        """An item by its linkId, else by the words of its question, which are enough for a yes and never for a no."""
        link, text = item.get("linkId"), question_of(item)
        sets = self.matcher.index.sets_of_link(link) & asked if isinstance(link, str) else frozenset()
        if sets:
            self._add(CodeMatch(entry, item, concept_text({"text": text}) or str(link), None, by_text=False), sets)
        elif isinstance(text, str) and not GOOD.search(text):
            found = self.matcher.index.match({"text": text.replace("?", "")}).sets & asked
            if sets := frozenset(name for name in found if name.startswith(QUESTIONS)):
                self._add(CodeMatch(entry, item, text, birth=None, by_text=True, is_sure=False), sets)
        if sets and isinstance(text, str) and any(map(is_affirmed, as_objects(item.get("answer")))):
            self._read_in_words.setdefault(id(entry.resource), set()).add(text.replace("?", ""))


def _is_supplied_lately(dated: Medication) -> bool:
    """Whether it was ordered, dispensed or stated within the last year, or its supply reaches into it."""
    since = dated.since
    if since is None or since.low is None or since.low <= _YEAR:
        return True
    # How long it was to last is looked at only where its beginning is too long ago.
    return since.low - (dated.planned.high or 0) <= _YEAR


def _may_count(entry: Entry) -> bool:
    """Whether an entry counts in any way: not one entered in error, refuted, or of something not done."""
    return entry.status_class.counts in _COUNTS
