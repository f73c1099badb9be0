"""Authenticator: who is calling, proved by a signed token on every call, discovery and feedback included (SE-2, SE-4).

A refusal names the check that failed and nothing of the token (SE-7). Inside, the log may also name ``iss``; the token
itself is never logged or stored (SE-8).

Settings that fill AuthenticationSettings: ``AUTHENTICATION`` (open, required), ``PUBLIC_URL``, ``JWT_ALGORITHMS``,
``TOKEN_SECONDS``; ``ISSUERS`` names the file for ``issuers.read_issuers`` and ``REPLAY_STORE`` the file
for ``replay.Replay``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING

from service.errors import UnauthorizedError
from service.security.claims import Expected, Limits, Verdict, accepted_algorithms, failed, judge, passed, seconds
from service.security.issuers import Issuer
from service.security.keys import FITTING, KeyRing, NoKeyError
from service.security.replay import Replay
from service.security.token import MalformedTokenError, Token, bearer, parse

if TYPE_CHECKING:
    from jwt import PyJWK

_FEEDBACK = "/feedback"


class AuthenticationMode(StrEnum):
    """``open`` believes everybody (development); ``required`` needs a token on every call."""

    OPEN = "open"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class AuthenticationSettings:
    """How tokens are checked.

    ``public_url`` is the base URL as clients write it, with the path prefix of a proxy if there is one; the Host header
    is never asked (JW-6). ``algorithms`` are from RS256, RS384, PS384, ES256, ES384; none and symmetric ones do not
    exist here (JW-1 to JW-3).
    """

    mode: AuthenticationMode = AuthenticationMode.REQUIRED
    public_url: str | None = None
    algorithms: tuple[str, ...] = ("ES384", "RS384")
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        """Raise ValueError for an algorithm not known to be safe, or a required mode that could check no audience."""
        if not self.algorithms or set(self.algorithms) - FITTING.keys():
            raise ValueError(f"algorithms must be from {', '.join(FITTING)}")
        if self.mode is AuthenticationMode.REQUIRED and not self.public_url:
            raise ValueError("authentication needs the public base URL, to compare the audience with")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who called. ``issuer`` is None in open mode: nobody proved anything."""

    issuer: Issuer | None = None
    tenant: str | None = None
    jti: str | None = None

    @property
    def iss(self) -> str | None:
        """The issuer's name, for the log and the audit record."""
        return self.issuer.iss if self.issuer else None


ANONYMOUS = Caller()


