"""Whether a chart concerns this service, and which facts the checks that could not be made were waiting for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from service.cards.layout import drug_checks
from service.cards.of_rules import of_rule_set
from service.decision import Decision
from service.finding import Status
from service.knowledge.concern import among, concerning
from service.knowledge.hooks import HOOKS
from service.knowledge.model import FactDefinition, Knowledge, types_read
from service.record.model import UNTYPED


def concerns(knowledge: Knowledge, decision: Decision) -> bool:
    """Whether the chart or an order in it may concern this service (product choice no. 4).

    A hook without orders does not conclude that; there it depends on what the conclusion mentions.
    """
    names = among(_concerning(knowledge), decision.findings)
    return not names or any(decision.findings[name].status is not Status.ABSENT for name in names)


def is_of_the_back(knowledge: Knowledge, decision: Decision) -> bool:
    """Whether it is known that the chart concerns this service: not where only an unread problem may be of the back."""
    names = [name for name in _concerning(knowledge)[1:] if name in decision.findings]
    return any(decision.findings[name].status is Status.PRESENT for name in names)


@of_rule_set
def _concerning(knowledge: Knowledge) -> tuple[str, ...]:
    return concerning(knowledge)


def wanted(knowledge: Knowledge, decision: Decision) -> list[FactDefinition]:
    """The facts that keep a warning from being decided, on whichever card they are named.

    At a visit also those that are to be known before a drug that is offered there. A conclusion that is named as one
    is read from no list of its own, but from those of the facts it depends on.
    """
    names = dict.fromkeys((*decision.not_assessed, *decision.wanted, *decision.unread.doubted))
    if not HOOKS[decision.hook].has_orders:
        names |= dict.fromkeys(drug_checks(knowledge, decision.advice))
    for name in [name for name in names if name not in knowledge.facts]:
        beneath = _facts_beneath(knowledge).get(name, ())
        names |= {fact: None for fact in beneath if decision.findings[fact].status is Status.UNKNOWN}
    return [knowledge.facts[name] for name in names if name in knowledge.facts]


@of_rule_set
def _facts_beneath(knowledge: Knowledge) -> Mapping[str, tuple[str, ...]]:
    return {name: tuple(dict.fromkeys(_beneath(knowledge, name))) for name in knowledge.conclusions}


def _beneath(knowledge: Knowledge, concluded: str) -> Iterator[str]:
    """The facts on which a conclusion depends."""
    for rule in knowledge.rules:
        if rule.concludes == concluded:
            for name in sorted(rule.reads):
                if name in knowledge.facts:
                    yield name
                else:
                    yield from _beneath(knowledge, name)


def loses_a_check(knowledge: Knowledge, decision: Decision) -> bool:
    """Whether an entry whose shape could not be read is of a type that an undecided warning reads."""
    entries = decision.unread.entries.keys()
    if not entries:
        return False
    read = {kind for fact in wanted(knowledge, decision) for kind in types_read(fact)}
    return bool(entries & read) or (UNTYPED in entries and bool(read))
