"""Claims: every check of a token, one verdict each, in the order in which they are made (17.2, 17.3).

``authenticator`` stops at the first verdict that fails; ``sciatica-cds check token`` shows them all. One list serves
both, so the explanation cannot differ from the decision. The verdicts on signature and replay need keys and memory:
``authenticator`` adds them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from service.security.issuers import Issuer
from service.security.token import Token

_MAX_NAME = 255
_LATEST_SECOND = 253_402_300_800.0  # the year 10000


@dataclass(frozen=True, slots=True)
class Verdict:
    """One check: the claim or header field, whether it holds, and why in words.

    The words may quote the claim, so they are for the integrator's terminal and never logged.
    """

    claim: str
    holds: bool
    reason: str


def passed(claim: str, reason: str) -> Verdict:
    """The verdict that a claim holds."""
    return Verdict(claim, holds=True, reason=reason)


def failed(claim: str, reason: str) -> Verdict:
    """The verdict that a claim does not hold."""
    return Verdict(claim, holds=False, reason=reason)


@dataclass(frozen=True, slots=True)
class Limits:
    """What times are tolerated, in seconds (17.3, product choices): clock difference, ``exp - iat``."""

    leeway: float = 30.0
    max_lifetime: float = 3600.0


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token for this call must say. ``audiences`` holds the URL of the called endpoint first."""

    algorithms: tuple[str, ...]
    issuers: Mapping[str, Issuer]
    audiences: tuple[str, ...]
    limits: Limits
    now: float
    lists: Callable[[Issuer, object], bool] = Issuer.lists


def judge(token: Token, expected: Expected) -> Iterator[Verdict]:
    """The verdicts on header and claims, one after the other; later ones are not computed until asked for."""
    # Whom the token names is believed when its signature holds; until then it only says which rules it is held to.
    issuer = _issuer_of(token, expected.issuers)
    yield _algorithm(token.header.get("alg"), accepted_algorithms(expected.algorithms, issuer))
    yield _type(token.header.get("typ"))
    yield _name("kid", token.header.get("kid"))
    yield _critical(token.header)
    yield _issuer(token.claims.get("iss"), issuer)
    if issuer is not None:
        yield _key_url(token.header, lambda jku: expected.lists(issuer, jku))
        yield _tenant(token.claims, issuer)
    yield _audience(token.claims.get("aud"), [*expected.audiences, *sorted(issuer.audiences if issuer else ())])
    yield _expiry(token.claims.get("exp"), expected)
    yield _issued(token.claims.get("iat"), expected)
    yield _not_before(token.claims, expected)
    yield _lifetime(token.claims, expected.limits)
    yield _name("jti", token.claims.get("jti"))


def accepted_algorithms(usual: Collection[str], issuer: Issuer | None) -> tuple[str, ...]:
    """The signature algorithms of the whole service, and those that the issuer may use besides."""
    return tuple(dict.fromkeys((*usual, *sorted(issuer.algorithms if issuer else ()))))


