"""``/``: try the service in a browser, without JavaScript. Nothing that is pasted is stored, logged or sent on.

A story is asked for by its address; a chart comes only in the body of a POST from this very page.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal
from urllib.parse import urlsplit

import orjson
from flask import Blueprint, Response, request

from service.errors import DataUnavailableError, Issue, RequestError, ServiceError, TooCostlyError
from service.finding import Finding
from service.protocol.evaluation import (
    Answered,
    BundleQuestion,
    Services,
    Wanted,
    answer_bundle,
    answer_call,
    fetch_nothing,
)
from service.record.input.resource_types import misnamed
from service.security.limits import check_entries, parse_json, too_large
from service.testkit.acceptance import accepted
from service.testkit.stories import Story, is_request, read_stories
from service.web.error_answers import answer_for
from service.web.pages.playground import Asked, PlaygroundResult, playground_page
from service.web.pages.what_if import changed_facts
from service.web.rate import Rate
from service.web.routes import as_json, moment
from service.web.rule_examples import RuleExamples
from service.web.site import Site, with_query

CHART_BYTES = 2 * 1024 * 1024
# Signs of JSON take three bytes each in the body of a form.
_FORM_BYTES = 3 * CHART_BYTES + 65_536
_FORM = "application/x-www-form-urlencoded"
# Product choice: somebody who types is never stopped, a program that tries charts by the thousand is.
_AT_ONCE, _SECONDS_EACH = 60, 0.5


@dataclass(frozen=True, slots=True)
class _Room:
    """What every answer of the playground needs; ``twin``: the data is wanted, not the page."""

    site: Site
    services: Services
    stories: Sequence[Story]
    twin: bool = False


def playground_blueprint(site: Site) -> Blueprint:
    """The routes of the playground over the rules in use. ``/playground.json`` is the twin of ``/``."""
    routes = Blueprint("playground", __name__)
    endpoint = site.endpoint
    stories = read_stories()
    rate = Rate(_AT_ONCE, _SECONDS_EACH)
    examples = RuleExamples()

    def show(*, twin: bool) -> Response:
        room = _Room(site, own(endpoint.services), stories, twin)
        if name := request.args.get("rule", ""):
            wait = _waiting(rate)
            return wait or _example(room, name, examples)
        story = next((one for one in stories if one.id == request.args.get("story")), None)
        if story is None:
            return _shown(room, Asked(hook="patient-view", now=_short(endpoint.clock())), PlaygroundResult())
        return _decided(room, _Wish(_of_story(story)))

    def decide(*, twin: bool) -> Response:
        wait = _admitted(site, rate)
        return wait or _decided(_Room(site, own(endpoint.services), stories, twin), _wish(read_form()))

    @routes.post("/validate")
    def validate() -> Response:
        wait = _admitted(site, rate)
        return wait or as_json(_validated(endpoint.services, read_form().get("chart", "")))

    for path, twin in (("/", False), ("/playground.json", True)):
        routes.add_url_rule(path, f"show-{twin}", partial(show, twin=twin), methods=["GET"])
        routes.add_url_rule(path, f"decide-{twin}", partial(decide, twin=twin), methods=["POST"])
    return routes


def _short(now: datetime) -> str:
    """A time that fits its field: "2026-11-24T09:00Z"."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


def _of_story(story: Story) -> Asked:
    text = story.file.read_text(encoding="utf-8")
    return Asked(text, story.hook, _short(story.now), ", ".join(sorted(story.complete)), story.id)


def _example(room: _Room, name: str, examples: RuleExamples) -> Response:
    """An invented patient of whom the rule holds, decided."""
    asked = examples.of(room.services, name)
    if asked is None:
        result = PlaygroundResult(faults=("No example patient could be made for such a rule.",))
        return _shown(room, Asked(hook="patient-view", now=_short(room.site.endpoint.clock())), result, 404)
    return _decided(room, _Wish(asked))


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a form wishes: an answer; with ``changes`` to facts; after ``accept`` was carried out; or a check."""

    asked: Asked
    changes: Mapping[str, str] | None = None
    accept: str = ""
    check: bool = False


def _wish(form: Mapping[str, str]) -> _Wish:
    dismissed = [one for one in form.get("dismissed", "").split() if one]
    if "dismiss" in form:
        dismissed = [one for one in dismissed if one.partition("|")[0] != form["dismiss"].partition("|")[0]]
        dismissed.append(form["dismiss"])
    if "restore" in form:
        dismissed = [one for one in dismissed if one.partition("|")[0] != form["restore"]]
    chart, hook, now, complete = (form.get(name, "") for name in ("chart", "hook", "now", "complete"))
    asked = Asked(chart, hook, now, complete, dismissed=tuple(dismissed))
    return _Wish(asked, form, form.get("accept", ""), form.get("do") == "check")


def read_form() -> Mapping[str, str]:
    """The form of a page of this service. Raises RequestError for any other body, and for a chart that is too large."""
    if request.mimetype != _FORM:
        raise RequestError([Issue("Content-Type", f"{_FORM} is meant", "POST /evaluate takes JSON")], 415)
    request.max_content_length = request.max_form_memory_size = _FORM_BYTES
    form = request.form
    if len(form.get("chart", "").encode("utf-8", "replace")) > CHART_BYTES:
        raise too_large(CHART_BYTES)
    return form


def _admitted(site: Site, rate: Rate) -> Response | None:
    """None where the form may be answered, else the answer 429. Raises RequestError (403) for a page of others."""
    refuse_other_pages(site.endpoint.services)
    return _waiting(rate)


def _waiting(rate: Rate) -> Response | None:
    """None where the next question of this address may be answered, else the answer 429."""
    seconds = rate.wait(request.remote_addr or "")
    if not seconds:
        return None
    response = as_json({"error": "too many questions from one address; nothing was decided"}, 429)
    response.headers["Retry-After"] = str(math.ceil(seconds))
    return response


def own(services: Services) -> Services:
    """The services as pages use them: no FHIR server is asked, and each card names its rules."""
    return replace(services, fetch_missing=fetch_nothing, settings=replace(services.settings, why_extension=True))


def refuse_other_pages(services: Services) -> None:
    """Raise RequestError (403) for a form that a page of somebody else sends."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    mine = {_origin(request.host_url)} | (
        {_origin(services.settings.public_url)} if services.settings.public_url else set()
    )
    if site not in {None, "same-origin"} or (origin is not None and origin not in mine):
        raise RequestError([Issue("Origin", "only the page of this service may send this form")], 403)


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _validated(services: Services, chart: str) -> dict[str, Any]:
    """Whether a text is JSON that can be read, with line and column where it is not; what it holds where it is."""
    try:
        document = _bounded(services, chart)
    except RequestError as error:
        first = error.issues[0]
        numbers = [int(part) for part in first.path.split() if part.isdigit()]
        line, column = [*numbers, 0, 0][:2]
        return {"valid": False, "line": line, "column": column, "text": str(first)}
    return {"valid": True, "text": _described(document)}


