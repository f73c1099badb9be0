"""Charts for a comparison: a FHIR bundle for a witness, and one that a changed fact or value set reads otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from service.decision import Prepared, decide, prepare
from service.finding import Finding, Status
from service.knowledge.conditions import Truth
from service.knowledge.digest import canonical, value_sets_of
from service.knowledge.model import Code, FactKind, Given, Knowledge
from service.record.input.reader import read_bundle
from service.review.comparison.edits import field_changes
from service.review.comparison.model import Witness
from service.review.comparison.witness import usual_status
from service.review.satisfying import satisfying
from service.review.symbolic import Patients
from service.testkit.example_patient.case import Case
from service.testkit.example_patient.document import Builder
from service.testkit.playground_link import playground_link

Json = dict[str, Any]

# A chart is written for this time, so that the same comparison gives the same bytes.
NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
# So many cards are tried, the most severe first, to show what a changed fact does to what is shown.
_MOST_CARDS = 4


@dataclass(frozen=True)
class Charts:
    """Writes charts for two rule sets. Builders are made when first asked."""

    before: Knowledge
    after: Knowledge

    def of(self, witness: Witness) -> Json:
        """The chart of a witness, written for the second rule set: ``bundle``, ``complete``, ``now``, ``hook``.

        ``link`` opens it in the playground, ``unmet`` names the facts that no chart could be given together with the
        others, ``settings`` how the rule set must be set. ``before`` and ``after`` are the rules that each rule set
        shows for this chart, of all its cards.
        """
        findings = witness.findings
        known = {name: one for name, one in findings.items() if name in self.after.facts}
        states = {name: Given(one.status.value, one.low, one.high) for name, one in known.items()}
        case = self._builder.case(states, now=NOW)
        shown = self._shown(case, witness.service)
        return {
            **_written(case, shown.get("hook", "patient-view")),
            "settings": dict(case.settings),
            "unmet": [*case.unmet, *sorted(findings.keys() - known.keys())],
            **shown,
        }

    def _shown(self, case: Case, service: str) -> Json:
        """What both rule sets show for the chart, read whole as the service reads it."""
        record = read_bundle(case.bundle(), complete=case.complete, order_hook=True)
        body: Json = {}
        for side, prepared in zip(("before", "after"), self._prepared, strict=True):
            offered = prepared.knowledge.services.get(service)
            if offered is not None:
                decision = decide(prepared, record, offered.hook, NOW)
                body["hook"] = offered.hook
                body[side] = [item.rule.id for item in decision.advice]
        return body

    @cached_property
    def _prepared(self) -> tuple[Prepared, Prepared]:
        return prepare(self.before), prepare(self.after)

    def read_otherwise(self, kind: str, name: str) -> Json | None:
        """A chart from which a fact is read otherwise since this fact or value set changed.

        With the name of the ``fact``, its state ``before`` and ``after``, the chart, and the cards that only one rule
        set shows for it (``shownBefore``, ``shownAfter``; both empty where no such card was found). None when the
        change is of another kind, or when no chart was found: that is no proof that there is none.
        """
        if kind == "fact":
            tried = self._of_fact(name)
        elif kind == "setting":
            tried = self._of_setting(name)
        elif kind == "value set":
            tried = self._of_value_set(name)
        else:
            return None
        return next((chart for chart in tried if chart is not None), None)

    @cached_property
    def _builder(self) -> Builder:
        return Builder(self.after)

    def _of_fact(self, name: str) -> Iterator[Json | None]:
        if not self._is_read_by_both(name):
            return
        ages, numbers = self._between(name)
        for knowledge in (self.before, self.after):
            for status in (Status.PRESENT, Status.ABSENT):
                yield self._tried(knowledge, name, Given(status.value))
            for age in ages:
                yield self._tried(knowledge, name, Given(Status.PRESENT.value), age)
            for number in numbers:
                yield self._tried(knowledge, name, Given(Status.PRESENT.value, number, number))

    def _of_setting(self, name: str) -> Iterator[Json | None]:
        for knowledge in (self.after, self.before):
            for fact in knowledge.facts.values():
                if fact.setting == name and self._is_read_by_both(fact.id):
                    yield self._tried(knowledge, fact.id, Given(Status.PRESENT.value))

    def _between(self, name: str) -> tuple[list[timedelta], list[Decimal]]:
        """How old an entry, or how large a number, must be to be read by one of both only: between what changed."""
        ages, numbers = [], []
        for change in field_changes(canonical(self.before.facts[name]), canonical(self.after.facts[name])):
            sides = [_as_number(side) for side in (change.before, change.after)]
            known = [side for side in sides if side is not None]
            if not known:
                continue
            # Where one side sets no limit, what is twice as much lies beyond the limit of the other.
            middle = sum(known, Decimal(0)) / 2 if len(known) > 1 else known[0] * 2
            if "days" in change.name:
                ages.append(timedelta(days=int(middle)))
            else:
                numbers.append(middle)
        return ages, numbers

    def _of_value_set(self, name: str) -> Iterator[Json | None]:
        sides = (self.before, self.after), (self.after, self.before)
        for knowledge, other in sides:
            for code in _only_in(knowledge, other, name):
                # The chart is written with a code that only one of the rule sets knows, and without words for it:
                # words are read by patterns, and may still say what the code no longer says.
                wordless = replace(code, display=code.code)
                narrow = replace(knowledge.value_sets[name], codes=(wordless,), patterns=(), link_ids=())
                narrowed = replace(knowledge, value_sets={**knowledge.value_sets, name: narrow})
                yield from self._with_this_set(narrowed, name)

    def _with_this_set(self, narrowed: Knowledge, name: str) -> Iterator[Json | None]:
        for fact in narrowed.facts.values():
            # An order fact and a fact of drugs are built from ingredients, not from the codes of one set.
            if name in value_sets_of(fact) and self._is_read_by_both(fact.id):
                only = replace(fact, sources=_reading(fact.sources, name)) if fact.kind is FactKind.CODED else fact
                knowledge = replace(narrowed, facts={**narrowed.facts, fact.id: only})
                yield self._tried(knowledge, fact.id, Given(Status.PRESENT.value))

    def _is_read_by_both(self, fact: str) -> bool:
        return fact in self.before.facts and fact in self.after.facts

    def _tried(self, knowledge: Knowledge, fact: str, given: Given, age: timedelta = timedelta(0)) -> Json | None:
        """A chart, written for this rule set so long ago, from which both read the fact otherwise."""
        builder = Builder(knowledge)
        chart = self._if_read_otherwise(builder, fact, {fact: given}, age)
        if chart is None:
            return None
        for states in self._patients_of_cards(fact, given):
            other = self._if_read_otherwise(builder, fact, states, age)
            if other is not None and other["shownBefore"] != other["shownAfter"]:
                return other
        return chart

    def _if_read_otherwise(
        self, builder: Builder, fact: str, states: Mapping[str, Given], age: timedelta
    ) -> Json | None:
        case = builder.case(states, now=NOW - age)
        if case.unmet:
            return None
        record = read_bundle(case.bundle(), complete=case.complete, order_hook=True)
        before, after = (side.derivation.findings(record, NOW)[fact] for side in self._prepared)
        if (before.status, before.low, before.high) == (after.status, after.low, after.high):
            return None
        answer = self._answer_of_other_fact(case)
        read_as = {"fact": fact, "before": _state(before), "after": _state(after)}
        return {**read_as, **_written(case, answer.get("hook", "patient-view")), **answer}

    def _answer_of_other_fact(self, case: Case) -> Json:
        """The cards that only one rule set shows for a chart, at the first service where there are any."""
        for service in (name for name in self.before.services if name in self.after.services):
            shown = self._shown(case, service)
            before, after = set(shown["before"]), set(shown["after"])
            if before != after:
                only = {"shownBefore": sorted(before - after), "shownAfter": sorted(after - before)}
                return {"hook": shown["hook"], **only}
        return {"shownBefore": [], "shownAfter": []}

    def _patients_of_cards(self, fact: str, given: Given) -> Iterator[Mapping[str, Given]]:
        """Patients of whom the fact is so and who get a card that depends on it, the most severe cards first."""
        rules = [rule for rule in self.after.rules if rule.card and fact in self._patients.behind(rule.reads)]
        usual = {name: Finding(name, usual_status(self.after, name)) for name in self._patients.facts}
        for rule in sorted(rules, key=lambda rule: -rule.severity)[:_MOST_CARDS]:
            states = satisfying(self._patients, rule, Truth.TRUE, {fact: given}, usual)
            if states is not None:
                yield states

    @cached_property
    def _patients(self) -> Patients:
        return Patients(self.after, None)


def _written(case: Case, hook: str) -> Json:
    """A chart as it is handed on, with a link that opens it in the playground."""
    bundle, complete, now = case.bundle(), sorted(case.complete), NOW.isoformat()
    link = playground_link(bundle, hook=hook, now=now, complete=complete)
    return {"bundle": bundle, "complete": complete, "now": now, "link": link}


def _as_number(text: str | None) -> Decimal | None:
    try:
        return None if text is None else Decimal(text)
    except InvalidOperation:
        return None


def _state(finding: Finding) -> str:
    return finding.status.value if finding.value is None else f"{finding.value.normalize():f}"


def _reading(sources: Sequence[Any], value_set: str) -> tuple[Any, ...]:
    """The sources that read this value set, reading nothing else."""
    return tuple(
        replace(source, codes=tuple(name for name in source.codes if name == value_set) or source.codes)
        for source in sources
        if value_set in (*source.codes, *source.yes, *source.no, *source.body_site)
    )


def _only_in(knowledge: Knowledge, other: Knowledge, name: str) -> list[Code]:
    if name not in knowledge.value_sets:
        return []
    known = other.value_sets[name].codes if name in other.value_sets else ()
    codes = {(code.system, code.code) for code in known}
    return [code for code in knowledge.value_sets[name].codes if (code.system, code.code) not in codes][:3]
