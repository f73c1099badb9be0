"""Security headers on every answer: nothing is cached, framed, sniffed or run."""

from __future__ import annotations

from werkzeug.wrappers import Response

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_TRANSPORT = "max-age=31536000; includeSubDomains"


def add_security_headers(response: Response, *, production: bool) -> None:
    """Add the headers that are not set yet (pages may have their own); in production TLS is pinned (SE-1)."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if production:
        response.headers.setdefault("Strict-Transport-Security", _TRANSPORT)
