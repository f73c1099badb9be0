"""The rule book over HTTP: ``/rules``, ``/facts/<id>``, ``/graph``, ``/pathway`` and the others, each as ``.json`` too.

They hold nothing about a patient or a caller and are open to all, as the artifacts of the rule set are.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from flask import Blueprint, Response, redirect, request

from service.knowledge.model import Knowledge
from service.web.approvals import approvals_of
from service.web.pages.catalogue import PAGES, names
from service.web.pages.graph import graph_page, graph_question
from service.web.pages.pathway import pathway_page
from service.web.pages.rules import question_of, rules_page
from service.web.pages.source import sources_page
from service.web.pages.static_files import served
from service.web.pages.value_set import codes_asked_for
from service.web.routes import Endpoint, as_json
from service.web.site import Site, with_query

Json = dict[str, Any]
Figures = Callable[[str], Json | None]
_FOR_EVER = "public, max-age=31536000, immutable"
_MOST_NEAR = 5

_ALONE: Mapping[str, tuple[str, Callable[[Knowledge], Json]]] = {
    "rules": ("rules.html", lambda knowledge: rules_page(knowledge, question_of(request.args))),
    "sources": ("sources.html", sources_page),
    "graph": ("graph.html", lambda knowledge: graph_page(knowledge, graph_question(request.args))),
    "pathway": ("pathway.html", pathway_page),
}
KINDS = frozenset({*PAGES, *_ALONE})
"""The pages that hold nothing but the rules."""


def page_blueprint(site: Site, figures: Figures | None = None) -> Blueprint:
    """The routes over the rules in use. ``figures`` tells what became of the cards of a rule, where they are stored."""
    routes = Blueprint("pages", __name__)
    endpoint = site.endpoint

    page_of = partial(_page_of, endpoint, figures)

    def show(kind: str, name: str) -> Response:
        services = endpoint.services
        template = PAGES[kind][0]
        data = page_of(kind, name)
        if data is None:
            near = difflib.get_close_matches(name, names(services.prepared.knowledge)[kind], n=_MOST_NEAR)
            return site.html("missing.html", {"near": near, "kind": kind}, status=404)
        # The twin stands beside the page that was asked for, whichever id the rule has in its file.
        return site.html(template, data, twin=with_query(f"{kind}/{data['id']}.json"))

    def tell(kind: str, name: str) -> Response:
        data = page_of(kind, name)
        if data is None:
            near = difflib.get_close_matches(name, names(endpoint.services.prepared.knowledge)[kind], n=_MOST_NEAR)
            return as_json({"error": "there is no such page", "near": near}, 404)
        return as_json(data)

    def show_alone(kind: str) -> Response:
        template, page = _ALONE[kind]
        return site.html(template, page(endpoint.services.prepared.knowledge), twin=with_query(f"{kind}.json"))

    def tell_alone(kind: str) -> Response:
        return as_json(_ALONE[kind][1](endpoint.services.prepared.knowledge))

    for kind in PAGES:
        routes.add_url_rule(f"/{kind}/<name>", f"show-{kind}", show, defaults={"kind": kind})
        routes.add_url_rule(f"/{kind}/<name>.json", f"tell-{kind}", tell, defaults={"kind": kind})
    for kind in _ALONE:
        routes.add_url_rule(f"/{kind}", f"list-{kind}", show_alone, defaults={"kind": kind})
        routes.add_url_rule(f"/{kind}.json", f"tell-list-{kind}", tell_alone, defaults={"kind": kind})
    if "playground" not in site.kinds:
        routes.add_url_rule("/", "begin", lambda: redirect(f"{request.script_root}/rules"))
    routes.add_url_rule("/static/<name>", "static", _static)
    return routes


def _page_of(endpoint: Endpoint, figures: Figures | None, kind: str, name: str) -> Json | None:
    """The data of the page of one thing; of a rule with a card also what became of its cards."""
    services = endpoint.services
    data = PAGES[kind][1](services.prepared.knowledge, approvals_of(services), name)
    if data is not None and kind == "rules" and figures is not None and data["card"] is not None:
        data["inUse"] = figures(data["id"])
    return codes_asked_for(data, request.args) if data is not None and kind == "value-sets" else data


def _static(name: str) -> Response:
    file = served(name)
    if file is None:
        return Response(status=404)
    response = Response(file.path.read_bytes(), mimetype=file.type)
    response.headers["Cache-Control"] = _FOR_EVER
    return response
