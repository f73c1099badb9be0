"""Keys: the public key an issuer signs with, found by ``kid`` and fit for the algorithm (JW-4, JW-9, JW-10, JW-11).

Key sets are fetched only from a URL that is listed for the issuer, kept ten minutes, and fetched again for an
unknown ``kid`` at most once a minute. A key set that was fetched once stays in use for a day when its server cannot be
reached.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from service.errors import RequestError
from service.security.address_guard import UnansweredError
from service.security.http_client import Allowance, GuardedClient
from service.security.issuers import Issuer, parse_jku_list, parse_jwks
from service.security.limits import parse_json

if TYPE_CHECKING:
    from jwt import PyJWK

Jwks = Sequence[Mapping[str, Any]]
Held = TypeVar("Held")

# What the key must be for the algorithm: kty and, for elliptic curves, crv (JW-4).
FITTING = {
    "RS256": ("RSA", None),
    "RS384": ("RSA", None),
    "PS384": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
}
_MIN_RSA_BITS = 2048
_LIFETIME_SECONDS = 600.0
_REFRESH_SECONDS = 60.0
_RETRY_COLD_SECONDS = 5.0
_STALE_SECONDS = 24 * 3600.0
_MAX_DEPTH = 10
_DOWNLOAD_SECONDS = 2.0
_DOWNLOAD_BYTES = 100 * 1024
_DOWNLOAD_HEADERS = {"Accept": "application/jwk-set+json, application/json"}


class NoKeyError(Exception):
    """There is no usable key. ``claim`` is what to name in the log: kid, jku or alg."""

    def __init__(self, claim: str, reason: str) -> None:
        self.claim = claim
        self.reason = reason
        super().__init__(f"{claim}: {reason}")


class UnreachableError(Exception):
    """A key set could not be fetched. The text says why, without the URL."""


@dataclass(slots=True)
class _Cached(Generic[Held]):
    """What is cached of one URL: the last answer that arrived, as read by ``read``, and when it was last asked for."""

    read: Callable[[object], Held]
    held: Held | None = None
    arrived: float = 0.0
    asked: float = float("-inf")
    problem: str = "not fetched yet"
    lock: threading.Lock = field(default_factory=threading.Lock)


class KeyRing:
    """The keys of all issuers. One per process; safe for threads.

    ``download`` takes a URL and returns the bytes of the key set; it raises UnreachableError. ``clock`` is monotonic.
    """

    def __init__(self, download: Callable[[str], bytes], clock: Callable[[], float] = time.monotonic) -> None:
        self._download = download
        self._clock = clock
        self._sets: dict[str, _Cached[Jwks]] = {}
        self._lists: dict[str, _Cached[tuple[str, ...]]] = {}
        self._mutex = threading.Lock()

    def find(self, issuer: Issuer, jku: str | None, kid: str, algorithm: str) -> PyJWK:
        """The issuer's key named ``kid``, bound to ``algorithm``. Raises NoKeyError.

        The caller has compared ``jku`` with the issuer's list; without one the first listed URL is used.
        """
        if issuer.static_keys is not None:
            return _fitting(issuer.static_keys, kid, algorithm)
        url = jku or issuer.default_jku
        if url is None:
            raise NoKeyError("jku", "the issuer has neither a key file nor a listed URL")
        with self._mutex:
            cached = self._sets.setdefault(url, _Cached(parse_jwks))
        keys = self._held(url, cached, lambda held: bool(_named(held, kid)))
        if keys is None:
            raise NoKeyError("jku", cached.problem)
        return _fitting(keys, kid, algorithm)

    def lists(self, issuer: Issuer, jku: object) -> bool:
        """Whether a token's URL of keys is one of the issuer's: in the file, or in the list that its vendor publishes.

        The published list is kept and asked for again as key sets are.
        """
        if issuer.lists(jku):
            return True
        url = issuer.jku_list
        if url is None or not isinstance(jku, str):
            return False
        with self._mutex:
            cached = self._lists.setdefault(url, _Cached(parse_jku_list))
        return jku in (self._held(url, cached, lambda held: jku in held) or ())

    def _held(self, url: str, cached: _Cached[Held], has_it: Callable[[Held], bool]) -> Held | None:
        """What a URL answered, not older than a day; asked for anew when it is old, or does not hold what is needed."""
        if cached.held is None or self._clock() - cached.arrived >= _LIFETIME_SECONDS:
            self._refresh(url, cached)
        if cached.held is not None and not has_it(cached.held):
            # Perhaps it has changed since.
            self._refresh(url, cached)
        return None if self._clock() - cached.arrived > _STALE_SECONDS else cached.held

    def _refresh(self, url: str, cached: _Cached[Any]) -> None:
        """Fetch unless it was asked for just now. With an answer in hand, nobody waits for another's fetch."""
        if not cached.lock.acquire(blocking=cached.held is None):
            return
        try:
            pause = _RETRY_COLD_SECONDS if cached.held is None else _REFRESH_SECONDS
            if self._clock() - cached.asked < pause:
                return
            cached.asked = self._clock()
            cached.held = cached.read(parse_json(self._download(url), max_depth=_MAX_DEPTH))
            cached.arrived = self._clock()
        except UnreachableError as error:
            cached.problem = str(error)
        except (RequestError, ValueError):
            cached.problem = "the answer is not a JWK Set"
        finally:
            cached.lock.release()


