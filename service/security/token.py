"""Token: a JWT taken apart strictly, before anything in it is believed (JW-12).

Three parts, base64url without padding in its only spelling, two JSON objects without duplicate keys,
at most 8 kB. Nothing here says that the token is genuine; ``claims`` and ``keys`` do that.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.errors import RequestError
from service.security.limits import parse_json

MAX_BYTES = 8 * 1024
_MAX_DEPTH = 10
_PARTS = 3  # header, payload, signature
_PART = re.compile(r"[A-Za-z0-9_-]+")


class MalformedTokenError(Exception):
    """The text is not a JWT. ``part`` is the part that is wrong, ``reason`` says how, without quoting it."""

    def __init__(self, part: str, reason: str) -> None:
        self.part = part
        self.reason = reason
        super().__init__(f"{part}: {reason}")


@dataclass(frozen=True, slots=True)
class Token:
    """A JWT taken apart. ``text`` never shows in a repr, so it cannot reach a log by accident (SE-8)."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    text: str = field(repr=False)


def bearer(authorization: str | None) -> str:
    """The token in the value of the Authorization header; the scheme in any case (SE-4).

    Raises MalformedTokenError. Several headers, which WSGI joins by a comma, are refused with it.
    """
    if not authorization:
        raise MalformedTokenError("Authorization", "the header is missing")
    scheme, _, rest = authorization.strip().partition(" ")
    if scheme.lower() != "bearer":
        raise MalformedTokenError("Authorization", "the scheme is not Bearer")
    if "," in rest:
        raise MalformedTokenError("Authorization", "there is more than one header or token")
    return rest.strip()


def parse(text: str) -> Token:
    """The token taken apart. Raises MalformedTokenError naming the part."""
    if len(text) > MAX_BYTES:
        raise MalformedTokenError("token", f"longer than {MAX_BYTES} bytes")
    parts = text.split(".")
    if len(parts) != _PARTS:
        raise MalformedTokenError("token", f"{len(parts)} parts, a signed JWT has three")
    header, claims, signature = parts
    _decode("signature", signature)
    return Token(_object("header", header), _object("payload", claims), text)


def _decode(name: str, part: str) -> bytes:
    if not part:
        raise MalformedTokenError(name, "empty")
    if not _PART.fullmatch(part):
        raise MalformedTokenError(name, "not base64url without padding")
    try:
        decoded = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error:
        raise MalformedTokenError(name, "not base64url without padding") from None
    if base64.urlsafe_b64encode(decoded).rstrip(b"=").decode("ascii") != part:
        # Unused bits in the last letter: a second spelling of the same token.
        raise MalformedTokenError(name, "not base64url in its canonical form")
    return decoded


def _object(name: str, part: str) -> Mapping[str, Any]:
    try:
        document = parse_json(_decode(name, part), max_depth=_MAX_DEPTH)
    except RequestError as error:
        raise MalformedTokenError(name, error.issues[0].text) from None
    if not isinstance(document, dict):
        raise MalformedTokenError(name, "not a JSON object")
    return document
