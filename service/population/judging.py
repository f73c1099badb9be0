"""Judging: one patient from its record to the rows of the tables, and what is counted of it."""

from __future__ import annotations

import hashlib
import hmac
import re
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

import orjson

from service.bounded import Bounded
from service.cards.concern import concerns
from service.decision import Decision, Prepared
from service.finding import Status
from service.knowledge.conditions import Truth
from service.knowledge.model import FactKind, Indicator, types_read
from service.knowledge.strata import concluding_rules
from service.population.chart import Gathered, Group, Read
from service.population.gating import Passed
from service.population.plan import Question
from service.population.visits import Call, Card, is_concerned, rules_on
from service.protocol.evaluation import Services, answer_record
from service.record.derive import plan_of
from service.record.input.resource_types import RESOURCE_TYPES
from service.record.model import Completeness, Record
from service.review.demographics import age_band, sex_group

Json = dict[str, Any]
NOT_ASSESSED = "(not assessed)"
MANY = 3
"""More cards than that at once are many."""
NOTHING_RECORDED = "nothing recorded that tells"
_REFERENCE = re.compile(rf"\b({'|'.join(sorted(RESOURCE_TYPES))})/([A-Za-z0-9.\-]{{1,64}})")
_MOST_PERSONS = 65536
_MOST_WHYS = 16384
Lists = frozenset[tuple[str, Completeness]]
"""How each list came."""


@dataclass(slots=True)
class Rows:
    """The rows of one patient in each table."""

    decision: Json
    cards: list[Json] = field(default_factory=list)
    findings: list[Json] = field(default_factory=list)
    visits: list[Json] = field(default_factory=list)


@dataclass
class Tally:
    """What is counted over patients. Cells are counted by age and sex; sums of tallies are tallies."""

    patients: Counter[str] = field(default_factory=Counter)
    groups: Counter[tuple[str, str]] = field(default_factory=Counter)
    cards: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    with_card: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    missing: Counter[tuple[str, str]] = field(default_factory=Counter)
    undecided: Counter[str] = field(default_factory=Counter)
    visits: Counter[str] = field(default_factory=Counter)
    visits_with_many: Counter[str] = field(default_factory=Counter)
    visits_with_card: Counter[str] = field(default_factory=Counter)
    visits_not_assessed: Counter[str] = field(default_factory=Counter)
    visits_not_known: Counter[tuple[str, str]] = field(default_factory=Counter)
    visit_indicators: Counter[tuple[str, str]] = field(default_factory=Counter)
    visit_cards: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    visits_without_memory: Counter[tuple[str, str]] = field(default_factory=Counter)
    visit_cards_without_memory: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    figures: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> Json:
        """As JSON, in order."""
        return {name: sorted(_row(key, number) for key, number in counts.items()) for name, counts in self._all()}

    def _all(self) -> Iterator[tuple[str, Counter[Any]]]:
        yield from ((name, getattr(self, name)) for name in (field.name for field in fields(self)))

    def add(self, document: Json) -> None:
        """Add what another tally told."""
        for name, counts in self._all():
            for *key, number in document[name]:
                counts[tuple(key) if len(key) > 1 else key[0]] += number


def _row(key: object, number: int) -> list[object]:
    return [*key, number] if isinstance(key, tuple) else [key, number]


