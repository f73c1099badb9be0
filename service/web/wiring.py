"""Trust: who may call this service and whom it may call, made from the settings when the process starts."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from pathlib import Path

from service.cards.client_profiles import profile_names
from service.config import Settings, variable
from service.errors import SettingsError
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
        raise SettingsError(f"{variable('fetch_private_hosts')}: {error}") from None
    except OSError:
        raise SettingsError(f"{variable('fetch_ca_file')}: the file cannot be read") from None


def authenticator(settings: Settings, client: GuardedClient, *, without_issuers: bool = False) -> Authenticator:
    """Who checks the callers. Raises SettingsError.

    ``without_issuers``: where no file of issuers is named nobody is trusted, to explain a token and not to serve.
    """
    mode = AuthenticationMode(settings.authentication)
    required = mode is AuthenticationMode.REQUIRED
    # A file that is named is read in open mode too: what is wrong with it is said before it counts.
    is_needed = required and not without_issuers
    issuers = _issuers(settings) if is_needed or settings.issuers is not None else {}
    replay = Replay(_writable(settings.replay_store, "replay_store")) if required else None
    try:
        chosen = AuthenticationSettings(
            mode=mode,
            public_url=settings.public_url,
            algorithms=settings.jwt_algorithms,
            limits=Limits(max_lifetime=settings.token_seconds),
        )
    except ValueError as error:
        raise SettingsError(f"{variable('public_url')}: {error}") from None
    return Authenticator(chosen, issuers, KeyRing(key_set_download(client)), replay)


def fetch_step(settings: Settings, client: GuardedClient) -> FetchStep | None:
    """Who asks FHIR servers; None when fetching is off. Raises SettingsError."""
    if not settings.fetch_budget_ms:
        return None
    try:
        servers = Servers(settings.fetch_servers)
    except ValueError as error:
        raise SettingsError(f"{variable('fetch_servers')}: {error}") from None
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
        raise SettingsError(f"required authentication needs {variable(name)}, the path of a file")
    return path


def _writable(path: Path | None, name: str) -> Path:
    """A file that every call writes to, where it or its folder can be written. Raises SettingsError."""
    needed = _needed(path, name)
    if not os.access(needed if needed.exists() else needed.parent, os.W_OK):
        raise SettingsError(f"{variable(name)}: the file {needed} cannot be written; its folder must be there")
    return needed


def refuse_unknown_services(settings: Settings, known: Iterable[str], offered: Iterable[str]) -> None:
    """Raise SettingsError for ids of services that there are not: what should be hidden would be offered."""
    named = [("hidden_services", each, sorted(known)) for each in sorted(settings.hidden_services)]
    named += [("service_paths", each, sorted(offered)) for _, each in settings.service_paths]
    for setting, name, choices in named:
        if name not in choices:
            near = difflib.get_close_matches(name, choices, n=1, cutoff=0.4)
            hint = f"; did you mean {near[0]}?" if near else "."
            raise SettingsError(
                f"{variable(setting)}: there is no service {name[:60]}{hint} There are {', '.join(choices)}"
            )


def _issuers(settings: Settings) -> dict[str, Issuer]:
    try:
        issuers = read_issuers(
            _needed(settings.issuers, "issuers"), development=not settings.production, profiles=profile_names()
        )
        for issuer in issuers.values():
            Servers(issuer.fhir_servers)
    except (IssuersError, ValueError) as error:
        raise SettingsError(f"{variable('issuers')}: {error}") from None
    return issuers
