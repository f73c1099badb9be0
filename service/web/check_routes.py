"""``POST /check``: the report about a request body or a chart, as an OperationOutcome or as text."""

from __future__ import annotations

from flask import Blueprint, Response, request

from service.errors import Issue, RequestError
from service.security.limits import parse_json
from service.testkit.report import as_outcome, as_text
from service.testkit.request_check.checking import check
from service.web.body import read_body
from service.web.routes import Endpoint, as_json

PATH = "/check"


def check_blueprint(endpoint: Endpoint) -> Blueprint:
    """The route. It answers 200 with the report, also about a request that would be refused; 400 for what is no JSON.

    Authenticated like every call; nothing of the body is logged or kept.
    """
    routes = Blueprint("check", __name__)
    settings = endpoint.services.settings

    @routes.post(PATH)
    def answer() -> Response:
        endpoint.authenticate(request.headers.get("Authorization"), PATH, endpoint.clock())
        hook = _hook(endpoint)
        document = parse_json(read_body(request, settings.max_body_bytes), max_depth=settings.max_depth)
        with endpoint.place():
            reported = check(endpoint.services, document, endpoint.clock(), hook)
        # JSON unless text is asked for by name: a client that takes anything is a program.
        if request.accept_mimetypes.best_match(["application/json", "text/plain"]) == "text/plain":
            return Response(as_text(reported), mimetype="text/plain")
        return as_json(as_outcome(reported))

    return routes


def _hook(endpoint: Endpoint) -> str:
    """The hook that a plain chart is asked about. Raises RequestError when no service answers it."""
    hooks = sorted({service.hook for service in endpoint.services.offered.values()})
    hook = request.args.get("hook", "patient-view")
    if set(request.args) - {"hook"}:
        raise RequestError([Issue("query", "has a parameter that is not known", "known: hook")])
    if hook not in hooks:
        raise RequestError([Issue("query.hook", "no service is offered for this hook", f"one of {', '.join(hooks)}")])
    return hook
