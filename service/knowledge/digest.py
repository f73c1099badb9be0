"""Names a content by its digest: the same content gives the same digest on every machine.

What does not change the meaning does not change the digest: comments, white space, the order of
keys and of files, which topic file a fact stands in, ``30`` or ``30.0``, a key left out or written
with its default value.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from service.knowledge.model import Citation, FactDefinition, FactKind, Knowledge, OrderTemplate, Rule, types_read

_IN_WORDS = frozenset({"Condition", "AllergyIntolerance", "Procedure", "ServiceRequest", "DiagnosticReport"})
# Who looks after a rule and when it may serve is no part of what a reviewer judges; the version
# says which text was judged, so the list of earlier versions may grow.
# Of the order of a family a reviewer judges which rules go before this one, not its number.
_ADMINISTRATIVE = ("status", "effective", "owner", "review_by", "history", "rank")


def knowledge_digest(knowledge: Knowledge) -> str:
    """The SHA-256 of everything in the rule set, as 64 hexadecimal digits."""
    return _sha256(canonical(knowledge))


def rule_digest(knowledge: Knowledge, rule_id: str) -> str:
    """The SHA-256 of exactly what a reviewer of one rule approves.

    That is the rule without its administrative fields; the facts it reads or mentions, also through
    conclusions; the conditions that draw those conclusions; the value sets of all of these; the
    sources cited; the orders it can create; the override reasons it offers; and, where a fact is
    read from problems, the words that leave a problem unread; where it is read from a list that its words
    may leave open, the words of what no rule judges.

    Raises:
        KeyError: there is no such rule.
    """
    return _sha256(reviewed_content(knowledge, rule_id))


def reviewed_content(knowledge: Knowledge, rule_id: str) -> dict[str, Any]:
    """What :func:`rule_digest` is the digest of, as plain data."""
    rule = next((rule for rule in (*knowledge.rules, *knowledge.retired) if rule.id == rule_id), None)
    if rule is None:
        raise KeyError(rule_id)
    findings, drawing = reached(knowledge, rule)
    facts = [knowledge.facts[name] for name in sorted(findings & knowledge.facts.keys())]
    orders = [knowledge.orders[name] for name in sorted(_orders_created(rule))]
    read_with: list[FactDefinition | OrderTemplate] = [*facts, *orders]
    value_sets = {name for thing in read_with for name in value_sets_of(thing)}
    citations = cited(knowledge, rule)
    text = canonical(rule)
    danger = {"danger_terms": canonical(knowledge.danger_terms)} if reads_problems(facts) else {}
    other = {"other_words": canonical(knowledge.other_words)} if reads_words(facts) else {}
    return {
        **danger,
        **other,
        "rule": {key: value for key, value in text.items() if key not in _ADMINISTRATIVE},
        "shown_before": [other.id for other in shown_before(knowledge, rule)],
        "facts": [canonical(fact) for fact in facts],
        "conclusions": [
            canonical(knowledge.conclusions[name]) for name in sorted(findings & knowledge.conclusions.keys())
        ],
        "drawn_by": [
            {"id": other.id, "concludes": other.concludes, "when": canonical(other.when)} for other in drawing
        ],
        "value_sets": [canonical(knowledge.value_sets[name]) for name in sorted(value_sets)],
        # The statements cited stand in the citations; what else a source says is no part of this rule.
        "sources": [
            canonical(replace(knowledge.sources[name], statements=()))
            for name in sorted({citation.source for citation in citations})
        ],
        "orders": [canonical(order) for order in orders],
        "override_reasons": [
            canonical(knowledge.override_reasons[code])
            for code in (rule.card.override_reasons if rule.card else ())
            if code in knowledge.override_reasons
        ],
    }


def reads_problems(facts: Iterable[FactDefinition]) -> bool:
    """Whether one of the facts is read from problems, so that words which leave a problem unread may decide it."""
    return any("Condition" in types_read(fact) for fact in facts)


def reads_words(facts: Iterable[FactDefinition]) -> bool:
    """Whether one of the facts is read from a list or from orders whose words may name what no rule judges."""
    return any(fact.kind is FactKind.ORDER or not _IN_WORDS.isdisjoint(types_read(fact)) for fact in facts)


def cited(knowledge: Knowledge, rule: Rule) -> list[Citation]:
    """What a rule and the orders it can create cite."""
    orders = (knowledge.orders[name] for name in sorted(_orders_created(rule)))
    return [*rule.citations, *(citation for order in orders for citation in order.citations)]


def shown_before(knowledge: Knowledge, rule: Rule) -> list[Rule]:
    """The rules of the same family that are shown in its place when they fire, the first of them first."""
    family = (other for other in knowledge.rules if rule.family is not None and other.family == rule.family)
    return sorted((other for other in family if other.precedence < rule.precedence), key=lambda one: one.precedence)


def value_sets_of(thing: FactDefinition | OrderTemplate) -> Iterator[str]:
    """The ids of the value sets that a fact or an order template names."""
    if isinstance(thing, OrderTemplate):
        yield from (name for name in (thing.drug_class, thing.procedure) if name is not None)
        return
    for source in thing.sources:
        yield from (*source.codes, *source.yes, *source.no, *source.body_site, *source.ended_by, *source.not_at)
    yield from (*thing.classes, *thing.codes, *thing.exclude, *thing.site, *thing.reasons, *thing.began_after)


def _orders_created(rule: Rule) -> set[str]:
    return {name for suggestion in rule.card.suggestions for name in suggestion.create} if rule.card else set()


def reached(knowledge: Knowledge, rule: Rule) -> tuple[set[str], list[Rule]]:
    """Every finding the rule depends on, and the rules that draw the conclusions among them."""
    removed = {name for suggestion in rule.card.suggestions for name in suggestion.remove} if rule.card else set()
    waiting = [*rule.reads, *rule.mentions, *removed]
    drawn_by: dict[str, list[Rule]] = {}
    for other in knowledge.rules:
        if other.concludes is not None:
            drawn_by.setdefault(other.concludes, []).append(other)
    findings: set[str] = set()
    drawing: dict[str, Rule] = {}
    while waiting:
        name = waiting.pop()
        if name in findings:
            continue
        findings.add(name)
        fact = knowledge.facts.get(name)
        if fact is not None and fact.order is not None:
            waiting.append(fact.order)
        for other in drawn_by.get(name, ()):
            drawing[other.id] = other
            waiting.extend(other.reads)
    return findings, [drawing[name] for name in sorted(drawing)]


def canonical(thing: Any) -> Any:
    """Plain data in one fixed form: no lines, no default values, numbers without trailing zeros."""
    if thing is None or isinstance(thing, (bool, int)):
        return thing
    if isinstance(thing, str):
        return str(thing)
    if isinstance(thing, Decimal):
        return format(thing.normalize(), "f")
    if isinstance(thing, date):
        return thing.isoformat()
    if isinstance(thing, Mapping):
        return {str(key): canonical(value) for key, value in thing.items()}
    if isinstance(thing, (set, frozenset)):
        return sorted(thing)
    if isinstance(thing, (tuple, list)):
        return [canonical(part) for part in thing]
    return _canonical_object(thing)


def _canonical_object(thing: Any) -> dict[str, Any]:
    if not is_dataclass(thing):
        raise TypeError(f"no canonical form for {type(thing).__name__}")
    content: dict[str, Any] = {}
    kind: Any = type(thing)
    for name, default in _fields_of(kind):
        value = getattr(thing, name)
        if value != default:
            content[name] = canonical(value)
    # Two kinds of group have the same fields and opposite meanings.
    return {"is": kind.__name__, **content}


@cache
def _fields_of(kind: Any) -> tuple[tuple[str, Any], ...]:
    # A digest cannot hold itself, and where a thing stands is not what it says.
    outside = {"at", "digest"} if kind is Knowledge else {"at"}
    return tuple((part.name, _default(part)) for part in fields(kind) if part.name not in outside)


def _default(part: Field[Any]) -> Any:
    # A new optional field must not change the digest of content that does not use it.
    return part.default if part.default is not MISSING else _NO_DEFAULT


class _NoDefault:
    """Equal to nothing."""

    def __eq__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return 0


_NO_DEFAULT = _NoDefault()


def _sha256(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
