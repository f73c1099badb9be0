"""The stories as CDS Hooks calls: every list sent whole, so that silence in it counts, and what each call says."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from benchmarks.patients import published
from service.cli.stories import EXAMPLES, Story
from service.decision import Decision
from service.errors import DataUnavailableError, RequestError
from service.knowledge.hooks import HOOKS
from service.knowledge.model import Indicator
from service.protocol.evaluation import Services, answer_call
from service.record.input.prefetch_templates import Template
from service.record.input.reviewed import ORDER_TYPES

Json = dict[str, Any]
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
_SMALL = 150
INSTANCE = "11111111-1111-4111-8111-111111111111"


@dataclass(frozen=True)
class Call:
    """One call: the service asked, the body, and the time."""

    name: str
    service: str
    body: Json
    now: datetime


@dataclass(frozen=True)
class Said:
    """What came of a call: the loud rules, all that the cards say, and the decision; or the refusal."""

    severe: frozenset[str] = frozenset()
    critical: frozenset[str] = frozenset()
    words: str = ""
    cards: int = 0
    decision: Decision | None = None
    refused: tuple[str, ...] = ()
    body: Json | None = None


def story_calls(services: Services) -> Iterator[Call]:
    """Every story as a call."""
    by_hook = {service.hook: service.id for service in services.offered.values()}
    for folder in sorted(EXAMPLES.iterdir()):
        story = Story(folder)
        if not folder.is_dir() or story.hook not in by_hook:
            continue
        body = story.document if story.is_request else _called(story, services.templates[by_hook[story.hook]])
        if body is not None:
            yield Call(story.id, by_hook[story.hook], body, story.now)


def published_calls(services: Services) -> Iterator[Call]:
    """The published patients with a back problem whose records are small, each opened."""
    view = next(service.id for service in services.offered.values() if service.hook == "patient-view")
    for patient in published("patients-r4-backpain"):
        if len(patient.resources) < _SMALL:
            body = _body(list(patient.resources), "patient-view", services.templates[view])
            if body is not None:
                yield Call(patient.name, view, body, NOW)


def _called(story: Story, templates: Sequence[Template]) -> Json | None:
    return _body([entry["resource"] for entry in copy.deepcopy(story.document)["entry"]], story.hook, templates)


def _body(resources: list[Json], hook_name: str, templates: Sequence[Template]) -> Json | None:
    """A call with all lists sent; None for a chart without a Patient who has an id."""
    patient = next((one for one in resources if one["resourceType"] == "Patient"), None)
    if patient is None or not patient.get("id"):
        return None
    hook = HOOKS[hook_name]
    context: Json = {"userId": "Practitioner/1", "patientId": patient["id"], "encounterId": "e1"}
    if hook.has_orders:
        drafts = [one for one in resources if one["resourceType"] in ORDER_TYPES and one.get("status") == "draft"]
        resources = [one for one in resources if one not in drafts]
        field = next(field.name for field in hook.fields if field.role.value == "orders")
        context[field] = bundle(drafts, "collection")
        context["selections"] = [f"{one['resourceType']}/{one.get('id')}" for one in drafts]
    prefetch: Json = {}
    for template in templates:
        held = [one for one in resources if one["resourceType"] in template.types]
        resources = [one for one in resources if one["resourceType"] not in template.types]
        prefetch[template.key] = patient if template.is_read else bundle(held, "searchset")
    return {"hook": hook_name, "hookInstance": INSTANCE, "context": context, "prefetch": prefetch}


def bundle(resources: Sequence[Json], type_: str) -> Json:
    """The resources as a Bundle."""
    return {"resourceType": "Bundle", "type": type_, "entry": [{"resource": one} for one in resources]}


def ask(services: Services, call: Call, body: Any) -> Said:
    """What the service says to a call with this body. Whatever is not a refusal is raised."""
    try:
        answered = answer_call(services, services.offered[call.service], body, call.now)
    except RequestError as error:
        return Said(refused=tuple(fault.path for fault in error.issues))
    except DataUnavailableError as error:
        return Said(refused=error.keys)
    cards = answered.body["cards"]
    spoken = [(advice.rule, [advice.rule.id, *advice.suppresses]) for advice in answered.decision.advice]
    severe, critical = set[str](), set[str]()
    for rule, ids in spoken:
        if rule.card is not None and rule.card.indicator is not Indicator.INFO:
            severe.update(ids)
        if rule.card is not None and rule.card.indicator is Indicator.CRITICAL:
            critical.update(ids)
    words = json.dumps([[card["summary"], card.get("detail")] for card in cards])
    return Said(frozenset(severe), frozenset(critical), words, len(cards), answered.decision, body=answered.body)
