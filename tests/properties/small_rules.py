"""A part of the shipped rules with the facts that they read: the same reading, for a fraction of the cost.

Whether a chart concerns the service at all is left out: what shows it may not be among the facts of a part.
"""

from __future__ import annotations

from dataclasses import replace

from service import make_services
from service.config import Settings
from service.knowledge.digest import reached
from service.knowledge.model import FactKind, Indicator, Knowledge, Rule
from service.protocol.evaluation import Services
from tests.shipped import shipped_knowledge


def part_of_the_rules(part: int, parts: int) -> Services:
    """The services under every so many-th loud rule, with what it rests on, and nothing else."""
    knowledge = shipped_knowledge()
    severe = [rule for rule in knowledge.rules if rule.card and rule.card.indicator is not Indicator.INFO]
    chosen = sorted(severe, key=lambda rule: rule.id)[part::parts]
    return make_services(Settings(log_level="error"), _reduced(knowledge, chosen))


def _reduced(knowledge: Knowledge, chosen: list[Rule]) -> Knowledge:
    findings = {*knowledge.pathway_tried, *knowledge.background}
    rules = {rule.id for rule in chosen}
    for rule in chosen:
        names, drawing = reached(knowledge, rule)
        findings |= names
        rules |= {one.id for one in drawing}
    phases = (replace(one, rules=tuple(rule for rule in one.rules if rule.id in rules)) for one in knowledge.phases)
    facts = {name: fact for name, fact in knowledge.facts.items() if name in findings or fact.kind is FactKind.NOT_READ}
    conclusions = {name: one for name, one in knowledge.conclusions.items() if name in findings}
    return replace(knowledge, phases=tuple(phases), facts=facts, conclusions=conclusions, asked_first=(), concern=None)
