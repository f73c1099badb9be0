"""Servers: the list of FHIR base URLs that may be asked, and what lies below one of them (FA-8, RP-9)."""

from __future__ import annotations

import re
from collections.abc import Iterable

import httpx2

from service.security.address_guard import UnansweredError

_MAX_URL = 4096
# Dots, slashes and backslashes in disguise: servers and proxies disagree about what they mean.
_DISGUISED = re.compile(r"%(2e|2f|5c)|\\|/\.{1,2}(/|$)", re.IGNORECASE)


class Servers:
    """The FHIR servers that may be asked; an issuer with a list of its own may name only those.

    The comparison is exact after the spelling of scheme, host and default port is evened out.
    """

    def __init__(self, bases: Iterable[str]) -> None:
        """Raises ValueError for what is not a base URL."""
        self._bases = frozenset(_listed(base) for base in bases)

    def permit(self, fhir_server: str, own: Iterable[str] = ()) -> httpx2.URL:
        """The base URL a request names, if it is listed. ``own`` is the issuer's list. Raises UnansweredError."""
        base = _canonical(fhir_server)
        if str(base) not in (frozenset(_listed(one) for one in own) or self._bases):
            raise UnansweredError("the FHIR server is not on the list of servers")
        return base


def below(base: httpx2.URL, current: httpx2.URL, link: str) -> httpx2.URL:
    """The URL of a ``next`` link found in the answer of ``current``, if it lies below ``base``. Raises UnansweredError.

    Anything else would send the token to a stranger (RP-9).
    """
    if len(link) > _MAX_URL:
        raise UnansweredError("the link to the next page is too long")
    try:
        url = current.join(link).copy_with(fragment=None)
    except (httpx2.InvalidURL, ValueError, TypeError):
        raise UnansweredError("the link to the next page is malformed") from None
    same_origin = (url.scheme, url.host, url.port) == (base.scheme, base.host, base.port)
    path = url.raw_path.decode("ascii").partition("?")[0]
    inside = path.rstrip("/") == _path(base) or path.startswith(f"{_path(base)}/")
    if (
        url.userinfo
        or not same_origin
        or not inside
        or _DISGUISED.search(path)
        or _DISGUISED.search(link.partition("?")[0])
    ):
        raise UnansweredError("the link to the next page leads to another server or path")
    return url


def _path(base: httpx2.URL) -> str:
    return base.raw_path.decode("ascii").rstrip("/")


def _listed(text: str) -> str:
    try:
        return str(_canonical(text))
    except UnansweredError:
        raise ValueError("a FHIR server is listed by its base URL, without user, query or fragment") from None


def _canonical(text: str) -> httpx2.URL:
    """The base URL in one spelling, without the slash at the end. Raises UnansweredError."""
    try:
        url = httpx2.URL(text.strip()) if len(text) <= _MAX_URL else httpx2.URL("")
    except (httpx2.InvalidURL, ValueError):
        url = httpx2.URL("")
    if url.scheme not in {"http", "https"} or not url.host or url.userinfo or "?" in text or "#" in text:
        raise UnansweredError("fhirServer is not a base URL")
    if _DISGUISED.search(text.partition("://")[2]):
        raise UnansweredError("fhirServer is not a base URL")
    return url.copy_with(raw_path=(_path(url) or "/").encode("ascii"))
