"""``/``: try the service in a browser, without JavaScript. Nothing that is pasted is stored, logged or sent on.

A story is asked for by its address; a chart comes only in the body of a POST from this very page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal
from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from service.errors import DataUnavailableError, Issue, RequestError, ServiceError, TooCostlyError
from service.protocol.evaluation import Answered, BundleQuestion, Services, answer_bundle, answer_call, fetch_nothing
from service.record.input.resource_types import misnamed
from service.security.limits import check_entries, parse_json, too_large
from service.testkit.stories import Story, is_request, read_stories
from service.web.error_bodies import answer_for
from service.web.page_routes import html_page
from service.web.pages.playground import Asked, playground_page
from service.web.routes import Endpoint, as_json, moment

CHART_BYTES = 2 * 1024 * 1024
# Signs of JSON take three bytes each in the body of a form.
_FORM_BYTES = 3 * CHART_BYTES + 4096
_FORM = "application/x-www-form-urlencoded"


def playground_blueprint(endpoint: Endpoint) -> Blueprint:
    """The routes of the playground over the rules in use."""
    routes = Blueprint("playground", __name__)
    stories = read_stories()

    @routes.get("/")
    def show() -> Response:
        services = _own(endpoint.services)
        story = next((one for one in stories if one.id == request.args.get("story")), None)
        if story is None:
            now = endpoint.clock().isoformat(timespec="seconds")
            return _shown(services, stories, Asked(hook="patient-view", now=now), None)
        question = Asked(
            story.file.read_text(encoding="utf-8"),
            story.hook,
            story.now.isoformat(),
            ", ".join(sorted(story.complete)),
            story.id,
        )
        return _decided(endpoint, services, stories, question)

    @routes.post("/")
    def decide() -> Response:
        _refuse_other_pages(endpoint.services)
        if request.mimetype != _FORM:
            raise RequestError([Issue("Content-Type", f"{_FORM} is meant", "POST /evaluate takes JSON")], 415)
        request.max_content_length = request.max_form_memory_size = _FORM_BYTES
        form = request.form
        question = Asked(*(form.get(name, "") for name in ("chart", "hook", "now", "complete")))
        if len(question.chart.encode("utf-8", "replace")) > CHART_BYTES:
            raise too_large(CHART_BYTES)
        return _decided(endpoint, _own(endpoint.services), stories, question)

    return routes


def _own(services: Services) -> Services:
    """The services as the playground uses them: no FHIR server is asked, and each card names its rules."""
    return replace(services, fetch_missing=fetch_nothing, settings=replace(services.settings, why_extension=True))


def _refuse_other_pages(services: Services) -> None:
    """Raise RequestError (403) for a form that a page of somebody else sends."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    own = {_origin(request.host_url)} | (
        {_origin(services.settings.public_url)} if services.settings.public_url else set()
    )
    if site not in {None, "same-origin"} or (origin is not None and origin not in own):
        raise RequestError([Issue("Origin", "only the page of this service may send this form")], 403)


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _decided(endpoint: Endpoint, services: Services, stories: Sequence[Story], asked: Asked) -> Response:
    try:
        with endpoint.place():
            answered = _answer(services, asked, endpoint.clock)
    except (RequestError, DataUnavailableError, TooCostlyError) as error:
        return _refused(services, stories, asked, error)
    return _shown(services, stories, asked, answered)


def _answer(services: Services, asked: Asked, clock: Callable[[], Any]) -> Answered:
    """The answer to a chart, or to the body of a call. Raises RequestError and what an answer raises."""
    issues: list[Issue] = []
    now = moment(asked.now or None, clock, issues)
    complete = frozenset(part.strip() for part in asked.complete.split(",") if part.strip())
    complete_types: frozenset[str] | Literal["all"] = "all" if "all" in complete else complete
    issues += misnamed(complete - {"all"})
    document = parse_json(asked.chart.encode("utf-8", "replace"), max_depth=services.settings.max_depth)
    check_entries(document, services.settings.max_entries)
    hook = str(document["hook"]) if is_request(document) else asked.hook
    found = next((one for one in services.offered.values() if one.hook == hook), None)
    if found is None:
        issues.append(Issue("hook", "no service is offered for it"))
    if issues or found is None:
        raise RequestError(issues)
    if is_request(document):
        return answer_call(services, found, document, now)
    return answer_bundle(services, document, BundleQuestion(hook, now, complete=complete_types))


def _refused(services: Services, stories: Sequence[Story], asked: Asked, error: ServiceError) -> Response:
    """The page with what is wrong, in the words of the endpoints."""
    refused = answer_for(error, "")
    issues = (refused.body or {}).get("issue", ())
    texts = [issue["details"]["text"] for issue in issues]
    return _shown(services, stories, asked, None, texts, refused.status)


def _shown(
    services: Services,
    stories: Sequence[Story],
    asked: Asked,
    answered: Answered | None,
    issues: Sequence[str] = (),
    status: int = 200,
) -> Response:
    data = playground_page(services, stories, asked, answered, issues)
    if request.accept_mimetypes.best_match(["text/html", "application/json"], "text/html") == "application/json":
        return as_json(data, status)
    return html_page(services, "playground.html", data, playground=True, status=status)
