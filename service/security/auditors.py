"""Who may read stored decisions in a browser: names with hashed passwords in a file, by HTTP Basic (RFC 7617).

A line is ``name:salt:hash``, both in hexadecimal digits; scrypt with the parameters below (OWASP password storage).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_N, _R, _P, _SALT, _LONGEST = 2**15, 8, 1, 16, 256
_MEMORY = 64 * 1024 * 1024


class AuditorsError(ValueError):
    """The file cannot be used; the message names the line, never what stands in it."""


def auditor_line(name: str, password: str) -> str:
    """The line of the file for a person. Raises AuditorsError for a name or password that cannot be used."""
    if not name or ":" in name or not name.isprintable():
        raise AuditorsError("a name has no colon")
    if not 12 <= len(password) <= _LONGEST:  # noqa: PLR2004  # as the message says
        raise AuditorsError(f"a password has 12 to {_LONGEST} characters")
    salt = secrets.token_bytes(_SALT)
    return f"{name}:{salt.hex()}:{_hashed(password, salt).hex()}"


def read_auditors(path: Path) -> Auditors:
    """The people of a file. Raises AuditorsError."""
    found: dict[str, tuple[bytes, bytes]] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        raise AuditorsError("the file of auditors cannot be read") from None
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            name, salt, hashed = line.strip().split(":")
            found[name] = bytes.fromhex(salt), bytes.fromhex(hashed)
        except ValueError:
            raise AuditorsError(f"line {number} of the file of auditors is not name:salt:hash") from None
    if not found:
        raise AuditorsError("the file of auditors names nobody")
    return Auditors(found)


@dataclass
class Auditors:
    """Checks names and passwords. A pair that was right is cached, as a keyed digest, until the process ends."""

    people: Mapping[str, tuple[bytes, bytes]] = field(repr=False)
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    _right: set[bytes] = field(default_factory=set, repr=False)

    def admits(self, authorization: str | None) -> bool:
        """Whether an Authorization header names one of them with the right password."""
        pair = _basic(authorization)
        if pair is None:
            return False
        name, password = pair
        digest = hmac.digest(self._key, f"{name}\0{password}".encode(), "sha256")
        if digest in self._right:
            return True
        # A name that is not there costs as much as one that is.
        salt, hashed = self.people.get(name, (b"\0" * _SALT, b""))
        if not hmac.compare_digest(_hashed(password, salt), hashed):
            return False
        self._right.add(digest)
        return True


def _basic(authorization: str | None) -> tuple[str, str] | None:
    scheme, _, given = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(given.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        return None
    return (name, password) if colon and len(password) <= _LONGEST else None


def _hashed(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=_N, r=_R, p=_P, maxmem=_MEMORY)
