"""Access: whether and how the FHIR server of one call may be asked (FA-1 to FA-7).

The token lives as long as the call. It shows in no repr, cannot be copied or pickled, and is gone when the answer is
given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import httpx2

from service.protocol.fetching.scopes import Scope, looks_like_smart, parse_scopes
from service.protocol.fetching.servers import Servers
from service.security.address_guard import UnansweredError

# A token is not used in its last seconds: it might expire on the way (FA-5).
_RESERVE_SECONDS = 5.0
_MAX_TOKEN = 16 * 1024


@dataclass(frozen=True, slots=True)
class Offer:
    """What one call says about its FHIR server. ``received`` is when the call came, in monotonic seconds.

    ``authorization`` is fhirAuthorization as sent; ``own_servers`` is the list of the issuer that proved itself, if
    any.
    """

    fhir_server: str | None
    authorization: Mapping[str, Any] | None = field(repr=False)
    patient_id: str = field(repr=False)
    received: float = 0.0
    own_servers: Sequence[str] = ()


class BearerToken:
    """An access token that can be sent and forgotten, and nothing else (FA-3, FA-4)."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Raises UnansweredError for what cannot stand in a header."""
        if not text or len(text) > _MAX_TOKEN or not all("!" <= letter <= "~" for letter in text):
            raise UnansweredError("the access token is malformed")
        self._text: str | None = text

    def header(self) -> Mapping[str, str]:
        """The header that carries the token (FA-2). Raises UnansweredError once it is forgotten (FA-10)."""
        if self._text is None:
            raise UnansweredError("the answer has been given")
        return {"Authorization": f"Bearer {self._text}"}

    def forget(self) -> None:
        """No call can carry the token from now on."""
        self._text = None

    def __repr__(self) -> str:
        return "BearerToken(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("an access token is not copied")


@dataclass(frozen=True, slots=True)
class Access:
    """A FHIR server that may be asked until ``good_until`` (monotonic seconds; None: no limit of its own).

    Without ``token`` the server is open. Where ``scopes`` is None the server decides itself what it shows.
    """

    base: httpx2.URL
    token: BearerToken | None
    scopes: tuple[Scope, ...] | None
    good_until: float | None

    def headers(self) -> Mapping[str, str]:
        """The headers of one FHIR call. Raises UnansweredError once the token is forgotten."""
        return {"Accept": "application/fhir+json", **(self.token.header() if self.token else {})}

    def forget(self) -> None:
        """Forget the token."""
        if self.token is not None:
            self.token.forget()


# A life in seconds with more digits is no life.
_MOST_DIGITS = 12


def open_access(offer: Offer, servers: Servers, *, open_servers: bool = False) -> Access:
    """The access that a call offers. Raises UnansweredError saying why there is none.

    ``open_servers`` lets a listed server be asked without a token, for demonstrations (FA-1).
    """
    if not offer.fhir_server:
        raise UnansweredError("the call named no FHIR server")
    if offer.authorization is None and not open_servers:
        whole = "access_token, token_type, expires_in, scope and subject"
        raise UnansweredError(f"the call brought no access token: fhirAuthorization needs {whole}")
    base = servers.permit(offer.fhir_server, offer.own_servers)
    if offer.authorization is None:
        return Access(base, None, None, None)
    return _with_token(base, offer, offer.authorization)


def _scopes(text: str) -> tuple[Scope, ...] | None:
    """The scopes of a token; None where the server alone knows what its words allow."""
    return parse_scopes(text) if looks_like_smart(text) else None


def _with_token(base: httpx2.URL, offer: Offer, authorization: Mapping[str, Any]) -> Access:
    token, kind, scope = (authorization.get(name) for name in ("access_token", "token_type", "scope"))
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise UnansweredError("the access token is not a Bearer token")
    patient = authorization.get("patient")
    if patient is not None and str(patient).removeprefix("Patient/") != offer.patient_id:
        # FA-7: a token for somebody else would bring somebody else's data.
        raise UnansweredError("the access token is for another patient")
    life = authorization.get("expires_in")
    if isinstance(life, str) and life.strip().isdecimal() and len(life.strip()) < _MOST_DIGITS:
        life = int(life)
    if isinstance(life, bool) or not isinstance(life, int | float):
        raise UnansweredError("the access token does not say when it expires")
    return Access(
        base=base,
        token=BearerToken(token if isinstance(token, str) else ""),
        scopes=_scopes(scope if isinstance(scope, str) else ""),
        good_until=offer.received + life - _RESERVE_SECONDS,
    )
