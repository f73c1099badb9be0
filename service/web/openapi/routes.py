"""``/openapi.json`` and ``/docs``: the description of the interface, as data and as pages whose assets are local.

Open to all, also where calls need a token: both say no more than the source of the service does. The pages are there
also where those of the rule book are off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import orjson
from flask import Blueprint, Response, request

from service.errors import NotFoundError
from service.protocol.evaluation import Services
from service.web.pages.rendering import STYLE
from service.web.pages.static_files import static_files
from service.web.routes import Endpoint

_WHAT_IS = "GET /docs lists the operations, /openapi.json is the description of all"
_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@dataclass
class _Description:
    """The description of the services, written when it is first asked for, and anew when the rules are loaded anew."""

    endpoint: Endpoint
    _services: Services | None = None
    _written: dict[str, Any] = field(default_factory=dict)

    def whole(self) -> bytes:
        """All of it, as it is listed."""
        return self._of("listed", lambda services: orjson.dumps(_described(services)))  # type: ignore[no-any-return]

    def about(self, name: str) -> dict[str, Any]:
        """The same with the answer of one operation alone: each takes a decision, and a page shows one."""
        return self._of(name, lambda services: _described(services, name))  # type: ignore[no-any-return]

    def _of(self, name: str, make: Callable[[Services], Any]) -> Any:
        services = self.endpoint.services
        if self._services is not services:
            self._services, self._written = services, {}
        if name not in self._written:
            self._written[name] = make(services)
        return self._written[name]


# What writes the description and its pages is loaded when they are first asked for.


def _described(services: Services, name: str | None = None) -> dict[str, Any]:
    from service.web.openapi.document import openapi

    if name is None:
        return openapi(services, version("sciatica-cds"))
    return openapi(services, version("sciatica-cds"), shown=lambda one: one == name)


def openapi_blueprint(endpoint: Endpoint) -> Blueprint:
    """The routes over the rules in use."""
    routes = Blueprint("openapi", __name__)
    description = _Description(endpoint)

    @routes.get("/openapi.json")
    def describe() -> Response:
        return Response(description.whole(), mimetype="application/json")

    _add_pages(routes, description)
    return routes


def _add_pages(routes: Blueprint, description: _Description) -> None:
    def around() -> tuple[str, str]:
        """The path at which the service is mounted, and which other pages it has."""
        return request.script_root, description.endpoint.services.settings.pages

    @routes.get("/docs")
    def read() -> Response:
        from service.web.openapi.pages import index_page

        return _page(index_page(description.about(""), *around()))

    @routes.get("/docs/shapes")
    def shapes() -> Response:
        from service.web.openapi.pages import shapes_page

        return _page(shapes_page(description.about(""), *around()))

    @routes.get("/docs/<name>")
    def read_one(name: str) -> Response:
        from service.web.openapi.pages import operation_page

        document = _one(description, name)
        if document is None:
            raise NotFoundError("docs", _WHAT_IS)
        public = str(document["servers"][0]["url"]).rstrip("/")
        address = public if public.startswith("http") else request.host_url.rstrip("/") + request.script_root
        return _page(operation_page(document, name, *around(), address))

    @routes.get("/docs/<name>/<any(body, answer):which>.json")
    def show(name: str, which: str) -> Response:
        from service.web.openapi.pages import example

        document = _one(description, name)
        told = None if document is None else example(document, name, which)
        if told is None:
            raise NotFoundError("docs", _WHAT_IS)
        return Response(orjson.dumps(told, option=orjson.OPT_INDENT_2), mimetype="application/json")

    @routes.get("/docs/style.css")
    def dress() -> Response:
        return Response(static_files()[STYLE].path.read_bytes(), mimetype="text/css")


def _one(description: _Description, name: str) -> dict[str, Any] | None:
    """The description with this operation; None where there is none. Names that are none are not kept."""
    from service.web.openapi.pages import operation_names

    return description.about(name) if name in operation_names(description.about("")) else None


def _page(text: str) -> Response:
    response = Response(text, mimetype="text/html")
    response.headers["Content-Security-Policy"] = _POLICY
    return response
