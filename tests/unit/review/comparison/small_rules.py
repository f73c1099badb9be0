"""A rule set small enough to try every patient, and rule sets made from it or from the shipped one by one change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cache
from itertools import product

from service.finding import Finding, Status
from service.knowledge.digest import knowledge_digest
from service.knowledge.model import Conclusion, Condition, Knowledge, Leaf, Phase, Rule
from tests.rules_in_python import a_rule, all_of, any_of, is_, number
from tests.shipped import shipped_knowledge

SERVICE = "sciatica-patient-view"
HOOK = "patient-view"
WEAK = "immunosuppression"


@cache
def shipped() -> Knowledge:
    return shipped_knowledge()


def rule_set(*rules: Rule) -> Knowledge:
    """These rules over three shipped facts and one number, for one hook."""
    knowledge = shipped()
    conclusions = {rule.concludes: Conclusion(rule.concludes, rule.concludes, "it") for rule in rules if rule.concludes}
    return named(
        replace(
            knowledge,
            phases=(Phase("1_red_flags", "Red flags", rules),),
            card_order=("1_red_flags",),
            conclusions=conclusions,
            services={SERVICE: knowledge.services[SERVICE]},
        )
    )


def named(knowledge: Knowledge) -> Knowledge:
    return replace(knowledge, digest=knowledge_digest(knowledge))


@cache
def small() -> Knowledge:
    """A conclusion with a test that says nothing, two cards on it, and a family of a critical and a warning card."""
    told_twice = any_of(number("egfr", less_than=60), is_("diabetes"), number("egfr", less_than=30))
    return rule_set(
        a_rule("at-risk", told_twice, concludes="risk"),
        a_rule("loud", all_of(is_(WEAK), number("egfr", less_than=30)), indicator="critical", family="kidney"),
        a_rule("soft", all_of(is_(WEAK), is_("risk")), indicator="warning", family="kidney"),
        a_rule("quiet", all_of(is_("risk", "not present"), is_(WEAK, "unknown")), family=None),
    )


def changed(knowledge: Knowledge, rule_id: str, change: Callable[[Rule], Rule | None]) -> Knowledge:
    """The rule set with one rule changed, or taken away where the change gives None."""
    phases = []
    for phase in knowledge.phases:
        rules = [change(rule) if rule.id == rule_id else rule for rule in phase.rules]
        phases.append(replace(phase, rules=tuple(rule for rule in rules if rule is not None)))
    return named(replace(knowledge, phases=tuple(phases)))


def with_test(finding: str, change: Callable[[Leaf], Leaf]) -> Callable[[Rule], Rule]:
    """A change of every test of one finding in a rule."""

    def of(condition: Condition) -> Condition:
        if isinstance(condition, Leaf):
            return change(condition) if condition.finding == finding else condition
        return replace(condition, parts=tuple(of(part) for part in condition.parts))

    return lambda rule: replace(rule, when=of(rule.when))


def every_patient(limits: tuple[int, ...]) -> Iterator[Mapping[str, Finding]]:
    """Every patient that rules with these limits of eGFR can tell apart; ranges of numbers included."""
    coded = [Status.PRESENT, Status.ABSENT, Status.UNKNOWN]
    points = sorted({*limits, *(limit - 1 for limit in limits), *(limit + 1 for limit in limits)})
    bounds: list[int | None] = [None, *points]
    numbers = [Finding("egfr", Status.UNKNOWN)]
    for low, high in product(bounds, bounds):
        if low is None or high is None or low <= high:
            bound = [None if one is None else Decimal(one) for one in (low, high)]
            numbers.append(Finding("egfr", Status.PRESENT, bound[0], bound[1]))
    for weak, diabetes, egfr in product(coded, coded, numbers):
        yield {WEAK: Finding(WEAK, weak), "diabetes": Finding("diabetes", diabetes), "egfr": egfr}