def _named(keys: Jwks, kid: str) -> list[Mapping[str, Any]]:
    return [key for key in keys if key.get("kid") == kid]


def _fitting(keys: Jwks, kid: str, algorithm: str) -> PyJWK:
    """The one key named ``kid`` if it may verify ``algorithm``. Never "the first key that works" (17.2)."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from jwt import PyJWK
    from jwt.exceptions import PyJWTError

    named = _named(keys, kid)
    if len(named) != 1:
        raise NoKeyError(
            "kid", "two keys of the issuer have this kid" if named else "no key of the issuer has this kid"
        )
    jwk = named[0]
    misfit = _misfit(jwk, algorithm)
    if misfit:
        raise NoKeyError("alg", misfit)
    try:
        key = PyJWK(dict(jwk), algorithm=algorithm)
    except (PyJWTError, ValueError, TypeError):
        raise NoKeyError("kid", "the key cannot be read") from None
    if isinstance(key.key, RSAPublicKey) and key.key.key_size < _MIN_RSA_BITS:
        raise NoKeyError("kid", f"the RSA key is shorter than {_MIN_RSA_BITS} bit")
    return key


def _misfit(jwk: Mapping[str, Any], algorithm: str) -> str | None:
    """Why the key may not be used for the algorithm, None if it may (JW-4)."""
    kty, crv = FITTING[algorithm]
    if jwk.get("kty") != kty or (crv is not None and jwk.get("crv") != crv):
        return f"{algorithm} needs a key of type {kty}{f' on curve {crv}' if crv else ''}"
    if jwk.get("alg", algorithm) != algorithm:
        return "the key is meant for another algorithm (its own alg)"
    if jwk.get("use", "sig") != "sig" or "verify" not in jwk.get("key_ops", ["verify"]):
        return "the key is not meant for signatures (its use or key_ops)"
    if "d" in jwk:
        return "the key set publishes a private key, so anyone could have signed"
    return None


def key_set_download(client: GuardedClient) -> Callable[[str], bytes]:
    """The function that a KeyRing downloads with: https, no redirect, two seconds, 100 kB (JW-10).

    It raises UnreachableError saying why, without the URL.
    """

    def download(url: str) -> bytes:
        try:
            answer = client.get(
                url,
                headers=_DOWNLOAD_HEADERS.copy,
                deadline=time.monotonic() + _DOWNLOAD_SECONDS,
                allowance=Allowance(_DOWNLOAD_BYTES),
            )
        except UnansweredError as error:
            raise UnreachableError(f"the key set was not fetched: {error}") from None
        return answer.body

    return download
