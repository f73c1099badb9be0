"""How a page leaves the service: with the policy that nothing runs or is fetched but what this service serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, request

from service.web.pages.addresses import ServerAddresses
from service.web.pages.page_header import page_header
from service.web.pages.rendering import render
from service.web.routes import Endpoint, as_json

Json = dict[str, Any]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; "
    "img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Site:
    """The pages over the rules in use; ``kinds`` are those that there are, by the first part of their path."""

    endpoint: Endpoint
    kinds: frozenset[str]

    def html(self, template: str, data: Mapping[str, Any], *, twin: str = "", status: int = 200) -> Response:
        """A page; ``twin`` is the path of the same data, with its question."""
        root = request.script_root
        addresses = ServerAddresses(root, self.kinds)
        head = page_header(self.endpoint.services.prepared.knowledge)
        text = render(template, data, head, addresses, f"{root}/{twin}" if twin else "")
        response = Response(text, status, mimetype="text/html")
        response.headers["Content-Security-Policy"] = POLICY
        # Without a referrer a browser sends "Origin: null" with a form: its own page could not be told from others.
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    def either(self, template: str, data: Mapping[str, Any], *, twin: str = "", status: int = 200) -> Response:
        """The page, or its data where the caller would rather have JSON."""
        wanted = request.accept_mimetypes.best_match(["text/html", "application/json"], "text/html")
        return (
            as_json(data, status)
            if wanted == "application/json"
            else self.html(template, data, twin=twin, status=status)
        )


def with_query(path: str) -> str:
    """A path with the question of the request behind it."""
    asked = request.query_string.decode("ascii", "ignore")
    return f"{path}?{asked}" if asked else path
