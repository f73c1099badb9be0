"""``GET /stats``: what became of the cards of each rule. Counts only; nothing about any patient or person."""

from __future__ import annotations

from flask import Blueprint, Response, request

from service.decision_log.recording import Memory
from service.store.draining import bring_all_home
from service.store.stats import stats
from service.web.routes import Endpoint, as_json


def stats_blueprint(endpoint: Endpoint, memory: Memory) -> Blueprint:
    """The route over what is remembered."""
    routes = Blueprint("stats", __name__)

    @routes.get("/stats")
    def tell() -> Response:
        endpoint.authenticate(request.headers.get("Authorization"), "/stats", endpoint.clock())
        store = memory.store
        with endpoint.place():
            bring_all_home(store.database, store.place, store.keyring)
            return as_json(stats(store.database).as_json())

    return routes
