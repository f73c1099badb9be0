"""In which order rules may run: every conclusion is complete before a rule reads it.

A stratum is a set of rules that read only facts and conclusions of earlier strata. Phases come in
the order of ``ruleset.yaml``; inside a phase rules follow the conclusions they read. Both engines
use this order; it is a property of the rules, not of an engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from service.errors import Issue, KnowledgeError
from service.knowledge.concern import concerning
from service.knowledge.model import Knowledge, Rule, leaves


def concluding_rules(rules: Iterable[Rule]) -> Mapping[str, tuple[Rule, ...]]:
    """For every conclusion the rules that can add it."""
    found: dict[str, tuple[Rule, ...]] = {}
    for rule in rules:
        if rule.concludes is not None:
            found[rule.concludes] = (*found.get(rule.concludes, ()), rule)
    return found


def rules_for(knowledge: Knowledge, hook: str, also: Iterable[str] = ()) -> tuple[Rule, ...]:
    """The card rules of a hook and the conclusion rules they need, in the order of their phases.

    ``also`` are further conclusions that are wanted, and what they need.
    """
    concluding = concluding_rules(knowledge.rules)
    shown = [rule for rule in knowledge.rules if rule.card is not None and hook in rule.hooks]
    asked_of = [rule for name in also for rule in concluding.get(name, ())]
    wanted = _with_what_they_need([*shown, *asked_of], concluding)
    if shown:
        # What may be asked for is decided on conclusions too.
        named = {name for rule in wanted.values() for name in (*rule.reads, *rule.mentions)}
        guards = [
            leaf.finding for one in knowledge.asked_only if named & set(one.findings) for leaf in leaves(one.when)
        ]
        # Whether what could not be checked concerns this service is decided under every hook.
        guards += concerning(knowledge)[1:]
        guarding = [rule for name in guards for rule in concluding.get(name, ())]
        wanted |= _with_what_they_need(guarding, concluding)
    return tuple(rule for rule in knowledge.rules if rule.id in wanted)


def _with_what_they_need(rules: Iterable[Rule], concluding: Mapping[str, tuple[Rule, ...]]) -> dict[str, Rule]:
    """The rules by their ids, with those that conclude what they read or mention."""
    found: dict[str, Rule] = {}
    waiting = list(rules)
    while waiting:
        rule = waiting.pop()
        if rule.id in found:
            continue
        found[rule.id] = rule
        for name in (*rule.reads, *rule.mentions):
            waiting.extend(concluding.get(name, ()))
    return found


def stratify(rules: Iterable[Rule]) -> tuple[tuple[Rule, ...], ...]:
    """The rules as strata, the first to run first.

    Raises KnowledgeError when rules conclude from each other in a circle: recursion has no meaning
    here, because a conclusion is closed (present, absent, unknown) before anyone reads it.
    """
    waiting = list(rules)
    open_conclusions = {rule.concludes for rule in waiting if rule.concludes is not None}
    strata: list[tuple[Rule, ...]] = []
    while waiting:
        phase = waiting[0].phase
        ready = tuple(rule for rule in waiting if rule.phase == phase and not rule.reads & open_conclusions)
        if not ready:
            circle = ", ".join(sorted(rule.id for rule in waiting if rule.phase == phase))
            raise KnowledgeError([Issue(waiting[0].at, f"these rules wait for each other's conclusions: {circle}")])
        strata.append(ready)
        done = {rule.id for rule in ready}
        waiting = [rule for rule in waiting if rule.id not in done]
        open_conclusions = {rule.concludes for rule in waiting if rule.concludes is not None}
    return tuple(strata)
