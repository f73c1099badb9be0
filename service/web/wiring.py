"""Trust: who may call this service and whom it may call, made from the settings when the process starts."""

from __future__ import annotations

from pathlib import Path

from service.cards.dialects import profile_names
from service.config import Settings, SettingsError
from service.protocol.fetching.fetcher import Fetcher, FetchSettings
from service.protocol.fetching.servers import Servers
from service.protocol.fetching.step import FetchStep
from service.security.address_guard import AddressGuard
from service.security.authenticator import AuthenticationMode, AuthenticationSettings, Authenticator
from service.security.claims import Limits
from service.security.http_client import GuardedClient
from service.security.issuers import Issuer, IssuersError, read_issuers
from service.security.keys import KeyRing, key_set_download
from service.security.replay import Replay

_MILLISECONDS = 1000


def guarded_client(settings: Settings) -> GuardedClient:
    """The one HTTP client of the process. Raises SettingsError."""
    try:
        guard = AddressGuard(settings.fetch_private_hosts, development=not settings.production)
        return GuardedClient(guard, settings.fetch_ca_file)
    except ValueError as error:
        raise SettingsError(f"FETCH_PRIVATE_HOSTS: {error}") from None
    except OSError:
        raise SettingsError("FETCH_CA_FILE cannot be read") from None


def authenticator(settings: Settings, client: GuardedClient) -> Authenticator:
    """Who checks the callers. Raises SettingsError."""
    mode = AuthenticationMode(settings.authentication)
    issuers: dict[str, Issuer] = {}
    replay: Replay | None = None
    if mode is AuthenticationMode.REQUIRED:
        issuers = _issuers(settings)
        replay = Replay(_needed(settings.replay_store, "REPLAY_STORE"))
    try:
        chosen = AuthenticationSettings(
            mode=mode,
            public_url=settings.public_url,
            algorithms=settings.jwt_algorithms,
            limits=Limits(max_lifetime=settings.token_seconds),
        )
    except ValueError as error:
        raise SettingsError(str(error)) from None
    return Authenticator(chosen, issuers, KeyRing(key_set_download(client)), replay)


def fetch_step(settings: Settings, client: GuardedClient) -> FetchStep | None:
    """Who asks FHIR servers; None when fetching is off. Raises SettingsError."""
    if not settings.fetch_budget_ms:
        return None
    try:
        servers = Servers(settings.fetch_servers)
    except ValueError as error:
        raise SettingsError(f"FETCH_SERVERS: {error}") from None
    chosen = FetchSettings(
        budget=settings.fetch_budget_ms / _MILLISECONDS,
        max_pages=settings.fetch_max_pages,
        max_bytes=settings.fetch_max_bytes,
        max_depth=settings.max_depth,
        open_servers=settings.fetch_open_servers,
    )
    return FetchStep(Fetcher(client, servers, chosen))


def _needed(path: Path | None, name: str) -> Path:
    if path is None:
        raise SettingsError(f"required authentication needs {name}")
    return path


def _issuers(settings: Settings) -> dict[str, Issuer]:
    try:
        issuers = read_issuers(
            _needed(settings.issuers, "ISSUERS"), development=not settings.production, profiles=profile_names()
        )
        for issuer in issuers.values():
            Servers(issuer.fhir_servers)
    except (IssuersError, ValueError) as error:
        raise SettingsError(f"ISSUERS: {error}") from None
    return issuers