def seconds(value: object) -> float | None:
    """A JSON number of seconds since 1970 that is a real date, else None. ``true`` is not a number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and 0 <= value < _LATEST_SECOND else None


def _issuer_of(token: Token, issuers: Mapping[str, Issuer]) -> Issuer | None:
    iss = token.claims.get("iss")
    return issuers.get(iss) if isinstance(iss, str) else None


def _algorithm(alg: object, allowed: Collection[str]) -> Verdict:
    if isinstance(alg, str) and alg in allowed:
        return passed("alg", _show(alg))
    return failed("alg", f"is {_show(alg)}, accepted: {', '.join(allowed)}")


def _type(typ: object) -> Verdict:
    if isinstance(typ, str) and typ.upper() == "JWT":
        return passed("typ", _show(typ))
    return failed("typ", f"must be JWT, is {_show(typ)}")


def _name(claim: str, value: object) -> Verdict:
    """``kid`` and ``jti``: required, a text, of bearable length."""
    if not isinstance(value, str) or not value:
        return failed(claim, f"must be a text, is {_show(value)}")
    if len(value) > _MAX_NAME:
        return failed(claim, f"longer than {_MAX_NAME} characters")
    return passed(claim, _show(value))


def _critical(header: Mapping[str, Any]) -> Verdict:
    """No extension that must be understood is understood here; ``b64`` would change what is signed (JW-10)."""
    named = [name for name in ("crit", "b64") if name in header]
    return failed("crit", f"{named[0]} is not supported") if named else passed("crit", "not used")


def _issuer(iss: object, issuer: Issuer | None) -> Verdict:
    if issuer is not None:
        return passed("iss", _show(iss))
    return failed("iss", f"{_show(iss)} is not a trusted issuer; the comparison is exact")


def _key_url(header: Mapping[str, Any], lists: Callable[[object], bool]) -> Verdict:
    if "jku" not in header:
        return passed("jku", "not given; the keys known for the issuer are used")
    if lists(header["jku"]):
        return passed("jku", f"{_show(header['jku'])} is listed for this issuer")
    return failed("jku", f"{_show(header['jku'])} is not listed for this issuer")


def _tenant(claims: Mapping[str, Any], issuer: Issuer) -> Verdict:
    tenant = claims.get("tenant")
    if tenant is not None and not isinstance(tenant, str):
        return failed("tenant", "must be a text")
    if issuer.tenants and tenant not in issuer.tenants:
        return failed("tenant", f"{_show(tenant)} is not listed for this issuer")
    return passed("tenant", _show(tenant) if tenant else "not given")


def _audience(aud: object, accepted: Collection[str]) -> Verdict:
    given = aud if isinstance(aud, list) else [aud]
    if not given or not all(isinstance(one, str) for one in given):
        return failed("aud", f"must be a text or a list of texts, is {_show(aud)}")
    if any(one in accepted for one in given):
        return passed("aud", _show(aud))
    return failed("aud", f"is {_show(aud)}, accepted is exactly: {' or '.join(accepted)}")


def _expiry(exp: object, expected: Expected) -> Verdict:
    return _time("exp", exp, lambda at: at + expected.limits.leeway > expected.now, "is in the past", expected.now)


def _issued(iat: object, expected: Expected) -> Verdict:
    latest = expected.now + expected.limits.leeway
    # How old it may be follows from exp and from how long a token may be valid: one limit, not two.
    return _time("iat", iat, lambda at: at <= latest, "is in the future: compare the clocks", expected.now)


def _not_before(claims: Mapping[str, Any], expected: Expected) -> Verdict:
    if "nbf" not in claims:
        return passed("nbf", "not given")
    latest = expected.now + expected.limits.leeway
    return _time("nbf", claims["nbf"], lambda at: at <= latest, "is in the future: compare the clocks", expected.now)


def _time(claim: str, value: object, holds: Callable[[float], bool], said: str, now: float) -> Verdict:
    at = seconds(value)
    if at is None:
        return failed(claim, f"must be a number of seconds since 1970, is {_show(value)}")
    distance = f"{abs(at - now):.0f} s {'ahead of' if at > now else 'behind'} the time of the check"
    return passed(claim, distance) if holds(at) else failed(claim, f"{said} ({distance})")


def _lifetime(claims: Mapping[str, Any], limits: Limits) -> Verdict:
    exp, iat = seconds(claims.get("exp")), seconds(claims.get("iat"))
    if exp is None or iat is None:
        return failed("exp", "exp - iat cannot be computed")
    if 0 < exp - iat <= limits.max_lifetime:
        return passed("exp", f"valid for {exp - iat:.0f} s")
    return failed("exp", f"valid for {exp - iat:.0f} s, accepted are at most {limits.max_lifetime:g} s")


def _show(value: object) -> str:
    """A claim for the integrator's eyes: its value if that is short, else what kind of thing it is."""
    if value is None:
        return "missing"
    text = repr(value)
    return text if len(text) <= 2 * _MAX_NAME else f"a {type(value).__name__} of {len(text)} characters"
