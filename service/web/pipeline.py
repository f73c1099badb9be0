"""What holds for every request: its path behind proxies, an id, preflight first, one error handler, headers on all."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g, request
from flask.globals import request_ctx
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as WerkzeugResponse

from service.config import Settings
from service.errors import EngineError, StoreError, UnauthorizedError, line_of_ours
from service.logs import logger
from service.spans import note
from service.web.error_answers import Answer, answer_for
from service.web.headers import add_cors_headers, add_security_headers, preflight
from service.web.not_found import hint_for_method, hint_for_path
from service.web.routes import Observe, as_json

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


_METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"})


class PathPrefix:
    """Moves a path prefix from the path to SCRIPT_NAME, where the proxy in front leaves it on."""

    def __init__(self, app: WSGIApplication, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Call the application with the prefix taken off."""
        path = environ.get("PATH_INFO", "")
        if path == self._prefix or path.startswith(f"{self._prefix}/"):
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + self._prefix
            environ["PATH_INFO"] = path[len(self._prefix) :] or "/"
        return self._app(environ, start_response)


def mounted(app: Any, *, prefix: str, proxies: int) -> Any:
    """The WSGI application as it is mounted. X-Forwarded headers are believed from ``proxies`` proxies only."""
    wrapped = PathPrefix(app, prefix) if prefix else app
    if proxies:
        wrapped = ProxyFix(wrapped, x_for=proxies, x_proto=proxies, x_host=proxies, x_prefix=proxies)
    return wrapped


def add_serving(app: Flask, settings: Settings, observe: Observe | None = None) -> None:
    """Add to an application what all its endpoints share; ``observe`` counts the calls that come to nothing."""

    @app.before_request
    def begin() -> WerkzeugResponse | None:
        g.request_id = secrets.token_hex(8)
        g.started = time.perf_counter()
        if request.method == "OPTIONS" and request.url_rule is not None:
            return preflight(request.headers.get("Origin"), settings.cors_origins)
        return None

    @app.after_request
    def finish(response: Response) -> Response:
        # The request itself: each look through the proxy of Flask costs more than what is looked at.
        asked, request_id = request_ctx.request, g.get("request_id")
        response.headers["X-Request-Id"] = request_id or ""
        if asked.url_rule is not None:
            note("http.route", asked.url_rule.rule)
        note("http.request.method", asked.method if asked.method in _METHODS else "_OTHER")
        note("http.response.status_code", response.status_code)
        note("sciatica_cds.request", request_id)
        add_security_headers(response, production=settings.production)
        add_cors_headers(response, asked.headers.get("Origin"), settings.cors_origins)
        return response

    @app.errorhandler(Exception)
    def fail(error: Exception) -> Response:
        answer = answer_for(error, g.get("request_id", "unknown"), _meant(app, error))
        _log(error, answer.status)
        if observe is not None and "service" in g:
            observe.refused(g.service, answer.status, error)
        return _response(answer)


def _meant(app: Flask, error: Exception) -> str | None:
    """What the address or the method should have been, where it was wrong."""
    if isinstance(error, NotFound):
        return hint_for_path(request.path, (rule.rule.split("/")[1] for rule in app.url_map.iter_rules()))
    if isinstance(error, MethodNotAllowed):
        return hint_for_method(request.path, set(error.valid_methods or ()))
    return None


def _response(answer: Answer) -> Response:
    response = Response(status=answer.status) if answer.body is None else as_json(answer.body, answer.status)
    if answer.body is None:
        # An empty body has no type.
        response.headers.pop("Content-Type", None)
    response.headers.update(answer.headers)
    return response


def _log(error: Exception, status: int) -> None:
    """One line per refusal. Unexpected errors name where they came from; their text may quote input and stays out."""
    line = {"request": g.get("request_id"), "status": status, "method": request.method, "error": type(error).__name__}
    if isinstance(error, UnauthorizedError):
        line["claim"] = error.claim
    if isinstance(error, EngineError | StoreError):
        # These two name rules, conclusions and decision ids only.
        line["where"] = str(error)
    elif status >= 500:  # noqa: PLR2004
        line["where"] = line_of_ours(error)
    (logger().error if status >= 500 else logger().info)("refused", **line)  # noqa: PLR2004
