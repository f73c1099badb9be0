"""What auditors ask over HTTP: ``GET /dsi`` and ``GET /stats``. Both say nothing about any patient or person.

``/dsi`` gives the source attributes of every rule (45 CFR 170.315(b)(11)) and is public. ``/stats`` counts what became
of the cards of each rule; it reads the database and writes nothing: what the last moments added still waits in the
spool, which its own thread drains.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request

from service.review.source_attributes import source_attributes
from service.web.routes import Endpoint, as_json
from service.web.site import Site, with_query


@dataclass(frozen=True, slots=True)
class StatisticsPage:
    """The page of the counts: its data, and what is answered to whom it is not for (None: it may be seen)."""

    site: Site
    data: Callable[[], dict[str, Any]]
    refusal: Callable[[], Response | None]


def source_attribute_blueprint(endpoint: Endpoint) -> Blueprint:
    """The route over the rules in use."""
    routes = Blueprint("source-attributes", __name__)

    @routes.get("/dsi")
    def tell() -> Response:
        return as_json(source_attributes(endpoint.services.prepared.knowledge))

    return routes


def stats_blueprint(
    endpoint: Endpoint, counts: Callable[[], Mapping[str, Any]], page: StatisticsPage | None = None
) -> Blueprint:
    """The route over the counts of the store, with their page where a browser asks and there is one."""
    routes = Blueprint("stats", __name__)

    @routes.get("/stats")
    def tell() -> Response:
        # JSON unless a page is asked for by name: a client that takes anything is a program.
        wanted = request.accept_mimetypes.best_match(["application/json", "text/html"], "application/json")
        if page is not None and wanted == "text/html":
            return _shown(page)
        endpoint.authenticate(request.headers.get("Authorization"), "/stats", endpoint.clock())
        with endpoint.slot():
            return as_json(counts())

    @routes.get("/stats.json")
    def data() -> Response:
        if page is None:
            return as_json({"error": "there is no such page"}, 404)
        refusal = page.refusal()
        if refusal is not None:
            return refusal
        with endpoint.slot():
            return as_json(page.data())

    return routes


def _shown(page: StatisticsPage) -> Response:
    refusal = page.refusal()
    if refusal is not None:
        return refusal
    with page.site.endpoint.slot():
        return page.site.html("stats.html", page.data(), twin=with_query("stats.json"))