def _described(document: Any) -> str:
    if is_request(document):
        return f"The body of a call: {document['hook']!s:.40}"
    entries = (
        document if isinstance(document, list) else document.get("entry", ()) if isinstance(document, dict) else ()
    )
    count = len(entries) if isinstance(entries, list) else 0
    if not count:
        return "JSON, and no resource in it: a Bundle with entries is meant"
    return f"{count} resource{'s' if count != 1 else ''}"


def _decided(room: _Room, wish: _Wish) -> Response:
    endpoint = room.site.endpoint
    try:
        with endpoint.slot():
            asked, result = _result(room.services, wish, endpoint.clock)
    except (RequestError, DataUnavailableError, TooCostlyError) as error:
        return _refused(room, wish.asked, error)
    return _shown(room, asked, result)


def _result(services: Services, wish: _Wish, clock: Callable[[], datetime]) -> tuple[Asked, PlaygroundResult]:
    """The answer to a chart, or to the body of a call. Raises RequestError and what an answer raises."""
    asked = wish.asked
    faults: list[Issue] = []
    now = moment(asked.now or None, clock, faults)
    document = _document(services, asked, faults)
    if faults:
        raise RequestError(faults)
    if wish.check:
        from service.testkit.request_check.checking import check

        return asked, PlaygroundResult(report=check(services, document, now, asked.hook))
    changed, wrong = changed_facts(services.prepared.knowledge, wish.changes or {}, now)
    answered = _answer(services, asked, document, now, changed)
    label = None
    if wish.accept:
        suggestion = _suggestion(answered, wish.accept)
        if suggestion is not None:
            label = suggestion["label"]
            document = accepted(document, suggestion.get("actions", ()))
            asked = replace(asked, chart=orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
            answered = _answer(services, asked, document, now, changed)
    return asked, PlaygroundResult(answered, tuple(wrong), changed, label, is_call=is_request(document))


def _bounded(services: Services, chart: str) -> Any:
    body = chart.encode("utf-8", "replace")
    document = parse_json(body, max_depth=services.settings.max_depth)
    check_entries(document, services.settings.max_entries, body)
    return document


def _document(services: Services, asked: Asked, faults: list[Issue]) -> Any:
    document = _bounded(services, asked.chart)
    hook = str(document["hook"]) if is_request(document) else asked.hook
    if all(one.hook != hook for one in services.offered.values()):
        faults.append(Issue("hook", "no service is offered for it"))
    whole = _complete(asked)
    if whole != "all":
        faults += misnamed(whole)
    return document


def _complete(asked: Asked) -> frozenset[str] | Literal["all"]:
    complete = frozenset(part.strip() for part in asked.complete.split(",") if part.strip())
    return "all" if "all" in complete else complete


def _answer(services: Services, asked: Asked, document: Any, now: datetime, changed: Mapping[str, Finding]) -> Answered:
    if is_request(document):
        found = next(one for one in services.offered.values() if one.hook == document["hook"])
        # The same chart has the same suggestions when it is sent again to take one of them.
        identity = uuid.uuid5(uuid.NAMESPACE_OID, asked.chart)
        return answer_call(services, found, document, now, decision_id=identity, wanted=Wanted(instead=changed))
    return answer_bundle(
        services, document, BundleQuestion(asked.hook, now, complete=_complete(asked), instead=changed)
    )


def _suggestion(answered: Answered, uuid: str) -> Mapping[str, Any] | None:
    offered = (one for card in answered.body["cards"] for one in card.get("suggestions", ()))
    return next((one for one in offered if one["uuid"] == uuid), None)


def _refused(room: _Room, asked: Asked, error: ServiceError) -> Response:
    """The page with what is wrong, in the words of the endpoints."""
    refused = answer_for(error, "")
    issues = (refused.body or {}).get("issue", ())
    texts = tuple(issue["details"]["text"] for issue in issues)
    return _shown(room, asked, PlaygroundResult(faults=texts), refused.status)


def _shown(room: _Room, asked: Asked, result: PlaygroundResult, status: int = 200) -> Response:
    data = playground_page(room.services, room.stories, asked, result)
    if room.twin:
        return as_json(data, status)
    # What came in a form has no address; a story, an example and the empty page do.
    twin = with_query("playground.json") if request.method == "GET" else ""
    return room.site.either("playground.html", data, twin=twin, status=status)