class Authenticator:
    """Checks the Authorization header of every call. One per process; safe for threads."""

    def __init__(
        self,
        settings: AuthenticationSettings,
        issuers: Mapping[str, Issuer],
        keys: KeyRing,
        replay: Replay | None,
    ) -> None:
        """``replay`` may be None only in open mode. Required mode without issuers refuses every call (SE-2)."""
        if settings.mode is AuthenticationMode.REQUIRED and replay is None:
            raise ValueError("authentication needs a file that remembers used tokens")
        if settings.mode is AuthenticationMode.REQUIRED:
            # Before the first call. Who asks for no tokens does without.
            import_module("jwt")
        self._settings = settings
        self._issuers = issuers
        self._keys = keys
        self._replay = replay

    def authenticate(self, authorization: str | None, path: str, now: datetime) -> Caller:
        """The caller, proved by the value of the Authorization header.

        ``path`` is the endpoint below the public base URL, such as ``/cds-services/abc/feedback``, from the routing
        table and not as received. Raises UnauthorizedError naming the claim, StoreError if the list of used tokens
        cannot be written. In open mode nothing is looked at.
        """
        if self._settings.mode is AuthenticationMode.OPEN or self._replay is None:
            return ANONYMOUS
        try:
            token = parse(bearer(authorization))
        except MalformedTokenError as error:
            raise UnauthorizedError(error.part) from None
        for verdict in self._verdicts(token, path, now.timestamp()):
            if not verdict.holds:
                raise UnauthorizedError(verdict.claim)
        issuer = self._issuers[token.claims["iss"]]
        if not self._replay.first_use(issuer.iss, token.claims["jti"], self._expires(token), now.timestamp()):
            raise UnauthorizedError("jti")
        return Caller(issuer, token.claims.get("tenant"), token.claims["jti"])

    def explain(self, text: str, path: str, now: datetime) -> list[str]:
        """Every check of a token in words, for an integrator at a terminal; the last line is the result.

        ``text`` may be the bare token or the whole header value. Marks nothing as used, never shows the signature,
        and fetches the key set if the issuer's URL is listed.
        """
        text = text.strip()
        try:
            token = parse(bearer(text) if " " in text else text)
        except MalformedTokenError as error:
            return [_line(failed(error.part, error.reason))]
        verdicts = list(self._verdicts(token, path, now.timestamp()))
        verdicts += self._replay_verdict(token)
        wrong = dict.fromkeys(verdict.claim for verdict in verdicts if not verdict.holds)
        summary = f"refused: {', '.join(wrong)}" if wrong else "accepted"
        return [*(_line(verdict) for verdict in verdicts), summary]

    def _verdicts(self, token: Token, path: str, now: float) -> Iterator[Verdict]:
        expected = Expected(
            algorithms=self._settings.algorithms,
            issuers=self._issuers,
            audiences=self._audiences(path),
            limits=self._settings.limits,
            now=now,
            lists=self._keys.lists,
        )
        yield from judge(token, expected)
        yield self._signature(token)

    def _audiences(self, path: str) -> tuple[str, ...]:
        base = (self._settings.public_url or "").rstrip("/")
        called = base + path
        # The address as it was registered, with or without a slash at its end; many clients take that of the service
        # for its feedback too (FB-12).
        accepted = [called]
        if path.endswith(_FEEDBACK):
            accepted.append(called.removesuffix(_FEEDBACK))
        return tuple(spelled for url in accepted for spelled in (url, f"{url}/"))

    def _signature(self, token: Token) -> Verdict:
        """The verdict on key and signature. No key is fetched unless issuer, jku and alg are ours."""
        header = token.header
        iss, alg, kid, jku = token.claims.get("iss"), header.get("alg"), header.get("kid"), header.get("jku")
        issuer = self._issuers.get(iss) if isinstance(iss, str) else None
        accepted = accepted_algorithms(self._settings.algorithms, issuer)
        if issuer is None or alg not in accepted or not isinstance(kid, str):
            return failed("signature", "not checked: no key to check it with")
        if jku is not None and not self._keys.lists(issuer, jku):
            return failed("signature", "not checked: the jku is not listed")
        try:
            key = self._keys.find(issuer, jku, kid, alg)
        except NoKeyError as error:
            return failed(error.claim, error.reason)
        holds = _verifies(token, key, alg)
        return Verdict(
            "signature", holds, "made with the issuer's key" if holds else "not made with the issuer's key of this kid"
        )

    def _replay_verdict(self, token: Token) -> list[Verdict]:
        iss, jti = token.claims.get("iss"), token.claims.get("jti")
        if self._replay is None or not isinstance(iss, str) or not isinstance(jti, str):
            return []
        used = self._replay.was_used(iss, jti)
        return [failed("jti", "used before") if used else passed("jti", "not used before")]

    def _expires(self, token: Token) -> float:
        return (seconds(token.claims["exp"]) or 0.0) + self._settings.limits.leeway


def _verifies(token: Token, key: PyJWK, algorithm: str) -> bool:
    from jwt import PyJWS
    from jwt.exceptions import PyJWTError

    try:
        PyJWS().decode_complete(token.text, key, algorithms=[algorithm])
    except PyJWTError:
        return False
    return True


def _line(verdict: Verdict) -> str:
    return f"{'ok  ' if verdict.holds else 'FAIL'} {verdict.claim}: {verdict.reason}"
