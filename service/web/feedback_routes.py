"""The feedback endpoint: the service's URL + ``/feedback`` (FB-1, FB-2). Success is 200 (FB-11)."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from service.protocol.evaluation import service_named
from service.protocol.feedback import FeedbackSink, Reported, read_feedback
from service.security.limits import parse_json
from service.web.body import read_body
from service.web.routes import Endpoint, add_own_paths, as_json, service_path


def feedback_blueprint(endpoint: Endpoint, sink: FeedbackSink, *, keep_comments: bool = False) -> Blueprint:
    """The route over the offered services. ``keep_comments`` stores free text, which may name the patient (FB-13)."""
    routes = Blueprint("feedback", __name__)
    settings = endpoint.services.settings

    @routes.post("/cds-services/<service_id>/feedback")
    def take(service_id: str) -> Response:
        service = service_named(endpoint.services, service_id)
        now = endpoint.clock()
        path = service_path(endpoint, f"/cds-services/{service.id}/feedback")
        caller = endpoint.authenticate(request.headers.get("Authorization"), path, now)
        g.issuer = getattr(caller, "iss", None)
        body = read_body(request, settings.max_body_bytes)
        document = parse_json(body, max_depth=settings.max_depth)
        reported = Reported(service.id, now, g.issuer, getattr(caller, "tenant", None))
        items = read_feedback(document, reported, keep_comments=keep_comments)
        sink.add(items)
        return as_json({"received": len(items)})

    add_own_paths(routes, settings, take, "/feedback")
    return routes
