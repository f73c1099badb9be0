"""Under which path and behind which proxies the service stands (DI-1: a base URL may have a path prefix)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


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
