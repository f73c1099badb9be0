"""Stored decisions as FHIR R4 AuditEvent and Provenance, for the audit repository of a site (45 CFR 164.312(b)).

Patients appear as the keyed hash under which they are stored, never as a reference: who may resolve it has the key.
fhir.resources is heavy and is imported when the first resource is built.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from service.record.releases.fhir_classes import validated
from service.store.reading import StoredDecision, StoredRuleSet

Json = dict[str, Any]

_AUDIT_TYPE = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_ENTITY_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
_PROVENANCE_AGENT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
HOOK = "urn:sciatica-cds:hook"
DECISION = "urn:sciatica-cds:decision"
RULE_SET = "urn:sciatica-cds:rule-set"
PATIENT = "urn:sciatica-cds:patient-hash"
CARD = "urn:sciatica-cds:card"


def audit_resources(stored: StoredDecision, rule_set: StoredRuleSet) -> Iterator[Json]:
    """The AuditEvent of a decision and the Provenance of its cards, each valid. Raises ValueError if one is not."""
    yield validated("AuditEvent", _audit_event(stored, rule_set))
    if stored.body["cards"]:
        yield validated("Provenance", _provenance(stored, rule_set))


def feedback_event(feedback: Json) -> Json:
    """The AuditEvent of one report about a card, as ``exported_feedback`` gives it. Raises ValueError if not valid."""
    details = [("outcome", feedback["outcome"]), ("outcome_at", feedback["outcome_at"])]
    details += [("reason", feedback["reason"])] if feedback["reason"] else []
    details += [("rule", f"{rule['id']} {rule['version']}") for rule in feedback["rules"]]
    entities = [_entity(CARD, feedback["card"], "2", "20", details)]
    if feedback["decision"]:
        entities.append(_entity(DECISION, feedback["decision"], "2", "20", []))
    return validated(
        "AuditEvent",
        {
            "resourceType": "AuditEvent",
            "type": {"system": _AUDIT_TYPE, "code": "rest", "display": "RESTful Operation"},
            "subtype": [{"system": HOOK, "code": "feedback"}],
            "action": "C",
            "recorded": feedback["received_at"],
            "outcome": "0",
            "agent": [_caller(feedback["issuer"])],
            "source": {"observer": {"display": f"sciatica-cds, service {feedback['service']}"}},
            "entity": entities,
        },
    )


def _caller(issuer: str | None) -> Json:
    if issuer is None:
        return {"requestor": True, "who": {"display": "a client that was not authenticated"}}
    return {"requestor": True, "who": {"identifier": {"system": "urn:ietf:rfc:3986", "value": issuer}}}


def _audit_event(stored: StoredDecision, rule_set: StoredRuleSet) -> Json:
    body = stored.body
    entities = [
        _entity(DECISION, stored.id, "2", "20", [("ledger", f"{stored.writer}/{stored.seq}"), ("hash", stored.hash)]),
        _entity(RULE_SET, rule_set.digest, "2", "6", [("version", rule_set.version)]),
    ]
    if body["patient"]:
        entities.insert(0, _entity(PATIENT, body["patient"]["hash"], "1", "1", [("key", body["patient"]["key"])]))
    for card in body["cards"]:
        rules = [("rule", f"{rule} {version}") for rule, version, _ in card["rules"]]
        entities.append(_entity(CARD, card["uuid"], "2", "20", [("indicator", card["indicator"]), *rules]))
    return {
        "resourceType": "AuditEvent",
        "id": stored.id,
        "type": {"system": _AUDIT_TYPE, "code": "rest", "display": "RESTful Operation"},
        "subtype": [{"system": HOOK, "code": body["hook"]}],
        "action": "E",
        "recorded": body["at"],
        "outcome": "0",
        "agent": [_caller(body["issuer"])],
        "source": {"observer": {"display": f"sciatica-cds, service {body['service']}"}},
        "entity": entities,
    }


def _entity(system: str, value: str, kind: str, role: str, details: list[tuple[str, str]]) -> Json:
    entity: Json = {
        "what": {"identifier": {"system": system, "value": value}},
        "type": {"system": _ENTITY_TYPE, "code": kind},
        "role": {"system": _ENTITY_ROLE, "code": role},
    }
    return entity | {"detail": [{"type": name, "valueString": text} for name, text in details]} if details else entity


def _provenance(stored: StoredDecision, rule_set: StoredRuleSet) -> Json:
    return {
        "resourceType": "Provenance",
        "id": f"{stored.id}-p"[:64],
        "target": [{"identifier": {"system": CARD, "value": card["uuid"]}} for card in stored.body["cards"]],
        "recorded": stored.body["at"],
        "activity": {"text": f"decided on {stored.body['hook']}"},
        "agent": [
            {
                "type": {"coding": [{"system": _PROVENANCE_AGENT, "code": "assembler"}]},
                "who": {"display": f"sciatica-cds, service {stored.body['service']}"},
            }
        ],
        "entity": [
            {"role": "derivation", "what": {"identifier": {"system": DECISION, "value": stored.id}}},
            {
                "role": "source",
                "what": {
                    "identifier": {"system": RULE_SET, "value": rule_set.digest},
                    "display": f"{rule_set.name} {rule_set.version}",
                },
            },
        ],
    }
