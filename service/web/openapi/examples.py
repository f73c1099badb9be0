"""Examples: for each operation a body (or id) to send and what comes back. About nobody; a test sends each of them.

Answers are made by the service itself, with ids and a time that are always the same, so that the description of the
same services is the same to the byte.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from service.knowledge.model import ServiceDefinition
from service.protocol.discovery import discovery
from service.protocol.evaluation import BundleQuestion, Services, Wanted, answer_bundle, answer_call, fetch_nothing
from service.testkit.report import as_outcome
from service.testkit.request_check.checking import check
from service.testkit.sample_calls import bundle_of, sample_call

Json = dict[str, Any]

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
_ID = uuid.UUID("00000000-0000-4000-8000-000000000000")
INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
SCIATICA: Mapping[str, Any] = {
    "resourceType": "Condition",
    "id": "sciatica",
    "subject": {"reference": "Patient/example"},
    "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M54.31"}], "text": "Sciatica"},
}
PATIENT: Mapping[str, Any] = {"resourceType": "Patient", "id": "example", "gender": "female", "birthDate": "1970-02-03"}
SMALLEST: Mapping[str, Any] = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [{"resource": PATIENT}, {"resource": SCIATICA}],
}
"""The smallest chart that gives a card."""
REPORT: Mapping[str, Any] = {
    "feedback": [
        {
            "card": "00000000-0000-4000-8000-000000000001",
            "outcome": "overridden",
            "overrideReason": {
                "reason": {
                    "code": "patient-refuses",
                    "system": "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes",
                }
            },
            "outcomeTimestamp": "2026-11-24T09:05:00Z",
        }
    ]
}


def example_call(services: Services, service: ServiceDefinition) -> Json:
    """A whole call of a service: a patient with sciatica, every other list asked for and empty."""
    templates = {template.key: template.query for template in services.templates[service.id]}
    body = sample_call(service.hook, templates) | {"hookInstance": INSTANCE}
    body["prefetch"]["conditions"] = bundle_of(dict(SCIATICA))
    return body


def example_answer(services: Services, service: ServiceDefinition) -> Json:
    """What the example call of a service is answered with."""
    offline = replace(services, fetch_missing=fetch_nothing)
    body = example_call(services, service)
    return answer_call(offline, service, body, NOW, decision_id=_ID, wanted=Wanted()).body


def example_evaluation(services: Services) -> Json:
    """What the smallest chart is answered with."""
    return answer_bundle(services, dict(SMALLEST), BundleQuestion("patient-view", NOW)).body


def example_report(services: Services) -> Json:
    """What ``/check`` says about the smallest chart."""
    return as_outcome(check(services, dict(SMALLEST), NOW))


def example_discovery(services: Services) -> Json:
    """Discovery with its first service."""
    listed = discovery(services.offered, services.templates)
    return {"services": listed["services"][:1]}
