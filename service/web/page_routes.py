"""The rule book over HTTP: ``/rules``, ``/facts/<id>``, ``/value-sets/<id>``, ``/sources``, each as ``.json`` too.

They hold nothing about a patient or a caller and are open to all, as the artifacts of the rule set are.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, redirect, request

from service.protocol.evaluation import Services
from service.review.approvals import approvals_in
from service.store.archive import files_in
from service.web.pages.catalogue import PAGES, names
from service.web.pages.page_header import page_header
from service.web.pages.rendering import STATIC, STYLE, render, style_name
from service.web.pages.rules import question_of, rules_page
from service.web.pages.source import sources_page
from service.web.routes import Endpoint, as_json

Json = dict[str, Any]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; "
    "img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_FOR_EVER = "public, max-age=31536000, immutable"
_MOST_NEAR = 5

_LISTS: Mapping[str, tuple[str, Callable[[Services], Json]]] = {
    "rules": (
        "rules.html",
        lambda services: rules_page(services.prepared.knowledge, question_of(request.args)),
    ),
    "sources": ("sources.html", lambda services: sources_page(services.prepared.knowledge)),
}


class ServerAddresses:
    """Pages below the path at which the service is mounted."""

    filters = True

    def __init__(self, root: str, *, playground: bool) -> None:
        self.playground = playground
        self._root = root

    def page(self, kind: str, name: str = "") -> str:
        """``/rules/<id>``, ``/rules``, or ``/`` for the playground."""
        if kind == "playground":
            return f"{self._root}/"
        return f"{self._root}/{kind}/{name}" if name else f"{self._root}/{kind}"

    def style(self) -> str:
        """The stylesheet under the digest of its content."""
        return f"{self._root}/static/{style_name()}"


def page_blueprint(endpoint: Endpoint, *, playground: bool) -> Blueprint:
    """The routes over the rules in use; ``playground`` says whether pages lead to it."""
    routes = Blueprint("pages", __name__)

    def show(kind: str, name: str) -> Response:
        services = endpoint.services
        template, page = PAGES[kind]
        data = page(services.prepared.knowledge, _approvals(services), name)
        if data is None:
            near = difflib.get_close_matches(name, names(services.prepared.knowledge)[kind], n=_MOST_NEAR)
            return html_page(services, "missing.html", {"near": near, "kind": kind}, playground, status=404)
        # The twin stands beside the page that was asked for, whichever id the rule has in its file.
        return html_page(services, template, data, playground, twin=f"{kind}/{data['id']}.json")

    def data_of_page(kind: str, name: str) -> Response:
        services = endpoint.services
        data = PAGES[kind][1](services.prepared.knowledge, _approvals(services), name)
        return as_json({"error": "there is no such page"}, 404) if data is None else as_json(data)

    def show_list(kind: str) -> Response:
        template, page = _LISTS[kind]
        query = f"?{request.query_string.decode('ascii', 'ignore')}" if request.query_string else ""
        return html_page(endpoint.services, template, page(endpoint.services), playground, twin=f"{kind}.json{query}")

    def data_of_list(kind: str) -> Response:
        return as_json(_LISTS[kind][1](endpoint.services))

    for kind in PAGES:
        routes.add_url_rule(f"/{kind}/<name>", f"show-{kind}", show, defaults={"kind": kind})
        routes.add_url_rule(f"/{kind}/<name>.json", f"tell-{kind}", data_of_page, defaults={"kind": kind})
    for kind in _LISTS:
        routes.add_url_rule(f"/{kind}", f"list-{kind}", show_list, defaults={"kind": kind})
        routes.add_url_rule(f"/{kind}.json", f"tell-list-{kind}", data_of_list, defaults={"kind": kind})

    _add_first_page_and_style(routes, playground)
    return routes


def _add_first_page_and_style(routes: Blueprint, playground: bool) -> None:
    if not playground:
        routes.add_url_rule("/", "begin", lambda: redirect(f"{request.script_root}/rules"))

    @routes.get("/static/<name>")
    def style(name: str) -> Response:
        if name != style_name():
            return Response(status=404)
        response = Response((STATIC / STYLE).read_bytes(), mimetype="text/css")
        response.headers["Cache-Control"] = _FOR_EVER
        return response


def html_page(
    services: Services, template: str, data: Mapping[str, Any], playground: bool, *, twin: str = "", status: int = 200
) -> Response:
    """The page with its policy: nothing runs or is fetched but what this service serves as a file."""
    root = request.script_root
    addresses = ServerAddresses(root, playground=playground)
    text = render(template, data, page_header(services.prepared.knowledge), addresses, f"{root}/{twin}" if twin else "")
    response = Response(text, status, mimetype="text/html")
    response.headers["Content-Security-Policy"] = POLICY
    # Without a referrer a browser sends "Origin: null" with a form, and its own page could not be told from others.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _approvals(services: Services) -> Mapping[str, Any]:
    knowledge = services.prepared.knowledge
    return approvals_in(files_in(services.archive), knowledge) if knowledge.approved and services.archive else {}
