"""Derive: one Finding for every fact definition, from one record at one moment.

Every coding of the record is matched once; a fact then looks up its value sets. What a fact finds when nothing
in the record concerns it depends only on which lists were sent, and is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from service.finding import Finding
from service.knowledge.model import FactDefinition, FactKind, Knowledge
from service.record.budget import NO_BUDGET, Budget
from service.record.chart.code_match import Key
from service.record.chart.index import NOT_READ, Chart, Matcher
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
from service.record.model import Record

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

_CACHED_STATES = 64
"""How many different states of the lists are kept; real callers send the same few."""


def plan_of(definition: FactDefinition, knowledge: Knowledge) -> Plan:
    """How one fact is read."""
    if definition.kind is FactKind.ORDER_REASON:
        return order.reason_plan(definition, knowledge)
    return _PLANS[definition.kind](definition)


def not_read_keys(definition: FactDefinition) -> frozenset[Key]:
    """The keys of entries that could not be read, in the lists whose silence the fact goes by."""
    return frozenset((name, NOT_READ[name]) for name in definition.complete if name in NOT_READ)


def _always(plan: Plan) -> bool:
    """Whether a fact depends on more than what concerns it: on the patient, or on whether a list holds anything."""
    return plan.always or plan.definition.complete_nonempty


class Derivation:
    """The fact definitions of one rule set, prepared once; asked once per call."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._plans = tuple(plan_of(knowledge.facts[name], knowledge) for name in sorted(knowledge.facts))
        self.matcher = Matcher(knowledge, (key for plan in self._plans for key in plan.keys))
        self._always = tuple(number for number, plan in enumerate(self._plans) if _always(plan))
        self._asking: dict[Key, list[int]] = {}
        for number, plan in enumerate(self._plans):
            for key in plan.keys | not_read_keys(plan.definition):
                self._asking.setdefault(key, []).append(number)
        self._without_data: dict[object, tuple[Finding, ...]] = {}

    def keys_of(self, fact: str) -> frozenset[Key]:
        """What on the chart concerns a fact."""
        return next((plan.keys for plan in self._plans if plan.definition.id == fact), frozenset())

    def findings(self, record: Record, now: datetime, budget: Budget = NO_BUDGET) -> dict[str, Finding]:
        """Exactly one finding per fact definition, by name; the same whatever the order of the entries.

        ``now`` is an aware datetime. Nothing is raised on odd input: what cannot be read is unknown. Raises
        TooCostlyError when the ``budget`` is used up.
        """
        chart = Chart(self.matcher, record, now, budget)
        without_data = self._without_entries(record, now)
        findings = {finding.name: finding for finding in without_data}
        concerned = set(self._always)
        for key in chart.held():
            concerned.update(self._asking.get(key, ()))
        for number in concerned:
            budget.check()
            finding = self._plans[number].find(chart)
            findings[finding.name] = finding
        return findings

    def _without_entries(self, record: Record, now: datetime) -> tuple[Finding, ...]:
        """What every fact finds in a record that holds nothing about it."""
        key = frozenset(record.completeness.items())
        cached = self._without_data.get(key)
        if cached is None:
            chart = Chart(self.matcher, Record(None, (), record.completeness), now)
            cached = tuple(plan.find(chart) for plan in self._plans)
            if len(self._without_data) >= _CACHED_STATES:
                self._without_data.clear()
            self._without_data[key] = cached
        return cached
