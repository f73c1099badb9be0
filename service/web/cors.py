"""Cross-origin calls from browser clients (CO-1 to CO-4): off unless origins are configured.

Written out because it must differ from what flask-cors does in three points: the preflight answers
204 before authentication, error answers carry the headers too, and a foreign origin gets none.
"""

from __future__ import annotations

from collections.abc import Collection

from werkzeug.wrappers import Response

_METHODS = "GET, POST, OPTIONS"
_HEADERS = "authorization, content-type"
_KEPT_SECONDS = "600"


def preflight(origin: str | None, origins: Collection[str]) -> Response:
    """The answer to OPTIONS: 204, and for a configured origin what it may do (CO-2)."""
    response = Response(status=204)
    # Nothing is said, so it has no type.
    response.headers.pop("Content-Type", None)
    if origin in origins:
        response.headers["Access-Control-Allow-Methods"] = _METHODS
        response.headers["Access-Control-Allow-Headers"] = _HEADERS
        response.headers["Access-Control-Max-Age"] = _KEPT_SECONDS
    response.headers["Allow"] = _METHODS
    return response


def add_cors_headers(response: Response, origin: str | None, origins: Collection[str]) -> None:
    """Echo a configured origin on any answer, errors included (CO-3, CO-4); never credentials, never a wildcard."""
    if not origins:
        return
    response.vary.add("Origin")
    if origin is not None and origin in origins:
        response.headers["Access-Control-Allow-Origin"] = origin
        # The resource policy of the security headers would keep the answer from the very page that may read it.
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
