"""``/questionnaire``: the screening questions as a form, which makes a QuestionnaireResponse and decides on it.

Answers come only in the body of a POST from this very page; nothing of them is stored, logged or sent on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from flask import Blueprint, Response, request

from service.protocol.evaluation import Answered, BundleQuestion, answer_bundle
from service.testkit.filled_questionnaire import Person, chart_of, wrong_answers
from service.web.pages.questionnaire import ANSWER, Outcome, questionnaire_named, questionnaire_page
from service.web.playground_routes import own, read_form, refuse_other_pages
from service.web.routes import as_json
from service.web.site import Site, with_query

# Somebody who fills in the form knows of no other problem than the one named: the list is whole.
_WHOLE = frozenset({"Condition"})
_TEMPLATE, _TWIN = "questionnaire.html", "questionnaire.json"


def questionnaire_blueprint(site: Site) -> Blueprint:
    """The routes over the rules in use."""
    routes = Blueprint("questionnaire", __name__)

    def show(*, twin: bool) -> Response:
        data, status = _data(site, request.args.get("name", ""), {}, Person(), decide=False)
        return as_json(data, status) if twin else site.either(_TEMPLATE, data, twin=with_query(_TWIN), status=status)

    def decide(*, twin: bool) -> Response:
        refuse_other_pages(site.endpoint.services)
        form = read_form()
        answers = {key.removeprefix(ANSWER): text.strip() for key, text in form.items() if key.startswith(ANSWER)}
        person = Person(*(form.get(name, "").strip() for name in ("birthDate", "gender", "problem")))
        data, status = _data(site, form.get("name", ""), answers, person, decide=True)
        return as_json(data, status) if twin else site.either(_TEMPLATE, data, status=status)

    for path, twin in (("/questionnaire", False), (f"/{_TWIN}", True)):
        routes.add_url_rule(path, f"show-{twin}", partial(show, twin=twin), methods=["GET"])
        routes.add_url_rule(path, f"decide-{twin}", partial(decide, twin=twin), methods=["POST"])
    return routes


def _data(
    site: Site, name: str, answers: Mapping[str, str], person: Person, *, decide: bool
) -> tuple[dict[str, Any], int]:
    """What the page renders, and the status of the answer."""
    services = own(site.endpoint.services)
    knowledge = services.prepared.knowledge
    questionnaire = questionnaire_named(knowledge, name)
    faults = wrong_answers(questionnaire, answers)
    if person.birth_date and not _is_day(person.birth_date):
        faults.append("Birth date: a date is meant, such as 1970-02-03.")
    chart: dict[str, Any] | None = None
    answered: Answered | None = None
    now = site.endpoint.clock().replace(microsecond=0)
    if decide and not faults:
        chart = chart_of(knowledge, questionnaire, answers, person, now)
        with site.endpoint.slot():
            answered = answer_bundle(services, chart, BundleQuestion("patient-view", now, complete=_WHOLE))
    outcome = Outcome(now.isoformat(), tuple(faults), chart, answered)
    data = questionnaire_page(knowledge, questionnaire, answers, person, outcome)
    return data, 400 if decide and faults else 200


def _is_day(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
