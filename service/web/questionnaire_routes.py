"""``/questionnaire``: the screening questions as a form, which makes a QuestionnaireResponse and decides on it.

Answers come only in the body of a POST from this very page; nothing of them is stored, logged or sent on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request

from service.protocol.evaluation import Answered, BundleQuestion, answer_bundle
from service.testkit.filled_questionnaire import Person, chart_of, wrong_answers
from service.web.pages.questionnaire import ANSWER, Outcome, questionnaire_named, questionnaire_page
from service.web.playground_routes import own, read_form, refuse_other_pages
from service.web.site import Site

# Somebody who fills in the form knows of no other problem than the one named: the list is whole.
_WHOLE = frozenset({"Condition"})


def questionnaire_blueprint(site: Site) -> Blueprint:
    """The routes over the rules in use."""
    routes = Blueprint("questionnaire", __name__)

    @routes.get("/questionnaire")
    def show() -> Response:
        return _shown(site, request.args.get("name", ""), {}, Person(), decide=False)

    @routes.post("/questionnaire")
    def decide() -> Response:
        refuse_other_pages(site.endpoint.services)
        form = read_form()
        answers = {key.removeprefix(ANSWER): text.strip() for key, text in form.items() if key.startswith(ANSWER)}
        person = Person(*(form.get(name, "").strip() for name in ("birthDate", "gender", "problem")))
        return _shown(site, form.get("name", ""), answers, person, decide=True)

    return routes


def _shown(site: Site, name: str, answers: Mapping[str, str], person: Person, *, decide: bool) -> Response:
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
        with site.endpoint.place():
            answered = answer_bundle(services, chart, BundleQuestion("patient-view", now, complete=_WHOLE))
    outcome = Outcome(now.isoformat(), tuple(faults), chart, answered)
    data = questionnaire_page(knowledge, questionnaire, answers, person, outcome)
    return site.either("questionnaire.html", data, status=400 if decide and faults else 200)


def _is_day(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
