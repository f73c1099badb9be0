"""The HTTP endpoints: discovery, services, plain Bundles, health. What holds for all of them is in ``all_routes``."""

from __future__ import annotations

import difflib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

import orjson
from flask import Blueprint, Response, g, request
from flask.globals import request_ctx

from service.cards.repetition import Earlier
from service.config import Settings
from service.errors import Issue, RequestError
from service.knowledge.allowed_rules import withheld
from service.protocol.discovery import discovery, listed
from service.protocol.discovery_v3 import v3_members
from service.protocol.evaluation import (
    Answered,
    BundleQuestion,
    Services,
    Wanted,
    answer_bundle,
    answer_call,
    service_named,
)
from service.protocol.older_hooks import TODAY, in_todays_terms
from service.record.input.resource_types import misnamed
from service.security.limits import check_entries, parse_json
from service.web.body import read_body
from service.web.call_log import log_answered
from service.web.error_answers import OverloadedError
from service.web.health import State, health

_QUERY = frozenset({"hook", "now", "patient", "complete", "detail"})
_DETAILS = {"full": True, "short": False}
_WAIT_SECONDS = 0.25
_YEARS = range(1900, 2200)
"""The years of an as-of time: near the ends of the calendar no day can be added or taken away."""


Authenticate = Callable[[str | None, str, datetime], Any]
"""Proves the caller from the Authorization header, the path called and the time; raises UnauthorizedError (SE-2)."""


class RecordCall(Protocol):
    """Stores an answered call. Raises StoreError when it cannot and the answer may not leave then."""

    def __call__(self, services: Services, answered: Answered, issuer: str | None, seconds: float) -> None: ...


def record_nothing(services: Services, answered: Answered, issuer: str | None, seconds: float) -> None:
    """Records nothing."""
    del services, answered, issuer, seconds


class Observe(Protocol):
    """Counts what came of calls."""

    def answered(self, service: str, answered: Answered, seconds: float) -> None: ...

    def refused(self, service: str, status: int, error: Exception) -> None: ...


class Slot:
    """A slot that is taken within a ``with``. Raises OverloadedError when none gets free soon."""

    __slots__ = ("_slots",)

    def __init__(self, slots: threading.BoundedSemaphore) -> None:
        self._slots = slots

    def __enter__(self) -> None:
        if not self._slots.acquire(timeout=_WAIT_SECONDS):
            raise OverloadedError

    def __exit__(self, *_: object) -> None:
        self._slots.release()


@dataclass(slots=True)
class Endpoint:
    """All that the endpoints need, made once by create_app.

    ``services`` are replaced whole when the rules are loaded anew, so a request takes them once, at its start.
    """

    services: Services
    authenticate: Authenticate
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    slots: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(16))
    record_call: RecordCall = record_nothing
    earlier: Earlier | None = None
    observe: Observe | None = None
    decision_log_state: Callable[[], Mapping[str, Any]] = dict
    refused_rules: Callable[[], str | None] = lambda: None

    def slot(self) -> Slot:
        """One of the slots for calls that are being worked on."""
        return Slot(self.slots)


def service_path(endpoint: Endpoint, usual: str) -> str:
    """The path that was called, for the audience of a token: the operator's own where it is one, else the usual."""
    if not endpoint.services.settings.service_paths:
        return usual
    called = request.path.rstrip("/")
    own = {f"/{path}" for path, _ in endpoint.services.settings.service_paths}
    return called if called.removesuffix("/feedback") in own else usual


def add_own_paths(routes: Blueprint, settings: Settings, answer: Callable[..., Response], below: str = "") -> None:
    """Let services be called under the paths that the operator gave them too; ``below`` is what follows such a path."""
    for path, name in settings.service_paths:
        own = f"/{path}{below}"
        routes.add_url_rule(own, f"path {own}", answer, defaults={"service_id": name}, methods=["POST"])


def as_json(body: Any, status: int = 200) -> Response:
    """A JSON answer in UTF-8 without BOM (TR-1, TR-7)."""
    return Response(orjson.dumps(body), status, mimetype="application/json")


def blueprint(endpoint: Endpoint) -> Blueprint:
    """The routes over the services in use."""
    routes = Blueprint("hooks", __name__)
    _add_discovery(routes, endpoint)
    _add_calls(routes, endpoint)
    _add_evaluation(routes, endpoint)
    _add_health(routes, endpoint)
    return routes


def _add_discovery(routes: Blueprint, endpoint: Endpoint) -> None:
    @routes.get("/cds-services")
    def discover() -> Response:
        _authenticate(endpoint, "/cds-services")
        services = endpoint.services
        templates = listed(services.templates, services.settings.prefetch)
        return as_json(_with_v3_members(services, discovery(services.offered, templates, _withheld(services))))


def _add_calls(routes: Blueprint, endpoint: Endpoint) -> None:
    @routes.post("/cds-services/<service_id>")
    def call(service_id: str) -> Response:
        services = endpoint.services
        service = service_named(services, service_id)
        g.service = service.id
        # A query that a client did not mean is no reason to refuse a call (RQ-3): what is not known asks for nothing.
        full = _DETAILS.get(request.args.get("detail", "")) if request.query_string else None
        with endpoint.slot():
            # A token is used up when it is read, so a slot is taken first: a call that finds none may come again.
            caller = _authenticate(endpoint, service_path(endpoint, f"/cds-services/{service.id}"))
            document = _call_document(services, service.hook)
            wanted = Wanted(full, _profile(caller), endpoint.earlier, only_cards=True)
            now = endpoint.clock()
            answered = answer_call(services, service, document, now, _servers(caller), wanted=wanted)
            endpoint.record_call(services, answered, g.issuer, time.perf_counter() - g.started)
        return _answer(endpoint, answered, service.id)

    add_own_paths(routes, endpoint.services.settings, call)


