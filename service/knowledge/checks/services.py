"""Checks of whether what a rule says can reach anybody."""

from __future__ import annotations

from collections.abc import Iterator

from service.errors import Issue, Severity
from service.knowledge.checks.registry import Review, check
from service.knowledge.checks.wording import cards
from service.knowledge.model import CardText, Indicator, Rule, ServiceDefinition


@check(
    "K050-unserved-hook",
    Severity.ERROR,
    "A rule on a hook that no service answers",
    avoid="hooks: [appointment-book]   # no service in ruleset.yaml has this hook",
    prefer="hooks: [order-sign]",
    why="A safety rule that is never asked looks, in every list, like one that is.",
)
def unserved_hook(review: Review) -> Iterator[Issue]:
    """Every hook of a rule is answered by a service."""
    served = {service.hook for service in review.knowledge.services.values()}
    for rule, _ in cards(review):
        for hook in rule.hooks:
            if hook not in served:
                yield Issue(rule.at, f"no service answers {hook}", "answered: " + ", ".join(sorted(served)))


@check(
    "K051-indicator-not-shown",
    Severity.ERROR,
    "A card that its services never show",
    avoid="an info card of phase 5_pathway on order-sign only, where info_phases is [3_safety]",
    prefer="the same card on order-select or patient-view",
    why="Services filter by indicator and phase; a card that passes no filter is silent for ever.",
)
def indicator_not_shown(review: Review) -> Iterator[Issue]:
    """At least one service on the rule's hooks shows its card."""
    for rule, card in cards(review):
        asked = [service for service in review.knowledge.services.values() if service.hook in rule.hooks]
        if asked and not any(_shows(service, rule, card) for service in asked):
            yield Issue(rule.at, f"no service on {', '.join(rule.hooks)} shows {card.indicator} cards of {rule.phase}")


def _shows(service: ServiceDefinition, rule: Rule, card: CardText) -> bool:
    if card.indicator not in service.indicators:
        return False
    return card.indicator is not Indicator.INFO or not service.info_phases or rule.phase in service.info_phases


@check(
    "K053-rule-without-place",
    Severity.ERROR,
    "Two rules of a phase whose order is not written",
    avoid="two rules with cards that no `order` in ruleset.yaml names: their names decide which card is first",
    prefer="phases: [{id: 3_safety, order: [sf-nsaid-anticoagulant, sf-baclofen-renal]}]",
    why="A clinician reads the first card. Renaming a file must not change which one that is.",
)
def rule_without_place(review: Review) -> Iterator[Issue]:
    """Rules of one phase that may show cards together stand in the `order` of their phase, by their files."""
    for phase in review.knowledge.phases:
        loose = [rule for rule in phase.rules if rule.card is not None and rule.file_id not in phase.order]
        for rule in loose:
            beside = {one.file_id for one in loose if set(one.hooks) & set(rule.hooks)} - {rule.file_id}
            if beside:
                text = f"{rule.file_id} has no place in the order of {phase.id}, nor has {min(beside)}"
                yield Issue(rule.at, text, f"name it under order of {phase.id} in ruleset.yaml")
