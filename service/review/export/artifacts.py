"""Artifacts: the rule set as FHIR R4 resources of clinical practice guidelines (CPG)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from service.knowledge.model import Code, Dose, FactKind, Knowledge, OrderTemplate, Rule, Suggestion, ValueSet, leaves
from service.knowledge.strata import concluding_rules
from service.review.export import questionnaires
from service.review.export.cql import cql, not_exported, rule_expression
from service.review.export.metadata import Publication, graded

Json = dict[str, Any]

LIBRARY = "rules"
QUESTIONNAIRE = "answers"
_TYPES = "http://terminology.hl7.org/CodeSystem"
_UCUM = "http://unitsofmeasure.org"


def artifacts(publication: Publication) -> Iterator[Json]:
    """Every resource of the rule set, by type and id."""
    knowledge = publication.knowledge
    yield library(publication)
    yield from (value_set(publication, knowledge.value_sets[name]) for name in sorted(knowledge.value_sets))
    yield from (activity(publication, knowledge.orders[name]) for name in sorted(knowledge.orders))
    yield from (plan(publication, rule) for rule in sorted(knowledge.rules, key=lambda rule: rule.id) if rule.card)
    yield from (service_plan(publication, name) for name in sorted(knowledge.services))
    if (answers := questionnaire(publication)) is not None:
        yield answers
        yield from (questionnaires.ready(publication, name) for name in questionnaires.QUESTIONS)
    yield from provenances(publication)


def library(publication: Publication) -> Json:
    """The logic of all rules as CQL, with what it does not tell, and the citations of rules without a card."""
    knowledge = publication.knowledge
    text = cql(knowledge)
    beyond = "\n".join(f"- {sentence}" for sentence in not_exported(knowledge))
    description = f"{knowledge.intended_use.strip()}\n\nNot told in this export:\n{beyond}"
    drawn = concluding_rules(knowledge.rules)
    read = {leaf.finding for rule in knowledge.rules for leaf in leaves(rule.when)}
    limited = {leaf.finding for rule in knowledge.rules for leaf in leaves(rule.when) if leaf.is_comparison}
    grounds = [citation for rule in knowledge.rules if rule.card is None for citation in rule.citations]
    return publication.artifact("Library", LIBRARY, f"{knowledge.name}: logic of the rules", description) | {
        "type": {"coding": [{"system": f"{_TYPES}/library-type", "code": "logic-library"}]},
        "usage": knowledge.not_clearance,
        "purpose": knowledge.out_of_scope.strip(),
        "identifier": [{"system": "urn:sciatica-cds:rule-set", "value": knowledge.digest}],
        "relatedArtifact": publication.citations(grounds),
        "parameter": [
            {"name": name, "use": "in", "min": 0, "max": "1", "type": kind}
            for finding in sorted(read - set(drawn))
            for name, kind in _parameters(finding, numbered=finding in limited)
        ],
        "content": [{"contentType": "text/cql", "data": base64.b64encode(text.encode()).decode()}],
    }


def _parameters(finding: str, *, numbered: bool) -> Iterator[tuple[str, str]]:
    yield finding, "boolean"
    if numbered:
        yield from ((f"{finding} {bound}", "decimal") for bound in ("low", "high"))


def value_set(publication: Publication, definition: ValueSet) -> Json:
    """The codes of one clinical idea, with the expansion as it stands in the rule file."""
    unverified = sum(not code.verified for code in definition.codes)
    below = sum(code.descendants for code in definition.codes)
    notes = [f"{definition.title}.", definition.note or ""]
    notes.append(f"{unverified} of {len(definition.codes)} codes were not verified." if unverified else "")
    notes.append(f"{below} codes stand for all below them; the expansion lists the codes written." if below else "")
    notes.append(f"{len(definition.patterns)} text patterns are not told here." if definition.patterns else "")
    notes.append(f"Answers to questions {', '.join(definition.link_ids)} count too." if definition.link_ids else "")
    resource = publication.artifact(
        "ValueSet", definition.id, definition.title, " ".join(note for note in notes if note)
    )
    if not definition.codes:
        return resource
    return resource | {
        "immutable": False,
        "compose": {"include": list(_includes(definition.codes))},
        "expansion": {
            "identifier": f"urn:sciatica-cds:expansion:{definition.id}:{publication.knowledge.digest[:16]}",
            "timestamp": publication.day.isoformat(),
            "total": len(definition.codes),
            "contains": [_coding(code) for code in definition.codes],
        },
    }


def _includes(codes: Sequence[Code]) -> Iterator[Json]:
    for system in dict.fromkeys(code.system for code in codes):
        mine = [code for code in codes if code.system == system]
        listed = [_worded({"code": code.code}, code) for code in mine if not code.descendants]
        if listed:
            yield {"system": system, "concept": listed}
        for code in mine:
            if code.descendants:
                yield {"system": system, "filter": [{"property": "concept", "op": "is-a", "value": code.code}]}


def _coding(code: Code) -> Json:
    return _worded({"system": code.system, "code": code.code}, code)


def _worded(concept: Json, code: Code) -> Json:
    # Words of some code systems may not be passed on, so the rule set has none for their codes.
    return concept | ({"display": code.display} if code.display else {})


def plan(publication: Publication, rule: Rule) -> Json:
    """One card rule: at which event, under which condition, what it says and offers."""
    knowledge, card = publication.knowledge, rule.card
    assert card is not None
    status = rule.status if rule.status in ("draft", "active") else "retired"
    description = "\n\n".join(part.strip() for part in (rule.rationale, rule.limitations) if part)
    resource = publication.artifact("PlanDefinition", rule.id, rule.title, description, status) | {
        "version": rule.version,
        "type": {"coding": [{"system": f"{_TYPES}/plan-definition-type", "code": "eca-rule"}]},
        "purpose": rule.purpose,
        "library": [publication.canonical("Library", LIBRARY)],
        "relatedArtifact": publication.citations(rule.citations),
        "action": [_action(publication, rule)],
        **publication.approval(rule),
    }
    if rule.recommendation is not None:
        resource |= {"extension": graded(rule.recommendation), "topic": [{"text": rule.recommendation.topic}]}
    if rule.effective is not None:
        resource["effectivePeriod"] = {"start": rule.effective.isoformat()}
    if rule.unverified_parts:
        resource["usage"] = "Not verified: " + " ".join(part.strip() for part in rule.unverified_parts)
    reasons = [knowledge.override_reasons[code].display for code in card.override_reasons]
    if reasons:
        resource["action"][0]["documentation"] = [
            {"type": "documentation", "label": "Reasons to override", "display": "; ".join(reasons)}
        ]
    return resource


def _action(publication: Publication, rule: Rule) -> Json:
    card = rule.card
    assert card is not None
    body: Json = {
        "title": card.summary,
        "description": f"Indicator of the card: {card.indicator.value}. Placeholders are filled from the findings.",
        "textEquivalent": card.detail,
        "trigger": [{"type": "named-event", "name": hook} for hook in rule.hooks],
        "condition": [
            {
                "kind": "applicability",
                "expression": {"language": "text/cql", "expression": f'"{rule_expression(rule.id)}"'},
            }
        ],
    }
    offered = [_suggestion(publication, suggestion) for suggestion in card.suggestions]
    return body | ({"selectionBehavior": "at-most-one", "action": offered} if offered else {})


def _suggestion(publication: Publication, suggestion: Suggestion) -> Json:
    knowledge = publication.knowledge
    steps = [
        {
            "title": knowledge.orders[name].title,
            "type": _action_type("create"),
            "definitionCanonical": publication.canonical("ActivityDefinition", name),
        }
        for name in suggestion.create
    ]
    steps += [
        {"title": f"Remove the draft: {_title(knowledge, name)}", "type": _action_type("remove")}
        for name in suggestion.remove
    ]
    steps += [
        {"title": f"At most {suggestion.limit_days} days: {_title(knowledge, name)}", "type": _action_type("update")}
        for name in suggestion.limit
    ]
    # All of a suggestion is taken, or nothing.
    return {"title": suggestion.label, "groupingBehavior": "logical-group", "selectionBehavior": "all", "action": steps}


def _action_type(code: str) -> Json:
    return {"coding": [{"system": f"{_TYPES}/action-type", "code": code}]}


def _title(knowledge: Knowledge, finding: str) -> str:
    return (knowledge.facts.get(finding) or knowledge.conclusions[finding]).title


def service_plan(publication: Publication, name: str) -> Json:
    """One service: the event it answers and its cards; of a family only the first that applies is shown."""
    knowledge = publication.knowledge
    service = knowledge.services[name]
    shown = [rule for rule in knowledge.rules if service.shows(rule)]
    families = dict.fromkeys(rule.family or rule.id for rule in shown)
    description = f"{service.description.strip()} Needs: {service.usage_requirements.strip()}"
    return publication.artifact("PlanDefinition", name, service.title, description) | {
        "type": {"coding": [{"system": f"{_TYPES}/plan-definition-type", "code": "eca-rule"}]},
        "usage": knowledge.not_clearance,
        "action": [
            {
                "title": service.title,
                "trigger": [{"type": "named-event", "name": service.hook}],
                "action": [
                    _family(publication, family, [rule for rule in shown if (rule.family or rule.id) == family])
                    for family in families
                ],
            }
        ],
    }


def _family(publication: Publication, family: str, rules: Sequence[Rule]) -> Json:
    if len(rules) == 1:
        return _reference(publication, rules[0])
    ordered = sorted(rules, key=lambda rule: rule.precedence)
    return {
        "title": family,
        "description": "The first that applies is shown in place of the others.",
        "groupingBehavior": "logical-group",
        "selectionBehavior": "at-most-one",
        "action": [_reference(publication, rule) for rule in ordered],
    }


def _reference(publication: Publication, rule: Rule) -> Json:
    url = publication.url("PlanDefinition", rule.id)
    return {"title": rule.title, "definitionCanonical": f"{url}|{rule.version}"}


def activity(publication: Publication, order: OrderTemplate) -> Json:
    """An order that a card may suggest, always as a proposal for a clinician to sign."""
    drug = order.resource == "MedicationRequest"
    description = order.text or order.title
    resource = publication.artifact("ActivityDefinition", order.id, order.title, description) | {
        "kind": order.resource,
        "intent": "proposal",
        "doNotPerform": False,
        "relatedArtifact": publication.citations(order.citations),
        ("productCodeableConcept" if drug else "code"): {"coding": [_coding(order.code)], "text": order.title},
    }
    if order.priority is not None:
        resource["priority"] = order.priority
    if order.dose is not None:
        resource["dosage"] = [_dosage(order.dose)]
    return resource


def _dosage(dose: Dose) -> Json:
    repeat: Json = {
        "frequency": dose.frequency,
        "period": float(dose.period),
        "periodUnit": dose.period_unit,
    }
    if dose.period_max is not None:
        repeat["periodMax"] = float(dose.period_max)
    quantity = {"value": float(dose.quantity), "unit": dose.unit, "system": _UCUM, "code": dose.unit}
    return {
        "text": dose.text,
        "timing": {"repeat": repeat},
        "asNeededBoolean": dose.as_needed,
        "route": {"text": dose.route},
        "doseAndRate": [{"doseQuantity": quantity}],
    }


def questionnaire(publication: Publication) -> Json | None:
    """The questions whose answers the rules read, by the link ids they are read by; None when there are none."""
    knowledge = publication.knowledge
    items: dict[str, Json] = {}
    for fact in knowledge.facts.values():
        for source in fact.sources:
            if source.resource != "QuestionnaireResponse":
                continue
            kind = "boolean" if fact.kind is FactKind.CODED else "date"
            answers = [code for name in (*source.yes, *source.no) for code in knowledge.value_sets[name].codes]
            for name in source.codes:
                for link in knowledge.value_sets[name].link_ids:
                    items.setdefault(link, {"linkId": link, "text": fact.title, "type": kind, **_options(answers)})
    if not items:
        return None
    description = "Every question of which the rules read the answer. A boolean answer of no is a no to the finding."
    title = f"{knowledge.name}: answers that the rules read"
    return publication.artifact("Questionnaire", QUESTIONNAIRE, title, description) | {
        "subjectType": ["Patient"],
        "item": [items[link] for link in sorted(items)],
    }


def _options(codes: Iterable[Code]) -> Json:
    options = [{"valueCoding": _coding(code)} for code in codes]
    return {"type": "choice", "answerOption": options} if options else {}


def provenances(publication: Publication) -> Iterator[Json]:
    """Who approved which rule at exactly its content; none while nobody has."""
    for rule in sorted(publication.knowledge.rules, key=lambda rule: rule.id):
        given = publication.approvals.get(rule.id, ()) if rule.id in publication.knowledge.approved else ()
        kind = "PlanDefinition" if rule.card else "Library"
        for number, one in enumerate(given, 1):
            name = rule.id if rule.card else LIBRARY
            record = {
                "resourceType": "Provenance",
                "id": f"approval-{number}-{rule.id}"[:64],
                "target": [{"reference": f"{kind}/{name}"}],
                "recorded": f"{one.day.isoformat()}T00:00:00Z",
                "activity": {"text": f"approved rule {rule.id} at content {one.digest}"},
                "agent": [
                    {
                        "type": {"coding": [{"system": f"{_TYPES}/provenance-participant-type", "code": "verifier"}]},
                        "who": {"display": one.by},
                    }
                ],
            }
            yield record | _signature(publication, record)


def _signature(publication: Publication, record: Json) -> Json:
    """The signature of the publisher over a record as it stands: a JWS (RFC 7515) whose content is left out of it.

    The content is the record without its signature, as JSON without spaces and with its names in order.
    """
    if publication.signer is None:
        return {}
    content = json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    head = _base64url(b'{"alg":"EdDSA"}')
    signed = publication.signer(head + b"." + _base64url(content))
    return {
        "signature": [
            {
                "type": [
                    {
                        "system": "urn:iso-astm:E1762-95:2013",
                        "code": "1.2.840.10065.1.12.1.5",
                        "display": "Verification Signature",
                    }
                ],
                "when": record["recorded"],
                "who": {"display": publication.knowledge.name},
                "targetFormat": "application/json",
                "sigFormat": "application/jose",
                "data": base64.b64encode(head + b".." + _base64url(signed)).decode(),
            }
        ]
    }


def _base64url(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")
