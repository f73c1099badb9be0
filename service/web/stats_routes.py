"""``GET /stats``: what became of the cards of each rule. Counts only; nothing about any patient or person.

It reads the database and writes nothing: what the last moments added still waits in the spool, which its own thread
drains.
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from service.decision_log.recording import Memory
from service.store.stats import stats
from service.web.routes import Endpoint, as_json


def stats_blueprint(endpoint: Endpoint, memory: Memory) -> Blueprint:
    """The route over what is remembered."""
    routes = Blueprint("stats", __name__)

    @routes.get("/stats")
    def tell() -> Response:
        endpoint.authenticate(request.headers.get("Authorization"), "/stats", endpoint.clock())
        with endpoint.place():
            return as_json(stats(memory.store.database).as_json())

    return routes
