"""Headers on every answer: nothing is cached, framed, sniffed or run; cross-origin calls only where configured.

Cross-origin calls from browser clients (CO-1 to CO-4) are off unless origins are configured. The preflight answers 204
before authentication, error answers carry the headers too, and a foreign origin gets none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from werkzeug.wrappers import Response

_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_PINNED = {**_HEADERS, "Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


def add_security_headers(response: Response, *, production: bool) -> None:
    """Add the headers that are not set yet (pages may have their own); in production TLS is pinned (SE-1)."""
    there = set(response.headers.keys(lower=True))
    for name, value in (_PINNED if production else _HEADERS).items():
        if name.lower() not in there:
            response.headers.add(name, value)


_CORS_METHODS = "GET, POST, OPTIONS"
_CORS_HEADERS = "authorization, content-type"
_CORS_SECONDS = "600"


def preflight(origin: str | None, origins: Collection[str]) -> Response:
    """The answer to OPTIONS: 204, and for a configured origin what it may do (CO-2)."""
    response = Response(status=204)
    # Nothing is said, so it has no type.
    response.headers.pop("Content-Type", None)
    if origin in origins:
        response.headers["Access-Control-Allow-Methods"] = _CORS_METHODS
        response.headers["Access-Control-Allow-Headers"] = _CORS_HEADERS
        response.headers["Access-Control-Max-Age"] = _CORS_SECONDS
    response.headers["Allow"] = _CORS_METHODS
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