def _add_evaluation(routes: Blueprint, endpoint: Endpoint) -> None:
    @routes.post("/evaluate")
    def evaluate() -> Response:
        g.service = "evaluate"
        services = endpoint.services
        with endpoint.slot():
            _authenticate(endpoint, "/evaluate")
            question = _question(endpoint)
            document = _document(services)
            answered = answer_bundle(services, document, question)
        return _answer(endpoint, answered, "evaluate")


def _answer(endpoint: Endpoint, answered: Answered, service: str) -> Response:
    """The answer as JSON, noted in the log and counted."""
    log_answered(answered, service)
    if endpoint.observe is not None:
        endpoint.observe.answered(service, answered, time.perf_counter() - g.started)
    return as_json(answered.body)


def _add_health(routes: Blueprint, endpoint: Endpoint) -> None:
    def state() -> State:
        return State(endpoint.clock().date(), endpoint.decision_log_state(), endpoint.refused_rules())

    @routes.get("/health")
    def health_page() -> Response:
        return as_json(health(endpoint.services, state()))

    @routes.get("/live")
    def live() -> Response:
        return as_json({"live": True})

    @routes.get("/ready")
    def ready() -> Response:
        why = state().not_ready(endpoint.services.settings)
        return as_json({"ready": True} if why is None else {"ready": False, "why": why}, 200 if why is None else 503)


def _withheld(services: Services) -> Mapping[str, int]:
    """How many rules of each hook are withheld because nobody approved them."""
    hidden = withheld(services.prepared.knowledge, services.allowed_rule_ids)
    return Counter(hook for rule in hidden for hook in rule.hooks)


def _with_v3_members(services: Services, body: dict[str, Any]) -> dict[str, Any]:
    entries = [
        v3_members(
            entry,
            services.offered[entry["id"]],
            services.templates[entry["id"]],
            services.prepared.knowledge,
            services.settings,
        )
        for entry in body["services"]
    ]
    return {"services": entries}


def _authenticate(endpoint: Endpoint, path: str) -> Any:
    # Two Authorization headers are no proof of anything (SE-4); WSGI joins them with a comma.
    caller = endpoint.authenticate(request.headers.get("Authorization"), path, endpoint.clock())
    g.issuer = getattr(caller, "iss", None)
    return caller


def _servers(caller: Any) -> tuple[str, ...]:
    issuer = getattr(caller, "issuer", None)
    return tuple(getattr(issuer, "fhir_servers", ()))


def _profile(caller: Any) -> str | None:
    return getattr(getattr(caller, "issuer", None), "profile", None)


def _call_document(services: Services, hook: str) -> Any:
    """The body of a call; one of an older hook in today's terms, where the operator lets clients call so."""
    document = _document(services)
    return in_todays_terms(document) if services.settings.older_hooks and hook == TODAY else document


def _document(services: Services) -> Any:
    settings = services.settings
    body = read_body(request_ctx.request, settings.max_body_bytes)
    document = parse_json(body, max_depth=settings.max_depth)
    check_entries(document, settings.max_entries, body)
    return document


def _question(endpoint: Endpoint) -> BundleQuestion:
    """The query of /evaluate. Raises RequestError with every issue."""
    issues = [
        Issue("query", "has a parameter that is not known", _meant(name, _QUERY))
        for name in sorted(set(request.args) - _QUERY)[:1]
    ]
    hooks = sorted({service.hook for service in endpoint.services.offered.values()})
    hook = request.args.get("hook")
    if hook is not None and hook not in hooks:
        issues.append(Issue("query.hook", "no service is offered for this hook", _meant(hook, hooks)))
    now = moment(request.args.get("now"), endpoint.clock, issues)
    patient = request.args.get("patient")
    detail = request.args.get("detail")
    if detail is not None and detail not in _DETAILS:
        issues.append(Issue("query.detail", "is not known", "short or full"))
    complete = _complete(issues)
    if issues:
        raise RequestError(issues)
    return BundleQuestion(
        hook, now, patient.removeprefix("Patient/") if patient else None, complete, _DETAILS.get(detail or "")
    )


def _meant(given: str, known: Iterable[str]) -> str:
    """What a misspelt word may have been meant to be, or what there is; the word itself is not quoted."""
    near = difflib.get_close_matches(given, list(known), n=1)
    return f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known))}"


def _complete(issues: list[Issue]) -> frozenset[str] | Literal["all"]:
    named = frozenset(part.strip() for part in request.args.get("complete", "").split(",") if part.strip())
    if "all" in named:
        return "all"
    issues += misnamed(named)
    return named


def moment(text: str | None, clock: Callable[[], datetime], issues: list[Issue]) -> datetime:
    """The as-of time. A plus sign that a client did not encode arrives as a blank; without a zone UTC is meant."""
    if text is None:
        return clock()
    try:
        moment = datetime.fromisoformat(text.strip().replace(" ", "+"))
    except ValueError:
        issues.append(Issue("query.now", "is not an ISO 8601 date and time", "for example 2026-11-24T10:00:00Z"))
        return clock()
    if moment.year not in _YEARS:
        issues.append(Issue("query.now", f"lies outside the years {_YEARS.start} to {_YEARS.stop - 1}"))
        return clock()
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
