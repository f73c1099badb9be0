"""Rules, findings and conditions as plain data: always by their name in words, with their id beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from service.cards.finding_words import amount, number, unit_in_words
from service.engine.counterfactuals import Counterfactual
from service.engine.trace import Change
from service.finding import Finding, Status
from service.knowledge.conditions import Truth, truth
from service.knowledge.model import AllOf, Condition, FactDefinition, FactSource, Given, Knowledge, Leaf, Rule, Word
from service.knowledge.sentences import sentence, title_of
from service.knowledge.summaries import without_values

Json = dict[str, Any]


def condition_data(knowledge: Knowledge, condition: Condition, findings: Mapping[str, Finding] | None = None) -> Json:
    """A condition as nested data: ``{"join": "all of", "parts": […]}``, or one test of one finding in words.

    With the ``findings`` of a patient each part also says whether it ``holds`` (yes, no, not known), and each test what
    the patient ``has``.
    """
    holds = {} if findings is None else {"holds": _HOLDS[truth(condition, findings)]}
    if isinstance(condition, Leaf):
        if findings is not None:
            holds["has"] = _has(findings[condition.finding])
        return finding_named(knowledge, condition.finding) | {"says": _test(knowledge, condition)} | holds
    join = "all of" if isinstance(condition, AllOf) else "any of"
    return {"join": join, "parts": [condition_data(knowledge, part, findings) for part in condition.parts]} | holds


_HOLDS = {Truth.TRUE: "yes", Truth.FALSE: "no", Truth.UNKNOWN: "not known"}
_STATES = {Status.PRESENT: "on record", Status.ABSENT: "ruled out", Status.UNKNOWN: "not known"}


def _has(finding: Finding) -> str:
    """What the patient has: the value where there is one, else the state."""
    number = amount(finding) if finding.status is Status.PRESENT else None
    return number or _STATES[finding.status]


def change_in_words(knowledge: Knowledge, change: Change) -> str:
    """One test that would have to come out the other way: "“eGFR: below 30 mL/min/1.73 m²” did not hold"."""
    return f"“{test_in_words(knowledge, change.test)}” {'held' if change.wanted is Truth.TRUE else 'did not hold'}"


def test_in_words(knowledge: Knowledge, leaf: Leaf) -> str:
    """One test with its finding: "eGFR: below 30 mL/min/1.73 m²"; only the title where that it is so is asked."""
    title, asked = title_of(knowledge, leaf.finding), _test(knowledge, leaf)
    return title if leaf.word is Word.PRESENT else f"{title}: {asked}"


def counterfactual_in_words(knowledge: Knowledge, one_change: Counterfactual) -> str:
    """What one finding would have to be: "eGFR were 30 mL/min/1.73 m² or more"."""
    title = title_of(knowledge, one_change.finding)
    if one_change.limit is None:
        return f"“{title}” were {_STATES[one_change.status]}"
    unit = knowledge.facts[one_change.finding].unit
    limit = f"{number(one_change.limit)} {unit_in_words(unit) if unit else ''}".rstrip()
    if one_change.side in ("above", "below"):
        return f"{title} were {one_change.side} {limit}"
    return f"{title} were {limit} or {'more' if one_change.side == 'at least' else 'less'}"


def _test(knowledge: Knowledge, leaf: Leaf) -> str:
    """What is asked of the finding, without its title: "below 30 mL/min/1.73 m²", "is on record"."""
    asked = sentence(knowledge, leaf).removeprefix(f"{title_of(knowledge, leaf.finding)}: ")
    fact = knowledge.facts.get(leaf.finding)
    if leaf.word is not None or fact is None or fact.unit is None:
        return asked
    return asked.replace(f" {fact.unit}", f" {unit_in_words(fact.unit)}".rstrip())


def case_in_words(knowledge: Knowledge, given: Mapping[str, Given]) -> str:
    """A case of a decision table: "eGFR 29.9 mL/min/1.73 m²; A systemic NSAID is being ordered"; what is so first."""
    order = {Status.PRESENT: 0, Status.UNKNOWN: 1, Status.ABSENT: 2}
    ordered = sorted(given.items(), key=lambda one: (order[Status(one[1].status)], one[0]))
    return "; ".join(_given(knowledge, name, one) for name, one in ordered) or "nothing"


def _given(knowledge: Knowledge, name: str, given: Given) -> str:
    title, status = title_of(knowledge, name), Status(given.status)
    if status is not Status.PRESENT:
        return f"{title}: {_STATES[status]}"
    fact = knowledge.facts.get(name)
    quantity = amount(Finding(name, status, given.low, given.high, None if fact is None else fact.unit))
    return title if quantity is None else f"{title} {quantity}"


def finding_named(knowledge: Knowledge, name: str) -> Json:
    """A fact or a conclusion by its title and id."""
    return {"id": name, "title": title_of(knowledge, name)}


def rule_named(rule: Rule) -> Json:
    """A rule by its title and id, with its severity; None: it draws a conclusion and shows no card."""
    indicator = None if rule.card is None else rule.card.indicator.value
    return {"id": rule.id, "title": rule.title, "indicator": indicator}


def with_sources(rules: Iterable[Rule]) -> list[Json]:
    """Rules by title and id, each with the ids of the sources it cites."""
    return [rule_named(rule) | {"sources": list(dict.fromkeys(one.source for one in rule.citations))} for rule in rules]


def rules_named(rules: Iterable[Rule]) -> list[Json]:
    """Rules by title and id."""
    return [rule_named(rule) for rule in rules]


def summary_in_words(rule: Rule) -> str | None:
    """The headline of the card as it reads when nothing of a patient is put in."""
    return None if rule.card is None else without_values(rule.card.summary)


def read_from(fact: FactDefinition) -> list[str]:
    """Where a fact is read from, one line for each kind of resource: "Observation, past 365 days"."""
    lines = [_source_line(fact, source) for source in fact.sources]
    if fact.resource is not None:
        lines.append(fact.resource)
    return list(dict.fromkeys(lines)) or [fact.kind.value.replace("-", " ")]


def _source_line(fact: FactDefinition, source: FactSource) -> str:
    days = source.within_days or fact.look_back_days or fact.within_days
    parts = [source.resource]
    if days is not None:
        parts.append(f"past {days:f} days" if not isinstance(days, int) else f"past {days} days")
    if source.in_episode:
        parts.append("of this episode")
    if source.history:
        parts.append("past problems count")
    if source.at_most is not None:
        parts.append(f"the newest at {source.at_most:f} {source.unit} or below")
    if source.above_range:
        parts.append("the newest above its own reference range or flagged as high")
    if source.not_at:
        parts.append("not at " + ", ".join(source.not_at))
    if source.ended_by:
        parts.append("not after " + ", ".join(source.ended_by))
    return ", ".join(parts)


def no_matching_data(fact: FactDefinition) -> str:
    """When nothing on record may count as a no."""
    return fact.absent_when or "not said"


# A unit that UCUM only annotates, such as {score}, says nothing to a reader.
_ANNOTATION = re.compile(r"\s*\{[^{}]*\}")


def entry_in_words(text: str) -> str:
    """What an entry of the record says, without annotations of units."""
    return _ANNOTATION.sub("", text).strip()
