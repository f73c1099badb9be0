"""The page of one rule: everything that a signature under it covers, and how it is known to do what it says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from service.knowledge.digest import reached, rule_digest, shown_before
from service.knowledge.examples import EXPECTED, outcome
from service.knowledge.model import Citation, Example, Knowledge, OrderTemplate, Rule
from service.review.decision_table import table_of
from service.review.signing_page import suggestion_in_words
from service.testkit.vignette_index import vignettes_about
from service.web.pages.graph import neighbourhood
from service.web.pages.words import (
    case_in_words,
    condition_data,
    finding_named,
    no_matching_data,
    read_from,
    rule_named,
    rules_named,
    summary_in_words,
)

if TYPE_CHECKING:
    from service.knowledge.schemas.ruleset import Approval

Json = dict[str, Any]
Approvals = Mapping[str, "Iterable[Approval]"]


def rule_page(knowledge: Knowledge, approvals: Approvals, name: str) -> Json | None:
    """The rule with this id as plain data, or the first variant of a rule file with it; None when there is none."""
    rules = [*knowledge.rules, *knowledge.retired]
    rule = next((one for one in rules if one.id == name), None)
    if rule is None:
        variants = sorted((one for one in rules if one.variant_of == name), key=lambda one: one.precedence)
        rule = variants[0] if variants else None
    return None if rule is None else _rule_data(knowledge, approvals, rule)


def _rule_data(knowledge: Knowledge, approvals: Approvals, rule: Rule) -> Json:
    return {
        **_approval_state(knowledge, approvals, rule),
        **_content(knowledge, rule),
        **_grounds(knowledge, rule),
        **_shown_by(knowledge, rule),
        **_use(knowledge, rule),
    }


def _approval_state(knowledge: Knowledge, approvals: Approvals, rule: Rule) -> Json:
    """Which rule it is, and who stands behind it."""
    return {
        **rule_named(rule),
        "version": rule.version,
        "status": rule.status,
        "approved": rule.id in knowledge.approved,
        "approvals": [
            {"by": one.by, "day": one.day.isoformat(), "digest": one.digest} for one in approvals.get(rule.id, ())
        ],
        "digest": rule_digest(knowledge, rule.id),
        "phase": _phase(knowledge, rule.phase),
        "owner": knowledge.people.get(rule.owner, rule.owner),
        "reviewBy": rule.review_by.isoformat(),
        "effective": rule.effective.isoformat() if rule.effective else None,
        "file": rule.at,
    }


def _content(knowledge: Knowledge, rule: Rule) -> Json:
    """What it says, and when."""
    advice = rule.recommendation
    return {
        "purpose": rule.purpose,
        "rationale": rule.rationale,
        "recommendation": None
        if advice is None
        else {
            "topic": advice.topic,
            "direction": advice.direction,
            "strength": advice.strength,
            "certainty": advice.certainty,
        },
        "hooks": list(rule.hooks),
        "when": condition_data(knowledge, rule.when),
        "concludes": None if rule.concludes is None else finding_named(knowledge, rule.concludes),
        "mentions": [finding_named(knowledge, one) for one in rule.mentions],
        "card": _card(knowledge, rule),
        "shownBefore": rules_named(shown_before(knowledge, rule)),
        "variants": rules_named(_variants(knowledge, rule)),
        "namesConflictWith": list(rule.names_conflict_with),
    }


def _grounds(knowledge: Knowledge, rule: Rule) -> Json:
    """Its sources, and all that it reads down to the facts."""
    findings, drawing = reached(knowledge, rule)
    return {
        "evidence": [_evidence(knowledge, one) for one in rule.citations],
        "notVerified": list(rule.unverified_parts),
        "reads": [
            _read(knowledge, one, drawing) | {"directly": one in rule.reads or one in rule.mentions}
            for one in sorted(findings, key=_directly_read_first(rule))
        ],
        "conclusionsBehind": [
            rule_named(one) | {"concludes": str(one.concludes), "when": condition_data(knowledge, one.when)}
            for one in drawing
        ],
        "graph": neighbourhood(knowledge, rule),
        "orders": [_order(knowledge, one) for one in _orders(knowledge, rule)],
    }


def _shown_by(knowledge: Knowledge, rule: Rule) -> Json:
    """What shows that it does so: examples, vignettes, the decision table."""
    return {
        "examples": [_example(knowledge, rule, one) for one in rule.examples],
        "vignettes": [
            {
                "id": one.vignette,
                "patient": one.patient,
                "case": one.case,
                "hook": one.hook,
                "expected": one.expected,
            }
            for one in vignettes_about(rule.id)
        ],
        "decisionTable": [
            {"case": case_in_words(knowledge, row.given), "result": row.result} for row in table_of(knowledge, [rule])
        ],
    }


def _use(knowledge: Knowledge, rule: Rule) -> Json:
    """Where it is used, and how it became what it is."""
    return {
        "usedBy": rules_named(
            one for one in knowledge.rules if rule.concludes is not None and rule.concludes in one.reads
        ),
        "services": [
            {"id": one.id, "title": one.title, "hook": one.hook}
            for one in knowledge.services.values()
            if one.shows(rule)
        ],
        "inUse": None,
        "limitations": rule.limitations,
        "history": [{"version": one.version, "day": one.day.isoformat(), "change": one.change} for one in rule.history],
    }


def _phase(knowledge: Knowledge, name: str) -> Json:
    return {"id": name, "title": next((phase.title for phase in knowledge.phases if phase.id == name), name)}


def _directly_read_first(rule: Rule) -> Any:
    return lambda name: (name not in rule.reads, name not in rule.mentions, name)


def _variants(knowledge: Knowledge, rule: Rule) -> list[Rule]:
    """The other variants of its rule file, the one shown first on top."""
    if rule.variant_of is None:
        return []
    others = [one for one in knowledge.rules if one.variant_of == rule.variant_of and one.id != rule.id]
    return sorted(others, key=lambda one: one.precedence)


def _card(knowledge: Knowledge, rule: Rule) -> Json | None:
    card = rule.card
    if card is None:
        return None
    return {
        "indicator": card.indicator.value,
        "summary": summary_in_words(rule),
        "act": card.act,
        "detail": card.detail,
        "suggestions": [
            {
                "label": one.label,
                "does": suggestion_in_words(knowledge, one),
                "recommended": one.recommended,
            }
            for one in card.suggestions
        ],
        "links": [{"label": one.label, "url": one.url} for one in card.links],
        "overrideReasons": [knowledge.override_reasons[code].display for code in card.override_reasons],
        "patientSummary": card.patient_summary,
        "patientDetail": card.patient_detail,
    }


def _evidence(knowledge: Knowledge, citation: Citation) -> Json:
    source = knowledge.sources[citation.source]
    compared = citation.compared or source.compared
    return {
        "source": source.id,
        "label": source.label,
        "url": source.url,
        "statement": citation.statement,
        "section": citation.section,
        "supports": citation.supports,
        "says": citation.says,
        "why": citation.why,
        "strength": citation.strength,
        "certainty": citation.certainty,
        "status": source.status.value,
        "statusNote": source.status_note,
        "mark": citation.mark.value,
        "compared": compared.isoformat() if compared else None,
    }


def _read(knowledge: Knowledge, name: str, drawing: Iterable[Rule]) -> Json:
    """One finding that the rule depends on: where it is read, and when silence counts as no."""
    data = finding_named(knowledge, name)
    fact = knowledge.facts.get(name)
    if fact is None:
        drawn = rules_named(one for one in drawing if one.concludes == name)
        return data | {"kind": "conclusion", "drawnBy": drawn, "readFrom": [], "absentWhen": None, "choice": None}
    return data | {
        "kind": "fact",
        "drawnBy": [],
        "readFrom": read_from(fact),
        "absentWhen": no_matching_data(fact),
        "choice": fact.product_choice,
    }


def _orders(knowledge: Knowledge, rule: Rule) -> list[OrderTemplate]:
    suggested = rule.card.suggestions if rule.card is not None else ()
    return [knowledge.orders[name] for name in sorted({name for one in suggested for name in one.create})]


def _order(knowledge: Knowledge, order: OrderTemplate) -> Json:
    code = order.code
    return {
        "id": order.id,
        "title": order.title,
        "resource": order.resource,
        "code": {"system": code.system, "code": code.code, "display": code.display},
        "priority": order.priority or "routine",
        "text": order.text,
        "dose": order.dose.text if order.dose else None,
        "days": order.course_days,
        "reason": order.reason_text,
        "evidence": [_evidence(knowledge, one) for one in order.citations],
    }


def _example(knowledge: Knowledge, rule: Rule, example: Example) -> Json:
    holds = outcome(knowledge, rule, example) is EXPECTED[example.expect]
    return {"case": example.name, "expected": example.expect, "holds": holds}