class Pseudonyms:
    """What stands for the ids of patients and of their resources: made with a key, or the ids themselves."""

    def __init__(self, key: bytes | None) -> None:
        self._key = key

    def of(self, id_: str) -> str:
        """What stands for an id."""
        if self._key is None:
            return id_
        return hmac.new(self._key, id_.encode(), hashlib.sha256).hexdigest()[:32]

    def decision(self, patient: str) -> uuid.UUID | None:
        """The id of a decision, so that it cannot be worked out from the chart; None leaves it to the content."""
        return None if self._key is None else uuid.UUID(self.of(f"decision/{patient}"))

    def within(self, text: str) -> str:
        """A text with every reference to a resource replaced."""
        if self._key is None:
            return text
        return _REFERENCE.sub(lambda found: f"{found[1]}/{self.of(found[2])}", text)

    def in_card(self, card: Json) -> Json:
        """A card without the ids of the record."""
        if self._key is None:
            return card
        replaced: Json = self._replaced(card)
        return replaced

    def _replaced(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.within(value)
        if isinstance(value, list):
            return [self._replaced(one) for one in value]
        if isinstance(value, Mapping):
            return {name: self._replaced(one) for name, one in value.items()}
        return value


class Judge:
    """Answers about one patient after another, as a plain Bundle is answered."""

    def __init__(self, services: Services, question: Question) -> None:
        self._services = services
        self._question = question
        self._knowledge = services.prepared.knowledge
        self._concluding = concluding_rules(self._knowledge.rules)
        self._pseudonyms = Pseudonyms(question.pseudonyms)
        self._persons = Persons(services.prepared, question.now)
        self._whys: Bounded[tuple[str, Lists], str] = Bounded(_MOST_WHYS)
        rules = services.prepared.programs[question.hook].in_order.rules
        self._warning = tuple(
            number
            for number, rule in enumerate(rules)
            if rule.card is not None and question.hook in rule.hooks and rule.severity > Indicator.INFO.rank
        )
        """Where the rules stand that show a card of more than information."""

    def judge(self, gathered: Gathered, read: Read, tally: Tally) -> Rows:
        """The rows of one patient; what is counted of it goes to the tally."""
        patient = self.name_of(gathered)
        tally.figures["duplicates"] += read.duplicates
        if gathered.left_out:
            tally.figures["patientsCut"] += 1
            tally.figures["resourcesLeftOut"] += sum(gathered.left_out.values())
        if gathered.broken or read.rejects:
            tally.figures["patientsWithUnreadLines"] += 1
        row = _row_of(patient, gathered, read)
        if read.record is None:
            tally.patients["refused"] += 1
            return Rows(row | {"how": "refused", "reason": read.refused})
        band, sex = self._persons.of(read.record)
        tally.groups[band, sex] += 1
        decision, cards = answer_record(
            self._services,
            read.record,
            self._question.hook,
            self._question.now,
            decision_id=self._pseudonyms.decision(gathered.key),
        )
        tally.patients["decided"] += 1
        shown = [_card(patient, decision.id, index, self._pseudonyms.in_card(card)) for index, card in enumerate(cards)]
        self._count(decision, read.record, shown, (band, sex), tally)
        row |= {
            "age": band,
            "sex": sex,
            "how": "decided",
            "decision": decision.id,
            "concerned": is_concerned(self._knowledge, decision),
            "cards": len(shown),
            "indicator": shown[0]["indicator"] if shown else None,
            "rules": [rule for card in shown for rule in card["rules"]],
            "notAssessed": list(decision.not_assessed) if concerns(self._knowledge, decision) else [],
            "unread": sum(decision.unread.entries.values()),
        }
        return Rows(row, shown, self._findings(patient, decision) if self._question.findings else [])

    def name_of(self, gathered: Gathered) -> str:
        """What a patient is called in the tables."""
        return self._pseudonyms.of(gathered.key)

    def group_of(self, record: Record) -> Group:
        """The band of age and the sex of a patient."""
        return self._persons.of(record)

    def skipped(self, gathered: Gathered, passed: Passed, tally: Tally, gate: str) -> Rows:
        """The rows of a patient for whom no card is possible whatever else stands in the chart, as this gate showed."""
        band, sex = passed.group
        tally.groups[band, sex] += 1
        tally.patients["gated"] += 1
        tally.figures["duplicates"] += passed.read.duplicates
        row = _row_of(self.name_of(gathered), gathered, passed.read)
        return Rows(row | {"age": band, "sex": sex, "how": "gated", "reason": f"gate {gate}"})

    def _count(
        self, decision: Decision, record: Record, cards: Iterable[Json], group: tuple[str, str], tally: Tally
    ) -> None:
        shown = list(cards)
        for card in shown:
            for rule in card["rules"] or [NOT_ASSESSED]:
                tally.cards[rule, card["indicator"], *group] += 1
        if shown:
            tally.with_card[shown[0]["indicator"], *group] += 1
        tally.figures["cards"] += len(shown)
        if not concerns(self._knowledge, decision):
            # What is open about a patient whom none of it concerns is nobody's loss.
            return
        if decision.wanted:
            tally.figures["patientsNotAssessed"] += 1
        if decision.not_assessed:
            tally.figures["patientsNotAssessedUnnamed"] += 1
        self._count_missing(decision, record, tally)

    def _count_missing(self, decision: Decision, record: Record, tally: Tally) -> None:
        """Count the facts that are missing, and the warnings that are open for want of them."""
        lists = frozenset(record.completeness.items())
        for fact in decision.wanted:
            why = self._whys.get((fact, lists))
            if why is None:
                why = self._whys[fact, lists] = self._why_missing(fact, record)
            tally.missing[fact, why] += 1
        truths = decision.outcomes.truths
        for number in self._warning:
            if truths[number] == Truth.UNKNOWN:
                tally.undecided[decision.outcomes.of.rules[number].id] += 1

    def _why_missing(self, fact: str, record: Record) -> str:
        """Why a fact is unknown: which of its lists did not come, or that nothing is recorded."""
        definition, complete = self._knowledge.facts.get(fact), self._lists_behind(fact)
        names = complete or (frozenset() if definition is None else types_read(definition))
        states = {name: record.completeness_of(name) for name in names}
        not_sent = [name for name, state in states.items() if state is Completeness.NOT_SENT]
        if not_sent and (complete or len(not_sent) == len(states)):
            return f"not sent: {', '.join(sorted(not_sent))}"
        in_part = [name for name, state in states.items() if state in (Completeness.PARTIAL, Completeness.FAILED)]
        return f"in part: {', '.join(sorted(in_part))}" if in_part else NOTHING_RECORDED

    def _lists_behind(self, name: str) -> frozenset[str]:
        """The lists that must come whole before a fact, or the facts of a conclusion, can be absent."""
        definition = self._knowledge.facts.get(name)
        if definition is not None:
            return frozenset(definition.complete)
        read = {one for rule in self._concluding.get(name, ()) for one in rule.reads}
        return frozenset().union(*map(self._lists_behind, read))

    def _findings(self, patient: str, decision: Decision) -> list[Json]:
        return [
            {
                "patient": patient,
                "finding": finding.name,
                "status": finding.status.value,
                "low": None if finding.low is None else float(finding.low),
                "high": None if finding.high is None else float(finding.high),
                "unit": finding.unit,
            }
            for finding in decision.findings.values()
            if finding.status is not Status.ABSENT or finding.evidence
        ]


def _row_of(patient: str, gathered: Gathered, read: Read) -> Json:
    return {
        "patient": patient,
        "resources": read.resources,
        "duplicates": read.duplicates,
        "leftOut": sum(gathered.left_out.values()),
        "unreadLines": len(gathered.broken) + len(read.rejects),
        "cards": 0,
        "rules": [],
        "notAssessed": [],
        "unread": 0,
    }


def count_visits(calls: Iterable[Call], tally: Tally) -> None:
    """Count the cards of the visits of one patient, each rule on a card: as they are shown, and without memory."""
    for call in calls:
        tally.visits[call.hook] += 1
        tally.visits_with_many[call.hook] += len(call.shown) > MANY
        tally.visits_with_card[call.hook] += bool(call.shown)
        tally.visits_not_assessed[call.hook] += bool(call.not_known)
        for what in call.not_known:
            tally.visits_not_known[call.hook, what] += 1
        for indicator, rules in call.shown:
            tally.visit_indicators[call.hook, indicator] += 1
            for rule in rules or (NOT_ASSESSED,):
                tally.visit_cards[call.hook, rule, indicator] += 1
        tally.visits_without_memory[call.hook, "cards"] += len(call.cards)
        tally.visits_without_memory[call.hook, "withCard"] += bool(call.cards)
        tally.visits_without_memory[call.hook, "withMoreThanThree"] += len(call.cards) > MANY
        for indicator, rules in call.cards:
            for rule in rules or (NOT_ASSESSED,):
                tally.visit_cards_without_memory[call.hook, rule, indicator] += 1


def visit_rows(patient: str, calls: Iterable[Call]) -> Iterator[Json]:
    """The rows of the visits of one patient."""
    for call in calls:
        yield {
            "patient": patient,
            "day": call.day,
            "hook": call.hook,
            "concerned": call.concerned,
            "cards": _card_rows(call.cards),
            "shown": _card_rows(call.shown),
            "notKnown": list(call.not_known),
        }


def _card_rows(cards: Iterable[Card]) -> list[Json]:
    return [{"indicator": indicator, "rules": list(rules)} for indicator, rules in cards]


def _card(patient: str, decision: str, index: int, card: Json) -> Json:
    return {
        "patient": patient,
        "decision": decision,
        "place": index,
        "indicator": card["indicator"],
        "rules": list(rules_on(card)),
        "topic": card["source"].get("topic", {}).get("code"),
        "summary": card["summary"],
        "card": orjson.dumps(card).decode(),
    }


class Persons:
    """The group of age and sex of a patient, read from the Patient alone, so that it is the same however decided."""

    def __init__(self, prepared: Prepared, now: datetime) -> None:
        self._knowledge = prepared.knowledge
        self._now = now
        kinds = (FactKind.AGE, FactKind.SEX)
        facts = (fact for fact in self._knowledge.facts.values() if fact.kind in kinds)
        self._plans = [plan_of(fact, self._knowledge) for fact in facts]
        self._matcher = prepared.derivation.matcher
        self._known: Bounded[bytes, tuple[str, str]] = Bounded(_MOST_PERSONS)

    def of(self, record: Record) -> tuple[str, str]:
        """The band of age and the sex; ``not known`` where the chart does not tell."""
        patient = record.patient
        resource = {} if patient is None else patient.resource
        person = {name: resource.get(name) for name in ("birthDate", "gender", "extension", "_birthDate")}
        key = orjson.dumps(person)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._read(record)
        return found

    def _read(self, record: Record) -> tuple[str, str]:
        from service.record.chart.index import Chart

        entries = record.of_type("Patient")
        record_of_person = Record(record.patient_id, entries, record.completeness)
        chart = Chart(self._matcher, record_of_person, self._now, at_once=False)
        facts = {plan.definition.id: plan.find(chart) for plan in self._plans}
        return age_band(self._knowledge, facts), sex_group(self._knowledge, facts)
