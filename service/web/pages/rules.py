"""The page of all rules, by phase, of which a question leaves those that it asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from service.cards.of_rules import of_rule_set
from service.knowledge.digest import reached
from service.knowledge.model import Indicator, Knowledge, Rule
from service.knowledge.sentences import title_of
from service.web.pages.addresses import question_in
from service.web.pages.words import rule_named, summary_in_words

Json = dict[str, Any]
_APPROVAL = {True: "approved", False: "not approved"}
_MOST_IN_DETAIL = 80
"""So many rules are told with what they say; of more only the names, so that the page stays light (product choice)."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which rules are asked for; what is empty asks for nothing.

    ``finding`` is the id of a fact or conclusion, or words of its title: rules that depend on it are found, also
    through conclusions. ``q`` are words that all must occur in a rule's id, title, card, purpose or topic.
    """

    phase: str = ""
    hook: str = ""
    indicator: str = ""
    finding: str = ""
    source: str = ""
    status: str = ""
    q: str = ""


def question_of(query: Mapping[str, str]) -> Question:
    """The question in the query of an address; what is not known there asks for nothing."""
    return question_in(query, Question)


def rules_page(knowledge: Knowledge, question: Question) -> Json:
    """The rules that the question leaves, by phase, the most severe first; their number; what may be asked for.

    ``brief``: they are many, and only named.
    """
    asked_for = (rule for rule in knowledge.rules if _asked_for(knowledge, rule, question))
    left = sorted(asked_for, key=lambda rule: -rule.severity)
    brief = len(left) > _MOST_IN_DETAIL
    phases = [
        {
            "id": phase.id,
            "title": phase.title,
            "rules": [_row(knowledge, rule, brief=brief) for rule in left if rule.phase == phase.id],
        }
        for phase in knowledge.phases
    ]
    return {
        "question": {one.name: getattr(question, one.name) for one in fields(Question)},
        "count": len(left),
        "of": len(knowledge.rules),
        "brief": brief,
        "indicators": {one.value: sum(_indicator(rule) == one.value for rule in left) for one in reversed(Indicator)}
        | {"conclusion": sum(rule.card is None for rule in left)},
        "phases": [phase for phase in phases if phase["rules"]],
        "choices": _choices(knowledge),
    }


def _row(knowledge: Knowledge, rule: Rule, *, brief: bool) -> Json:
    if brief:
        return rule_named(rule)
    return rule_named(rule) | {
        "version": rule.version,
        "status": rule.status,
        "approved": rule.id in knowledge.approved,
        "hooks": list(rule.hooks),
        "sources": [
            {"id": name, "title": knowledge.sources[name].label}
            for name in dict.fromkeys(citation.source for citation in rule.citations)
        ],
        "says": summary_in_words(rule) or f"Concludes: {title_of(knowledge, str(rule.concludes))}",
    }


def _choices(knowledge: Knowledge) -> Json:
    cited = {citation.source for rule in knowledge.rules for citation in rule.citations}
    return {
        "phase": [{"id": phase.id, "title": phase.title} for phase in knowledge.phases],
        "hook": sorted({hook for rule in knowledge.rules for hook in rule.hooks}),
        "indicator": [*(one.value for one in reversed(Indicator)), "conclusion"],
        "source": [{"id": name, "title": knowledge.sources[name].label} for name in sorted(cited)],
        "status": [*sorted({rule.status for rule in knowledge.rules}), *_APPROVAL.values()],
    }


def _indicator(rule: Rule) -> str:
    return "conclusion" if rule.card is None else rule.card.indicator.value


def _asked_for(knowledge: Knowledge, rule: Rule, asked: Question) -> bool:
    plain = (
        (asked.phase, (rule.phase,)),
        (asked.hook, rule.hooks),
        (asked.indicator, (_indicator(rule),)),
        (asked.source, tuple(citation.source for citation in rule.citations)),
        (asked.status, (rule.status, _APPROVAL[rule.id in knowledge.approved])),
    )
    if not all(not wanted or wanted in there for wanted, there in plain):
        return False
    if asked.finding and not _depends_on(knowledge, rule, asked.finding):
        return False
    return _has_words(asked.q, _text(rule))


def _depends_on(knowledge: Knowledge, rule: Rule, finding: str) -> bool:
    """Whether a finding with this id is behind the rule, or, where no finding has it, one whose title has the words."""
    behind = _behind(knowledge)[rule.id]
    if finding in knowledge.facts or finding in knowledge.conclusions:
        return finding in behind
    return any(_has_words(finding, f"{name} {title_of(knowledge, name)}") for name in behind)


@of_rule_set
def _behind(knowledge: Knowledge) -> Mapping[str, frozenset[str]]:
    """Every finding that each rule depends on or names, conclusions followed down to the facts."""
    return {rule.id: frozenset(reached(knowledge, rule)[0]) for rule in knowledge.rules}


def rules_depending_on(knowledge: Knowledge, finding: str) -> list[Rule]:
    """The rules that depend on a finding or name it, also through conclusions, in the order of the phases."""
    behind = _behind(knowledge)
    return [rule for rule in knowledge.rules if finding in behind[rule.id]]


def _text(rule: Rule) -> str:
    return " ".join(_texts(rule))


def _texts(rule: Rule) -> Iterator[str]:
    yield from (rule.id, rule.variant_of or "", rule.title, rule.purpose, rule.rationale, rule.limitations)
    if rule.recommendation is not None:
        yield rule.recommendation.topic
    if rule.card is not None:
        yield from (rule.card.summary, rule.card.act or "", rule.card.detail)


def _has_words(wanted: str, text: str) -> bool:
    words: Iterable[str] = wanted.lower().split()
    lower = text.lower()
    return all(word in lower for word in words)
