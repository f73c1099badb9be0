"""``/openapi.json`` and ``/docs``: the description of the interface, as data and as a page whose assets are local.

Open to all, also where calls need a token: both say no more than the source of the service does.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import orjson
from flask import Blueprint, Response
from jinja2 import Environment, FileSystemLoader

from service.protocol.evaluation import Services
from service.web.openapi.document import openapi
from service.web.routes import Endpoint

_FOLDER = Path(__file__).resolve().parent
_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True)
class _Written:
    """Both documents about the services as they were when they were written."""

    services: Services
    listed: bytes
    page: str


def openapi_blueprint(endpoint: Endpoint) -> Blueprint:
    """The routes. Both documents are written when they are first asked for, and anew when the rules are loaded anew."""
    routes = Blueprint("openapi", __name__)
    style = (_FOLDER / "style.css").read_bytes()
    latest: list[_Written] = []

    def written() -> _Written:
        services = endpoint.services
        if not latest or latest[0].services is not services:
            document = openapi(services, version("sciatica-cds"))
            latest[:] = [_Written(services, orjson.dumps(document), _page(document))]
        return latest[0]

    @routes.get("/openapi.json")
    def describe() -> Response:
        return Response(written().listed, mimetype="application/json")

    @routes.get("/docs")
    def read() -> Response:
        response = Response(written().page, mimetype="text/html")
        response.headers["Content-Security-Policy"] = _POLICY
        return response

    @routes.get("/docs/style.css")
    def dress() -> Response:
        return Response(style, mimetype="text/css")

    return routes


def _page(document: dict[str, object]) -> str:
    environment = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template("page.html").render(document)
