"""What auditors ask over HTTP: ``GET /dsi`` and ``GET /stats``. Both say nothing about any patient or person.

``/dsi`` gives the source attributes of every rule (45 CFR 170.315(b)(11)) and is public. ``/stats`` counts what became
of the cards of each rule; it reads the database and writes nothing: what the last moments added still waits in the
spool, which its own thread drains.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, request

from service.review.source_attributes import source_attributes
from service.web.routes import Endpoint, as_json


def source_attribute_blueprint(endpoint: Endpoint) -> Blueprint:
    """The route over the rules in use."""
    routes = Blueprint("source-attributes", __name__)

    @routes.get("/dsi")
    def answer() -> Response:
        return as_json(source_attributes(endpoint.services.prepared.knowledge))

    return routes


def stats_blueprint(endpoint: Endpoint, counts: Callable[[], Mapping[str, Any]]) -> Blueprint:
    """The route over the counts of the store."""
    routes = Blueprint("stats", __name__)

    @routes.get("/stats")
    def answer() -> Response:
        endpoint.authenticate(request.headers.get("Authorization"), "/stats", endpoint.clock())
        with endpoint.place():
            return as_json(counts())

    return routes
