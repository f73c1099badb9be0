"""The rules as FHIR artifacts: ``GET /PlanDefinition/<id>``, ``/ValueSet/<id>``, ``/Library/<id>`` and two more.

The same resources that ``sciatica-cds export --format cpg`` packs, under the address at which this service is called.
They are public: nothing in them is about a patient or a caller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, request

from service.errors import NotFoundError
from service.knowledge.model import Knowledge
from service.review.export import artifacts, questionnaires
from service.review.export.metadata import Publication
from service.web.approvals import approvals_of
from service.web.routes import Endpoint, as_json

Json = dict[str, Any]


def _value_set(publication: Publication, name: str) -> Json | None:
    found = publication.knowledge.value_sets.get(name)
    return None if found is None else artifacts.value_set(publication, found)


def _plan(publication: Publication, name: str) -> Json | None:
    if name in publication.knowledge.services:
        return artifacts.service_plan(publication, name)
    rule = next((rule for rule in publication.knowledge.rules if rule.id == name and rule.card is not None), None)
    return None if rule is None else artifacts.plan(publication, rule)


def _library(publication: Publication, name: str) -> Json | None:
    return artifacts.library(publication) if name == artifacts.LIBRARY else None


def _activity(publication: Publication, name: str) -> Json | None:
    found = publication.knowledge.orders.get(name)
    return None if found is None else artifacts.activity(publication, found)


def _questionnaire(publication: Publication, name: str) -> Json | None:
    if name in questionnaires.QUESTIONS:
        return questionnaires.ready(publication, name)
    return artifacts.questionnaire(publication) if name == artifacts.QUESTIONNAIRE else None


KINDS: Mapping[str, Callable[[Publication, str], Json | None]] = {
    "ValueSet": _value_set,
    "PlanDefinition": _plan,
    "Library": _library,
    "ActivityDefinition": _activity,
    "Questionnaire": _questionnaire,
}


def artifact_names(knowledge: Knowledge) -> dict[str, list[str]]:
    """The ids that there are of every kind."""
    plans = [*knowledge.services, *(rule.id for rule in knowledge.rules if rule.card is not None)]
    return {
        "ValueSet": sorted(knowledge.value_sets),
        "PlanDefinition": sorted(plans),
        "Library": [artifacts.LIBRARY],
        "ActivityDefinition": sorted(knowledge.orders),
        "Questionnaire": [artifacts.QUESTIONNAIRE, *questionnaires.QUESTIONS],
    }


def artifact_blueprint(endpoint: Endpoint) -> Blueprint:
    """The routes over the rules in use."""
    routes = Blueprint("artifacts", __name__)

    def read(kind: str, name: str) -> Response:
        services = endpoint.services
        base = services.settings.public_url or request.url_root
        knowledge = services.prepared.knowledge
        found = KINDS[kind](Publication(knowledge, base, approvals_of(services)), name)
        if found is None:
            raise NotFoundError(f"there is no such {kind}")
        answer = as_json(found)
        answer.mimetype = "application/fhir+json"
        return answer

    for kind in KINDS:
        routes.add_url_rule(f"/{kind}/<name>", f"read-{kind}", read, defaults={"kind": kind})
    return routes
