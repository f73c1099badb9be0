"""Derive: one Finding for every fact definition, from one record at one moment.

Every coding of the record is matched once; a fact then looks up its value sets. What a fact finds when nothing
in the record concerns it depends only on which lists were sent, and is cached.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime

from msgspec.structs import replace as replaced

from service.bounded import Bounded
from service.finding import Finding
from service.knowledge.cache import Cached, uncached
from service.knowledge.model import FactDefinition, FactKind, Knowledge, types_read
from service.note import Note, NoteCode
from service.record.budget import NO_BUDGET, Budget
from service.record.chart.code_match import Key
from service.record.chart.filing import NOT_UNDERSTOOD
from service.record.chart.index import Chart
from service.record.chart.matcher import Matcher
from service.record.if_final import if_final
from service.record.kinds import (
    change,
    coded,
    count,
    course,
    drug,
    elapsed,
    gestation,
    not_read,
    order,
    patient,
    quantity,
    setting,
)
from service.record.kinds.plan import Plan
from service.record.model import Completeness, Record

_PLANS: Mapping[FactKind, Callable[[FactDefinition], Plan]] = {
    FactKind.CODED: coded.plan,
    FactKind.QUANTITY: quantity.plan,
    FactKind.AGE: patient.age_plan,
    FactKind.SEX: patient.sex_plan,
    FactKind.ELAPSED: elapsed.plan,
    FactKind.GESTATION: gestation.plan,
    FactKind.DRUG: drug.plan,
    FactKind.COURSE: course.plan,
    FactKind.CHANGE: change.plan,
    FactKind.ORDER: order.plan,
    FactKind.COUNT: count.plan,
    FactKind.SETTING: setting.plan,
    FactKind.NOT_READ: not_read.plan,
}

_MOST_EVIDENCE = 100
"""How many entries a finding names: more than anybody reads, and few enough that thousands of them cost little."""
_LOOK_AT_CLOCK = 8
"""After how many facts the CPU time is looked at: to ask for it is a call of the system."""
# What finds nothing has no date, so any will do.
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
_CACHED_STATES = 64
"""How many different states of some lists are cached; real callers send the same few."""


def plan_of(definition: FactDefinition, knowledge: Knowledge) -> Plan:
    """How one fact is read."""
    if definition.kind is FactKind.ORDER_REASON:
        return order.reason_plan(definition, knowledge)
    return _PLANS[definition.kind](definition)


def keys_not_understood(definition: FactDefinition) -> frozenset[Key]:
    """The keys of entries that could not be read, in the lists whose silence the fact goes by."""
    return frozenset((name, NOT_UNDERSTOOD[name]) for name in definition.complete if name in NOT_UNDERSTOOD)


def _by_keys(plan: Plan) -> bool:
    """Whether a fact depends on what concerns it alone: not on the patient, nor on whether a list holds anything."""
    return not plan.always and not plan.definition.complete_nonempty


def _shortened(finding: Finding) -> Finding:
    """The finding with the newest of very many entries as its evidence, and how many more there are."""
    more = len(finding.evidence) - _MOST_EVIDENCE
    if more <= 0:
        return finding
    notes = (*finding.notes, Note(NoteCode.MORE_ENTRIES, number=more))
    return replaced(finding, evidence=finding.evidence[:_MOST_EVIDENCE], notes=notes)


class Derivation:
    """The fact definitions of one rule set, prepared once; asked once per call."""

    def __init__(self, knowledge: Knowledge, cached: Cached = uncached) -> None:
        self._plans = tuple(plan_of(knowledge.facts[name], knowledge) for name in sorted(knowledge.facts))
        self._by_fact = {plan.definition.id: plan for plan in self._plans}
        self.matcher = Matcher(knowledge, (key for plan in self._plans for key in plan.keys), cached)
        self._written = tuple(self._by_fact[name] for name in knowledge.facts)
        """The plans in the order of the rule files, by the number of which they are looked up."""
        self._always = tuple(number for number, plan in enumerate(self._written) if plan.always)
        self._if_nonempty: dict[tuple[str, ...], list[int]] = {}
        """By the lists that must hold something, the plans for which they must."""
        for number, plan in enumerate(self._written):
            if plan.definition.complete_nonempty and not plan.always:
                self._if_nonempty.setdefault(plan.definition.complete, []).append(number)
        self._asking: dict[Key, list[int]] = {}
        self._concerns: dict[str, frozenset[Key]] = {}
        for number, plan in enumerate(self._written):
            self._concerns[plan.definition.id] = keys = plan.keys | keys_not_understood(plan.definition)
            for key in keys:
                self._asking.setdefault(key, []).append(number)
        by_types: dict[tuple[str, ...], list[Plan]] = {}
        for plan in self._plans:
            by_types.setdefault(tuple(sorted(types_read(plan.definition))), []).append(plan)
        self._groups = tuple(_Group(types, plans) for types, plans in by_types.items())
        self._cached: Bounded[object, Mapping[str, Finding]] = Bounded(_CACHED_STATES)
        self.definitions: Mapping[str, FactDefinition] = knowledge.facts
        self.decided_by_keys = frozenset(plan.definition.id for plan in self._plans if _by_keys(plan))
        """The facts that are as on an empty chart whenever nothing on the chart concerns them."""

    def keys_of(self, fact: str) -> frozenset[Key]:
        """What on the chart concerns a fact."""
        return self._by_fact[fact].keys if fact in self._by_fact else frozenset()

    def concerns(self, fact: str) -> frozenset[Key]:
        """What on the chart concerns a fact, with the entries that could not be read and may be anything."""
        return self._concerns[fact]

    def chart(self, record: Record, now: datetime, budget: Budget = NO_BUDGET) -> Chart:
        """The record at one moment, indexed as far as it is asked for."""
        return Chart(self.matcher, record, now, budget, at_once=False)

    def findings(self, record: Record, now: datetime, budget: Budget = NO_BUDGET) -> dict[str, Finding]:
        """Exactly one finding per fact definition, by name; the same whatever the order of the entries.

        ``now`` is an aware datetime. Nothing is raised on odd input: what cannot be read is unknown. Raises
        TooCostlyError when the ``budget`` is used up.
        """
        return self.findings_of(self.chart(record, now, budget), budget)

    def findings_of(self, chart: Chart, budget: Budget = NO_BUDGET) -> dict[str, Finding]:
        """The same of a chart, which is indexed whole by it."""
        chart.complete()
        findings = dict(self.without_entries(chart.record.completeness))
        concerned = set(self._always)
        for lists, numbers in self._if_nonempty.items():
            if all(map(chart.record.of_type, lists)):
                concerned.update(numbers)
        for key in chart.held():
            concerned.update(self._asking.get(key, ()))
        plans = list(map(self._written.__getitem__, sorted(concerned)))
        for index, plan in enumerate(plans):
            if not index % _LOOK_AT_CLOCK:
                budget.check()
            findings[plan.definition.id] = _shortened(plan.find(chart))
        chart.concerned.extend([plan.definition for plan in plans])
        return findings

    def findings_for(self, names: Collection[str], record: Record, now: datetime) -> dict[str, Finding]:
        """The findings of some facts only: what `findings` says of them, without the work for all others."""
        chart = self.chart(record, now)
        chart.complete()
        held = chart.held()
        on_empty = self.without_entries(record.completeness)
        return {name: self._finding(name, chart, held, on_empty) for name in names}

    def _finding(self, name: str, chart: Chart, held: Iterable[Key], on_empty: Mapping[str, Finding]) -> Finding:
        plan = self._by_fact[name]
        if not _by_keys(plan) or not self._concerns[name].isdisjoint(held):
            return _shortened(plan.find(chart))
        return on_empty[name]

    def if_final(self, names: Iterable[str], record: Record, now: datetime, budget: Budget) -> dict[str, Finding]:
        """What some facts would be if every result and answer of the record were final. Raises TooCostlyError."""
        wanted = frozenset(names)
        chart = Chart(self.matcher, if_final(record), now, budget)
        return {plan.definition.id: plan.find(chart) for plan in self._plans if plan.definition.id in wanted}

    def without_entries(self, completeness: Mapping[str, Completeness]) -> Mapping[str, Finding]:
        """What every fact finds in a record of which the lists came so, and that holds nothing about it."""
        key = frozenset(completeness.items())
        whole = self._cached.get(key)
        if whole is None:
            found: dict[str, Finding] = {}
            for group in self._groups:
                found.update(group.without_entries(self.matcher, completeness))
            whole = {plan.definition.id: found[plan.definition.id] for plan in self._plans}
            self._cached[key] = whole
        return whole


class _Group:
    """The plans that read the same lists: what they find where those hold nothing depends on nothing else."""

    def __init__(self, types: tuple[str, ...], plans: Iterable[Plan]) -> None:
        self._types = types
        self._plans = tuple(plans)
        self._cached: Bounded[tuple[Completeness, ...], dict[str, Finding]] = Bounded(_CACHED_STATES)

    def without_entries(self, matcher: Matcher, completeness: Mapping[str, Completeness]) -> Mapping[str, Finding]:
        """What each plan finds where its lists came so; cached for each state of them."""
        states = tuple(completeness.get(name, Completeness.NOT_SENT) for name in self._types)
        found = self._cached.get(states)
        if found is None:
            lists = dict(zip(self._types, states, strict=True))
            chart = Chart(matcher, Record(None, (), lists), _ANY_TIME)
            found = {plan.definition.id: plan.find(chart) for plan in self._plans}
            self._cached[states] = found
        return found
