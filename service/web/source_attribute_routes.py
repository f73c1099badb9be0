"""``GET /dsi``: the source attributes of every rule (45 CFR 170.315(b)(11)). Public: it says nothing about patients."""

from __future__ import annotations

from flask import Blueprint, Response

from service.review.source_attributes import source_attributes
from service.web.routes import Endpoint, as_json


def source_attribute_blueprint(endpoint: Endpoint) -> Blueprint:
    """The route over the rules in use."""
    routes = Blueprint("source-attributes", __name__)

    @routes.get("/dsi")
    def tell() -> Response:
        return as_json(source_attributes(endpoint.services.prepared.knowledge))

    return routes
