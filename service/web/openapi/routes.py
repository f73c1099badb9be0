"""``/openapi.json`` and ``/docs``: the description of the interface, as data and as pages whose assets are local.

Open to all, also where calls need a token: both say no more than the source of the service does. The pages are there
also where those of the rule book are off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import orjson
from flask import Blueprint, Response, request

from service.protocol.evaluation import Services
from service.web.openapi.document import openapi
from service.web.openapi.pages import example, index_page, operation_page, shapes_page
from service.web.pages.rendering import STYLE
from service.web.pages.static_files import static_files
from service.web.routes import Endpoint

_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True)
class _Written:
    """The description of the services as they were when it was written."""

    services: Services
    document: dict[str, Any]
    listed: bytes


def openapi_blueprint(endpoint: Endpoint) -> Blueprint:
    """The routes. The description is written when it is first asked for, and anew when the rules are loaded anew."""
    routes = Blueprint("openapi", __name__)
    latest: list[_Written] = []

    def written() -> _Written:
        services = endpoint.services
        if not latest or latest[0].services is not services:
            document = openapi(services, version("sciatica-cds"))
            latest[:] = [_Written(services, document, orjson.dumps(document))]
        return latest[0]

    @routes.get("/openapi.json")
    def describe() -> Response:
        return Response(written().listed, mimetype="application/json")

    _add_pages(routes, lambda: (written().document, request.script_root, endpoint.services.settings.pages))
    return routes


def _add_pages(routes: Blueprint, asked: Callable[[], tuple[dict[str, Any], str, str]]) -> None:
    """The pages over what is ``asked`` for: the description, the path of the service, and which other pages it has."""

    @routes.get("/docs")
    def read() -> Response:
        return _page(index_page(*asked()))

    @routes.get("/docs/shapes")
    def shapes() -> Response:
        return _page(shapes_page(*asked()))

    @routes.get("/docs/<name>")
    def read_one(name: str) -> Response:
        document, root, pages = asked()
        public = str(document["servers"][0]["url"]).rstrip("/")
        address = public if public.startswith("http") else request.host_url.rstrip("/") + root
        page = operation_page(document, name, root, pages, address)
        return Response(status=404) if page is None else _page(page)

    @routes.get("/docs/<name>/<any(body, answer):which>.json")
    def show(name: str, which: str) -> Response:
        told = example(asked()[0], name, which)
        if told is None:
            return Response(status=404)
        return Response(orjson.dumps(told, option=orjson.OPT_INDENT_2), mimetype="application/json")

    @routes.get("/docs/style.css")
    def dress() -> Response:
        return Response(static_files()[STYLE].path.read_bytes(), mimetype="text/css")


def _page(text: str) -> Response:
    response = Response(text, mimetype="text/html")
    response.headers["Content-Security-Policy"] = _POLICY
    return response
