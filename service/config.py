"""The settings of the service: read once from the environment, checked, and frozen.

Every setting stands once, with its default, what it accepts and what it is for; from that come its
reading, its refusal and the page for operators. Every setting has a default that lets the service run on
its embedded rules; production mode refuses the defaults that would be unsafe there (TR-2, SE-2). A name
that begins like a setting and is none stops the start: a protection that is mistyped is not on.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from environs import Env, EnvError
from marshmallow.validate import OneOf, Range

from service.errors import SettingsError

PREFIX = "SCIATICA_CDS_"
PROJECT = Path(__file__).resolve().parent.parent
# Signatures with a key pair; what is accepted of them is a setting.
ALGORITHMS = ("RS256", "RS384", "PS384", "ES256", "ES384")
_PATH = re.compile(r"([A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*)?")

Mode = Literal["development", "production"]
Authentication = Literal["open", "required"]
Detail = Literal["short", "full"]
Keeping = Literal["off", "on", "required"]
Cache = Literal["off", "on"]
Pages = Literal["off", "rules", "all"]
Prefetch = Literal["all", "short"]
Traces = Literal["off", "on"]


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in (part.strip() for part in text.split(",")) if word)


def _path(text: str) -> Path | None:
    return Path(text) if text else None


def _prefix(text: str) -> str:
    trimmed = text.strip("/")
    if _PATH.fullmatch(trimmed) is None:
        raise ValueError("a path is meant, such as /cds")
    return f"/{trimmed}" if trimmed else ""


def _paths(text: str) -> tuple[tuple[str, str], ...]:
    """Pairs of a path and a service id, as ``path=id`` with commas between them."""
    pairs = [part.partition("=") for part in _words(text)]
    if not all(path.strip().strip("/") and name.strip() for path, _, name in pairs):
        raise ValueError("path=service-id is meant, such as epic/sign=sciatica-order-sign")
    return tuple((path.strip().strip("/"), name.strip()) for path, _, name in pairs)


def _url(text: str) -> str | None:
    if text and not _is_base_url(text):
        raise ValueError("an https URL without query is meant, such as https://cds.example.org")
    return text.rstrip("/") or None


def _is_base_url(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in ("https", "http") and bool(parts.hostname) and not (parts.query or parts.fragment)


def _origins(text: str) -> tuple[str, ...]:
    origins = _words(text)
    if not all(origin == "*" or (_is_base_url(origin) and not urlsplit(origin).path) for origin in origins):
        raise ValueError("scheme and host of each page are meant, such as https://sandbox.cds-hooks.org")
    return origins


def _algorithms(text: str) -> tuple[str, ...]:
    """Signature algorithms; those with a shared secret are none (JW-4)."""
    words = _words(text)
    if not words or set(words) - set(ALGORITHMS):
        raise ValueError(f"one or more of {', '.join(ALGORITHMS)} are meant, with commas")
    return words


def _address(text: str) -> str | None:
    host, _, port = text.rpartition(":")
    if text and (not host or not port.isdecimal() or int(port) > 65535):  # noqa: PLR2004  # the last port there is
        raise ValueError("host:port is meant, such as 127.0.0.1:8080")
    return text or None


def _text(default: Any, says: str, group: str, read: Callable[[str], Any] = str, shown: str = "", **more: Any) -> Any:
    """A setting that is a text, or made of one by ``read``. ``shown`` is its default as operators read it."""
    return field(default=default, metadata={"says": says, "group": group, "read": read, "shown": shown, **more})


def _choice(default: str | None, choices: Iterable[str], says: str, group: str, **more: Any) -> Any:
    """A setting that is one of a few words."""
    return field(default=default, metadata={"says": says, "group": group, "choices": tuple(choices), **more})


def _off(says: str, group: str) -> Any:
    """A setting that is true or false, and false unless set."""
    return field(default=False, metadata={"says": says, "group": group, "flag": True})


def _on(says: str, group: str) -> Any:
    """A setting that is true or false, and true unless set."""
    return field(default=True, metadata={"says": says, "group": group, "flag": True})


def _number(default: int | None, least: int, most: int | None, says: str, group: str, shown: str = "") -> Any:
    """A setting that is a whole number from ``least`` to ``most``."""
    return field(default=default, metadata={"says": says, "group": group, "range": (least, most), "shown": shown})


RUN, RULES, CALLERS, LIMITS, CARDS, FETCHING, WATCHING, STORE = (
    "How it runs",
    "Rules",
    "Who may call",
    "Limits",
    "What is answered",
    "Fetching what was not sent",
    "Logging and figures",
    "Decision log",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """How this process runs. Each field is the environment variable of its name in capitals, after the prefix.

    A program that reads its settings from the environment stores answered calls unless set otherwise; one that makes
    them by hand does not.
    """

    mode: Mode = _choice("development", ("development", "production"), "`production` refuses unsafe settings", RUN)
    public_url: str | None = _text(
        None,
        "the https base URL that clients call; needed in production, for audiences (JW-6) and for links",
        RUN,
        _url,
    )
    path_prefix: str = _text(
        "", "the path under which the service is mounted when no proxy removes it (DI-1)", RUN, _prefix
    )
    tls_proxy: bool = _off("says that a TLS proxy stands in front; needed in production", RUN)
    trusted_proxies: int = _number(0, 0, 5, "how many proxies may set `X-Forwarded-*`; 0 trusts none", RUN)
    rules: Path = _text(PROJECT / "rules", "the rule set", RULES, Path, "`rules` of this project")
    jurisdiction: str | None = _choice(None, ("us", "uk"), "whose sources lead", RULES, shown="as the rule set says")
    drug_safety_scope: str | None = _choice(
        None,
        ("in-scope", "always"),
        "`always`: drug safety also without a back problem",
        RULES,
        shown="as the rule set says",
    )
    require_approved: bool = _off("serve only rules that a named clinician approved at exactly this content", RULES)
    reviewers: int | None = _number(
        None, 1, 3, "how many persons must have approved a rule before it counts as approved", RULES, "`1`"
    )
    service_paths: tuple[tuple[str, str], ...] = _text(
        (),
        "further paths of services, as `path=service-id` with commas, for registries that want a path of their own",
        RUN,
        _paths,
    )
    hidden_services: frozenset[str] = _text(
        frozenset(), "service ids, with commas, that are not offered", RULES, lambda text: frozenset(_words(text))
    )
    pack: Path | None = _text(None, "a signed pack to load in place of the rules folder", RULES, _path)
    pack_keys: Path | None = _text(
        None, "file of the keys whose signature on a pack is trusted; nothing else is loaded then", RULES, _path
    )
    rules_cache: Cache = _choice(
        "off",
        ("off", "on"),
        "`on` stores the checked rule set and what is worked out from it in `rules-cache` of the data "
        "folder, so that the next start is faster",
        RULES,
        environment="on",
        shown="`on`",
    )
    reload_seconds: int = _number(
        0, 0, 3600, "look so often whether the rules have changed and load them anew; 0 never looks", RULES
    )
    gate: bool = _on(
        "`false` decides every call in full, also one about which the gate shows that nothing can be said", RULES
    )
    authentication: Authentication = _choice(
        "open",
        ("open", "required"),
        "whether calls need a JWT (SE-2)",
        CALLERS,
        shown="`open`; in production `required`",
    )
    allow_open: bool = _off("says that production without authentication is meant", CALLERS)
    issuers: Path | None = _text(None, "file of the issuers whose tokens are trusted", CALLERS, _path)
    auditors: Path | None = _text(
        None,
        "file of the people who may read stored decisions in a browser, at `/decisions`; made with `store auditor`",
        CALLERS,
        _path,
    )
    replay_store: Path | None = _text(None, "file that keeps used token ids, shared by the workers", CALLERS, _path)
    jwt_algorithms: tuple[str, ...] = _text(
        ("ES384", "RS384"), "signature algorithms that are accepted", CALLERS, _algorithms, "`ES384,RS384`"
    )
    token_seconds: int = _number(3600, 60, 86400, "how long a token may be valid, from iat to exp", CALLERS)
    cors_origins: tuple[str, ...] = _text(
        (), "origins, with commas, whose pages may call; no wildcard (CO-3)", CALLERS, _origins
    )
    max_body_bytes: int = _number(
        10 * 1024 * 1024,
        1024,
        None,
        "larger bodies are refused with 413; give the proxy the same limit",
        LIMITS,
        "10 MiB",
    )
    max_depth: int = _number(100, 20, 200, "deeper JSON is refused", LIMITS)
    max_entries: int = _number(20_000, 100, None, "a body with more resources is refused with 413", LIMITS)
    max_cpu_ms: int = _number(
        3000, 0, None, "milliseconds of CPU after which a call is given up with 503; 0 never gives up", LIMITS
    )
    max_concurrent: int = _number(16, 1, None, "calls at once per worker; more get 503 with Retry-After", LIMITS)
    strict: bool = _off("refuse faults of a request that are otherwise tolerated (RQ-3, RQ-5)", CARDS)
    why_extension: bool = _on("`false` for clients that refuse unknown members", CARDS)
    detail: Detail = _choice(
        "short",
        ("short", "full"),
        "what a card holds: what is read in ten seconds, or its whole text (a call may ask: `?detail=full`)",
        CARDS,
    )
    discovery_versions: bool = _off(
        "name `version` and `hookVersion` in discovery, as CDS Hooks 3.0 will; 2.0 clients may refuse them",
        CARDS,
    )
    fhirpath_tokens: bool = _off(
        "use tokens such as `{{today() - 31 days}}` in prefetch templates, for clients that know those of 3.0",
        CARDS,
    )
    prefetch: Prefetch = _choice(
        "all",
        ("all", "short"),
        "which templates discovery lists: `short` those that the safety rules need most, for clients to which each "
        "query costs",
        CARDS,
    )
    older_hooks: bool = _off(
        "answer `medication-prescribe` and `order-review`, which CDS Hooks has given up, as order-select", CARDS
    )
    pages: Pages = _choice(
        "all",
        ("off", "rules", "all"),
        "pages for people: `rules` the rule book, without a patient; `all` also the playground, which reads charts",
        CARDS,
        shown="`all`; in production `rules`",
    )
    fetch_servers: tuple[str, ...] = _text(
        (), "FHIR servers, with commas, from which missing data may be fetched", FETCHING, _words
    )
    fetch_open_servers: bool = _off("fetch from servers without an access token", FETCHING)
    fetch_private_hosts: tuple[str, ...] = _text(
        (), "hosts on private addresses that may be fetched from", FETCHING, _words
    )
    fetch_budget_ms: int = _number(450, 0, 10_000, "time for all fetching of one call (PE-1); 0 turns it off", FETCHING)
    fetch_max_pages: int = _number(10, 1, 100, "pages read of one search", FETCHING)
    fetch_max_bytes: int = _number(5 * 1024 * 1024, 1024, None, "bytes read of one answer", FETCHING, "5 MiB")
    fetch_ca_file: Path | None = _text(
        None, "certificates that are trusted when fetching, beside the public ones", FETCHING, _path
    )
    metrics_bind: str | None = _text(
        None, "host:port where figures for Prometheus are told; off unless set", WATCHING, _address
    )
    traces: Traces = _choice(
        "off",
        ("off", "on"),
        "`on` sends a span for each call and its parts by OpenTelemetry; needs the extra `otel`",
        WATCHING,
    )
    log_level: str = _choice("info", ("debug", "info", "warning", "error"), "the least that is logged", WATCHING)
    history_budget_ms: int = _number(
        20,
        0,
        5000,
        "how long a call waits for what was shown before, so as not to repeat it; 0 never asks",
        STORE,
    )
    store: Keeping = _choice(
        "off",
        ("off", "on", "required"),
        "what is recorded: `off` nothing; `on` every answered call; `required` answers nothing that cannot be recorded",
        STORE,
        environment="on",
        shown="`on`",
    )
    data: Path = _text(
        PROJECT / "var", "folder of the SQLite store, its spool and its keys", STORE, Path, "`var` of this project"
    )
    store_url: str | None = _text(
        None,
        "`sqlite:///path` or `postgresql://…`; keep the password in a libpq password file",
        STORE,
        lambda text: text or None,
        "`store.db` in that folder",
        secret=True,
    )
    store_keys: Path | None = _text(
        None,
        "the keys under which patients are hashed; several machines need one file",
        STORE,
        _path,
        "`store-keys.json` in that folder",
    )
    store_anchor: Path | None = _text(
        None,
        "a second file for the newest checkpoint, best on another disk or machine; one always stands beside the keys",
        STORE,
        _path,
    )
    store_sync: bool = _off(
        "force each row to the disk before the answer, so that it survives a power failure too", STORE
    )
    keep_comments: bool = _off("keep the free text of feedback, which may hold patient data", STORE)

    @property
    def production(self) -> bool:
        """Whether the service runs for patients: what is unsafe is refused then."""
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
    refuse_unknown(os.environ)
    env = Env(prefix=PREFIX)
    found = {setting.name: _read(env, setting) for setting in fields(Settings)}
    if found["mode"] == "production" and variable("authentication") not in os.environ:
        found["authentication"] = "required"
    if found["mode"] == "production" and variable("pages") not in os.environ:
        found["pages"] = "rules"
    settings = Settings(**found)
    refuse_unsafe(settings)
    return settings


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


def bind_address() -> str:
    """Where to listen, ``host:port``. Raises SettingsError when the port is none."""
    given = os.environ.get(BIND, "")
    try:
        return _address(given) or "127.0.0.1:8080"
    except ValueError as error:
        raise SettingsError(f"{BIND} is {given[:60]!r}: {error}") from None


def worker_count() -> int:
    """How many processes answer: WEB_CONCURRENCY, or one per core this process may use, since an evaluation is CPU.

    Raises SettingsError when it is no number from 1 to 64.
    """
    given = os.environ.get("WEB_CONCURRENCY", "")
    if not given:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not given.isdecimal() or not 1 <= int(given) <= MOST_WORKERS:
        raise SettingsError(f"WEB_CONCURRENCY is {given[:60]!r}: a whole number from 1 to {MOST_WORKERS} is meant")
    return int(given)


def settings_page() -> str:
    """The settings as operators read them: one Markdown table for each need."""
    tables: dict[str, list[str]] = {}
    for setting in fields(Settings):
        given = setting.metadata
        says = given["says"]
        if "choices" in given:
            says = f"{' or '.join(f'`{choice}`' for choice in given['choices'])}: {says}"
        row = f"| `{variable(setting.name)}` | {_default_shown(setting)} | {says} |"
        tables.setdefault(given["group"], []).append(row)
    tables[RUN].insert(1, f"| `{BIND}` | `127.0.0.1:8080` | where to listen (in the image: `0.0.0.0:8080`) |")
    tables[RUN].insert(2, f"| `WEB_CONCURRENCY` | one per core | how many processes answer, 1 to {MOST_WORKERS} |")
    head = "| Variable | Default | Meaning |\n|---|---|---|"
    return "\n\n".join("\n".join([f"### {group}", "", head, *rows]) for group, rows in tables.items())


def _default_shown(setting: Field[Any]) -> str:
    if setting.metadata.get("shown"):
        return str(setting.metadata["shown"])
    if setting.default is None or setting.default in ("", (), frozenset()):
        return ""
    return f"`{str(setting.default).lower()}`"


# Read by others: by gunicorn.conf.py before anything else is, and by the tests.
BIND = PREFIX + "BIND"
OTHER_VARIABLES = frozenset({BIND, PREFIX + "TEST_DATA"})
MOST_WORKERS = 64
NO_START = "The service does not start: "
"""How every reason begins for which the service ends before it answers."""


def known_variables() -> frozenset[str]:
    """Every environment variable that begins with the prefix and means something."""
    return OTHER_VARIABLES | {variable(setting.name) for setting in fields(Settings)}


def refuse_unknown(environment: Iterable[str]) -> None:
    """Raise SettingsError for names that begin like a setting and are none: what they should turn on would be off."""
    known = known_variables()
    issues = []
    for name in sorted(name for name in environment if name.startswith(PREFIX) and name not in known):
        near = difflib.get_close_matches(name.removeprefix(PREFIX), [each.removeprefix(PREFIX) for each in known], n=1)
        issues.append(f"{name} is no setting" + (f"; did you mean {PREFIX}{near[0]}?" if near else "."))
    if issues:
        raise SettingsError(f"{' '.join(issues)} docs/operations.md lists them all")


def _read(env: Env, setting: Field[Any]) -> Any:
    """One setting from the environment. Raises SettingsError with the value and what is accepted."""
    name, given = setting.name.upper(), setting.metadata
    default = given.get("environment", setting.default)
    if "read" in given:
        text = env.str(name, None)
        if text is None:
            return default
        try:
            return given["read"](text)
        except ValueError as error:
            raise SettingsError(f"{PREFIX}{name} is {text[:60]!r}: {error}") from None
    try:
        if "flag" in given:
            return env.bool(name, default)
        if "choices" in given:
            return env.str(name, default, validate=OneOf(given["choices"]))
        return env.int(name, default, validate=Range(*given["range"]))
    except EnvError:
        value = os.environ.get(PREFIX + name, "")
        known = given.get("choices", ("true", "false") if "flag" in given else ())
        begun = [each for each in known if value and each.startswith(value.lower())]
        near = begun or difflib.get_close_matches(value.lower(), known, n=1)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise SettingsError(f"{PREFIX}{name} is {value[:60]!r}: {accepted(given)}{meant}") from None


def accepted(given: Mapping[str, Any]) -> str:
    """What a setting accepts, in words."""
    if "flag" in given:
        return "true or false is meant"
    if "choices" in given:
        return f"one of {', '.join(given['choices'])} is meant"
    least, most = given["range"]
    return f"a whole number from {least} {'on' if most is None else f'to {most}'} is meant"


def refuse_unsafe(settings: Settings) -> None:
    """Raise SettingsError where the settings are unsafe in production (TR-2, SE-2) or anywhere (CO-3)."""
    if "*" in settings.cors_origins:
        raise SettingsError(f"{PREFIX}CORS_ORIGINS must list the origins, a wildcard is refused")
    if (settings.pack is None) != (settings.pack_keys is None):
        raise SettingsError(f"{PREFIX}PACK and {PREFIX}PACK_KEYS go together: a pack is loaded only when it is trusted")
    issues = list(_unsafe_in_production(settings)) if settings.production else []
    if issues:
        raise SettingsError("; ".join(issues))


def _unsafe_in_production(settings: Settings) -> Iterator[str]:
    """Everything at once: an operator who mends one would else meet the next."""
    if not settings.tls_proxy:
        yield f"production serves HTTPS only: {PREFIX}TLS_PROXY=true says that a TLS proxy stands in front"
    if settings.public_url is None or urlsplit(settings.public_url).scheme != "https":
        yield f"production needs {PREFIX}PUBLIC_URL, the https base URL that clients call"
    if settings.authentication == "open" and not settings.allow_open:
        yield f"production needs client authentication; {PREFIX}ALLOW_OPEN=true says that open is meant"
