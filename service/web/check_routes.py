"""``POST /check``: the report about a request body or a chart, as an OperationOutcome or as text."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from flask import Blueprint, Response, request

from service.cards.client_profiles import profile_names
from service.errors import Issue, RequestError
from service.security.limits import parse_json
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
        # Loaded when somebody first asks: a clinic's calls do without.
        from service.testkit.report import as_outcome, as_text
        from service.testkit.request_check.checking import check

        endpoint.authenticate(request.headers.get("Authorization"), PATH, endpoint.clock())
        hook, client = _asked(endpoint)
        document = parse_json(read_body(request, settings.max_body_bytes), max_depth=settings.max_depth)
        with endpoint.slot():
            reported = check(endpoint.services, document, endpoint.clock(), hook, client)
        # JSON unless text is asked for by name: a client that takes anything is a program.
        if request.accept_mimetypes.best_match(["application/json", "text/plain"]) == "text/plain":
            return Response(as_text(reported), mimetype="text/plain")
        return as_json(as_outcome(reported))

    return routes


def _asked(endpoint: Endpoint) -> tuple[str | None, str | None]:
    """The hook that a plain chart is asked about, and the client profile. Raises RequestError for unknown ones."""
    offered = sorted({service.hook for service in endpoint.services.offered.values()})
    known = {"hook": ("no service is offered for this hook", offered)}
    known["profile"] = ("is no client profile", list(profile_names()))
    issues = [
        Issue("query", "has a parameter that is not known", _hint(name, sorted(known)))
        for name in sorted(set(request.args) - set(known))
    ]
    for name, (text, names) in known.items():
        given = request.args.get(name)
        if given is not None and given not in names:
            issues.append(Issue(f"query.{name}", text, _hint(given, names)))
    if issues:
        raise RequestError(issues)
    return request.args.get("hook"), request.args.get("profile")


def _hint(given: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(given, names, n=1)
    return f"did you mean {near[0]}?" if near else f"known: {', '.join(names)}"
