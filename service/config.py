"""The settings of the service: read once from the environment, checked, and frozen.

Every setting has a default that lets the service run on its embedded rules; production mode refuses
the defaults that would be unsafe there (TR-2, SE-2). No setting holds a secret.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast
from urllib.parse import urlsplit

from environs import Env, EnvError
from marshmallow.validate import OneOf, Range

PREFIX = "SCIATICA_CDS_"
PROJECT = Path(__file__).resolve().parent.parent

Mode = Literal["development", "production"]
Authentication = Literal["open", "required"]
Detail = Literal["short", "full"]
Keeping = Literal["off", "on", "required"]


class SettingsError(Exception):
    """A setting is wrong or unsafe for the mode; the process does not start. Names the setting, never its value."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How this process runs.

    ``public_url`` is the base URL as clients write it (JW-6); without it the service cannot check an audience.
    ``authentication`` is open in development and required in production unless set (SE-2).
    ``trusted_proxies`` is how many proxies in front may set X-Forwarded-* headers; 0 trusts none.
    ``path_prefix`` is the path under which the service is mounted when no proxy removes it (DI-1).
    ``detail`` says whether a card holds what is read in ten seconds or its whole text; a call may ask for the other.
    ``strict`` turns tolerated faults of a request into 400 (RQ-3, RQ-5).
    ``pack`` is loaded in place of ``rules``, and only if a key of ``pack_keys`` signed it. ``reload_seconds`` is how
    often to look whether the rules have changed; 0 never looks. ``reviewers`` is how many persons approve a rule.
    ``store`` says whether answered calls are remembered: ``on`` answers also when one cannot be kept, ``required`` does
    not. A program that reads its settings from the environment has it on unless told otherwise.
    ``fetch_budget_ms`` bounds all FHIR queries of one call together (PE-1); 0 turns fetching off.
    """

    mode: Mode = "development"
    rules: Path = PROJECT / "rules"
    jurisdiction: str | None = None
    drug_safety_scope: str | None = None
    public_url: str | None = None
    authentication: Authentication = "open"
    tls_proxy: bool = False
    trusted_proxies: int = 0
    path_prefix: str = ""
    strict: bool = False
    why_extension: bool = True
    detail: Detail = "short"
    discovery_versions: bool = False
    fhirpath_tokens: bool = False
    require_approved: bool = False
    hidden_services: frozenset[str] = frozenset()
    max_body_bytes: int = 10 * 1024 * 1024
    max_depth: int = 100
    max_concurrent: int = 16
    cors_origins: tuple[str, ...] = ()
    log_level: str = "info"
    issuers: Path | None = None
    replay_store: Path | None = None
    jwt_algorithms: tuple[str, ...] = ("ES384", "RS384")
    feedback_service_audience: bool = False
    keep_comments: bool = False
    fetch_servers: tuple[str, ...] = ()
    fetch_open_servers: bool = False
    fetch_private_hosts: tuple[str, ...] = ()
    fetch_budget_ms: int = 450
    fetch_max_pages: int = 10
    fetch_max_bytes: int = 5 * 1024 * 1024
    fetch_ca_file: Path | None = None
    pack: Path | None = None
    pack_keys: Path | None = None
    reload_seconds: int = 0
    reviewers: int | None = None
    store: Keeping = "off"
    data: Path = PROJECT / "var"
    store_url: str | None = None
    store_keys: Path | None = None
    store_sync: bool = False

    @property
    def production(self) -> bool:
        return self.mode == "production"

    @property
    def knowledge_settings(self) -> dict[str, str]:
        """The settings that the rule set may be told from outside; only those that were given."""
        reviewers = None if self.reviewers is None else str(self.reviewers)
        given = {
            "jurisdiction": self.jurisdiction,
            "drug_safety_scope": self.drug_safety_scope,
            "reviewers": reviewers,
        }
        return {name: value for name, value in given.items() if value is not None}


def read_settings() -> Settings:
    """The settings of this process, from its environment (``SCIATICA_CDS_…``). Raises SettingsError."""
    env = Env(prefix=PREFIX)
    try:
        settings = _read(env)
        allow_open = env.bool("ALLOW_OPEN", False)
    except EnvError as error:
        # environs quotes the value it refused; the name of the setting is enough.
        named = re.search(rf"{PREFIX}[A-Z_]+", str(error))
        raise SettingsError(f"{named[0] if named else 'a setting'} has no usable value") from None
    refuse_unsafe(settings, allow_open=allow_open)
    return settings


def _read(env: Env) -> Settings:
    default = Settings()
    mode = cast("Mode", env.str("MODE", default.mode, validate=OneOf(["development", "production"])))
    safe = "required" if mode == "production" else "open"
    return Settings(
        mode=mode,
        rules=Path(env.str("RULES", str(default.rules))),
        jurisdiction=env.str("JURISDICTION", None, validate=OneOf(["us", "uk"])),
        drug_safety_scope=env.str("DRUG_SAFETY_SCOPE", None, validate=OneOf(["in-scope", "always"])),
        public_url=env.str("PUBLIC_URL", "").rstrip("/") or None,
        authentication=cast("Authentication", env.str("AUTHENTICATION", safe, validate=OneOf(["open", "required"]))),
        tls_proxy=env.bool("TLS_PROXY", default.tls_proxy),
        trusted_proxies=env.int("TRUSTED_PROXIES", default.trusted_proxies, validate=Range(0, 5)),
        path_prefix=_prefix(env.str("PATH_PREFIX", "")),
        strict=env.bool("STRICT", default.strict),
        why_extension=env.bool("WHY_EXTENSION", default.why_extension),
        detail=cast("Detail", env.str("DETAIL", default.detail, validate=OneOf(["short", "full"]))),
        discovery_versions=env.bool("DISCOVERY_VERSIONS", default.discovery_versions),
        fhirpath_tokens=env.bool("FHIRPATH_TOKENS", default.fhirpath_tokens),
        require_approved=env.bool("REQUIRE_APPROVED", default.require_approved),
        hidden_services=frozenset(_words(env.str("HIDDEN_SERVICES", ""))),
        max_body_bytes=env.int("MAX_BODY_BYTES", default.max_body_bytes, validate=Range(1024)),
        max_depth=env.int("MAX_DEPTH", default.max_depth, validate=Range(20, 200)),
        max_concurrent=env.int("MAX_CONCURRENT", default.max_concurrent, validate=Range(1)),
        cors_origins=_words(env.str("CORS_ORIGINS", "")),
        log_level=env.str("LOG_LEVEL", default.log_level, validate=OneOf(["debug", "info", "warning", "error"])),
        issuers=_path(env.str("ISSUERS", "")),
        replay_store=_path(env.str("REPLAY_STORE", "")),
        jwt_algorithms=_words(env.str("JWT_ALGORITHMS", ",".join(default.jwt_algorithms))),
        feedback_service_audience=env.bool("FEEDBACK_SERVICE_AUDIENCE", default.feedback_service_audience),
        keep_comments=env.bool("KEEP_COMMENTS", default.keep_comments),
        fetch_servers=_words(env.str("FETCH_SERVERS", "")),
        fetch_open_servers=env.bool("FETCH_OPEN_SERVERS", default.fetch_open_servers),
        fetch_private_hosts=_words(env.str("FETCH_PRIVATE_HOSTS", "")),
        fetch_budget_ms=env.int("FETCH_BUDGET_MS", default.fetch_budget_ms, validate=Range(0, 10_000)),
        fetch_max_pages=env.int("FETCH_MAX_PAGES", default.fetch_max_pages, validate=Range(1, 100)),
        fetch_max_bytes=env.int("FETCH_MAX_BYTES", default.fetch_max_bytes, validate=Range(1024)),
        fetch_ca_file=_path(env.str("FETCH_CA_FILE", "")),
        pack=_path(env.str("PACK", "")),
        pack_keys=_path(env.str("PACK_KEYS", "")),
        reload_seconds=env.int("RELOAD_SECONDS", default.reload_seconds, validate=Range(0, 3600)),
        reviewers=env.int("REVIEWERS", None, validate=Range(1, 3)),
        store=cast("Keeping", env.str("STORE", "on", validate=OneOf(["off", "on", "required"]))),
        data=Path(env.str("DATA", str(default.data))),
        store_url=env.str("STORE_URL", "") or None,
        store_keys=_path(env.str("STORE_KEYS", "")),
        store_sync=env.bool("STORE_SYNC", default.store_sync),
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in (part.strip() for part in text.split(",")) if word)


def _path(text: str) -> Path | None:
    return Path(text) if text else None


def _prefix(text: str) -> str:
    trimmed = text.strip("/")
    return f"/{trimmed}" if trimmed else ""


def refuse_unsafe(settings: Settings, *, allow_open: bool = False) -> None:
    """Raise SettingsError where the settings are unsafe in production (TR-2, SE-2) or anywhere (CO-3)."""
    if "*" in settings.cors_origins:
        raise SettingsError(f"{PREFIX}CORS_ORIGINS must list the origins, a wildcard is refused")
    if (settings.pack is None) != (settings.pack_keys is None):
        raise SettingsError(f"{PREFIX}PACK and {PREFIX}PACK_KEYS go together: a pack is loaded only when it is trusted")
    if not settings.production:
        return
    if not settings.tls_proxy:
        raise SettingsError(
            f"production serves HTTPS only: {PREFIX}TLS_PROXY=true says that a TLS proxy stands in front"
        )
    if settings.public_url is None or urlsplit(settings.public_url).scheme != "https":
        raise SettingsError(f"production needs {PREFIX}PUBLIC_URL, the https base URL that clients call")
    if settings.authentication == "open" and not allow_open:
        raise SettingsError(f"production needs client authentication; {PREFIX}ALLOW_OPEN=true says that open is meant")
