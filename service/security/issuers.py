"""Issuers: which clients are trusted, and for each where its keys come from (SE-5, JW-10, JW-11).

One JSON file, named by the setting ``ISSUERS``, read once at start::

    {"issuers": [{
        "iss": "https://ehr.example.org",
        "jku": ["https://ehr.example.org/jwks.json"],
        "jwks_file": "ehr.jwks.json",
        "audiences": ["https://cds.example.org/typed-in-by-hand"],
        "tenants": ["hospital-1"],
        "profile": "epic",
        "fhir_servers": ["https://ehr.example.org/fhir/r4"]
    }]}

Only ``iss`` and one of ``jku``, ``jku_list`` and ``jwks_file`` are needed. A ``jku`` that ends with ``/*`` stands for
every URL below it; ``jku_list`` is an https URL that answers with the list, for vendors that publish one. With a
``jwks_file`` (a path beside this file) keys are never fetched; a ``jku`` in a token is then still compared with the
list. Without ``tenants`` any tenant may call; without ``fhir_servers`` the servers of the whole
service hold.
``algorithms`` are accepted of this issuer besides those of the whole service, such as RS256 for a client of a trial.
``profile`` is one of the client profiles; without it the request shows which one holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from service.config import ALGORITHMS
from service.errors import Issue, IssuesError, RequestError
from service.security.address_guard import is_loopback_name
from service.security.limits import parse_json

_LISTS = ("jku", "audiences", "tenants", "fhir_servers", "algorithms")
_KEYS = {"iss", "jku_list", "jwks_file", "profile", *_LISTS}
_MAX_DEPTH = 10


_BELOW = "/*"
_PLAIN = re.compile(r"[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*")


def _is_below(jku: str, beginning: str) -> bool:
    """Whether a URL goes on where ``beginning`` ends, with plain segments only: nothing that leads elsewhere."""
    rest = jku.removeprefix(beginning)
    return rest != jku and _PLAIN.fullmatch(rest) is not None and ".." not in rest


class IssuersError(IssuesError):
    """The file of trusted issuers is wrong. The operator acts; the process does not start. Carries all issues."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """One trusted client.

    ``static_keys`` are the JWKs of its file; None if keys are fetched, from the token's jku or else ``default_jku``.
    ``jku_list`` is where the vendor publishes further jku.
    """

    iss: str
    jkus: tuple[str, ...] = ()
    static_keys: tuple[Mapping[str, Any], ...] | None = None
    audiences: frozenset[str] = frozenset()
    tenants: frozenset[str] = frozenset()
    fhir_servers: tuple[str, ...] = ()
    profile: str | None = None
    jku_list: str | None = None
    algorithms: frozenset[str] = frozenset()

    def lists(self, jku: object) -> bool:
        """Whether a token's URL of keys is one of the issuer's: the same text, or below one that ends with ``/*``."""
        if not isinstance(jku, str):
            return False
        return jku in self.jkus or any(
            url.endswith(_BELOW) and _is_below(jku, url.removesuffix("*")) for url in self.jkus
        )

    @property
    def default_jku(self) -> str | None:
        """Where keys are fetched when a token names no URL: the first that is no beginning of several."""
        return next((url for url in self.jkus if not url.endswith(_BELOW)), None)


def read_issuers(path: Path, *, development: bool = False, profiles: Sequence[str] = ()) -> dict[str, Issuer]:
    """The trusted issuers of the file, by ``iss``. ``development`` allows http for loopback.

    ``profiles`` are the names of the client profiles there are.

    Raises IssuersError with all issues.
    """
    document = _read_json(path, str(path))
    listed = document.get("issuers") if isinstance(document, dict) else None
    if not isinstance(listed, list) or not listed:
        raise IssuersError([Issue(path.name, "no list of issuers", 'write {"issuers": [{"iss": …}]}')])
    issues: list[Issue] = []
    issuers: dict[str, Issuer] = {}
    for number, entry in enumerate(listed):
        where = f"{path.name}: issuers[{number}]"
        issuer = _read_issuer(entry, where, path.parent, development, issues)
        if issuer is not None and issuer.profile is not None and issuer.profile not in profiles:
            issues.append(Issue(f"{where}.profile", "is not one that is known", f"known: {', '.join(profiles)}"))
        if issuer is not None and issuer.iss in issuers:
            issues.append(Issue(where, "the same iss a second time"))
        elif issuer is not None:
            issuers[issuer.iss] = issuer
    if issues:
        raise IssuersError(issues)
    return issuers


def parse_jku_list(document: object) -> tuple[str, ...]:
    """The URLs of a published list: a list of texts, alone or as a member of an object; of https only.

    Raises ValueError where it is none.
    """
    members = list(document.values()) if isinstance(document, dict) else [document]
    lists = [each for each in members if isinstance(each, list) and all(isinstance(url, str) for url in each)]
    if not lists:
        raise ValueError("not a list of URLs")
    return tuple(url for each in lists for url in each if urlsplit(url).scheme in ("https", "http"))


def parse_jwks(document: object) -> tuple[Mapping[str, Any], ...]:
    """The keys of a JWK Set. Raises ValueError if it has no list of keys."""
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list) or not any(isinstance(key, dict) for key in keys):
        raise ValueError("not a JWK Set with keys")
    return tuple(key for key in keys if isinstance(key, dict))


def _read_json(path: Path, where: str) -> object:
    try:
        document: object = parse_json(path.read_bytes(), max_depth=_MAX_DEPTH)
    except OSError:
        raise IssuersError([Issue(where, "the file cannot be read")]) from None
    except RequestError as error:
        raise IssuersError([Issue(where, error.issues[0].text)]) from None
    return document


def _read_issuer(entry: object, where: str, folder: Path, development: bool, issues: list[Issue]) -> Issuer | None:
    before = len(issues)
    if not isinstance(entry, dict) or not isinstance(entry.get("iss"), str) or not entry["iss"]:
        issues.append(Issue(where, "iss is missing"))
        return None
    issues += [Issue(where, f"unknown key {key}", "known: " + ", ".join(sorted(_KEYS))) for key in entry.keys() - _KEYS]
    lists = {name: _words(entry.get(name), f"{where}.{name}", issues) for name in _LISTS}
    for url in lists["jku"]:
        if url.endswith(_BELOW) and not urlsplit(url).path.removesuffix(_BELOW):
            issues.append(Issue(f"{where}.jku", "a URL that ends with /* must have a path before it"))
        if not _may_fetch(url, development):
            issues.append(Issue(f"{where}.jku", "must be an https URL", "http is for loopback in development"))
    if set(lists["algorithms"]) - set(ALGORITHMS):
        issues.append(Issue(f"{where}.algorithms", "is not one that is known", f"known: {', '.join(ALGORITHMS)}"))
    static = _static_keys(entry.get("jwks_file"), f"{where}.jwks_file", folder, issues)
    published = _published(entry.get("jku_list"), f"{where}.jku_list", development, issues)
    if static is None and not lists["jku"] and published is None and len(issues) == before:
        issues.append(Issue(where, "no keys", "give jku, jku_list or jwks_file"))
    if len(issues) > before:
        return None
    return Issuer(
        iss=entry["iss"],
        jkus=lists["jku"],
        static_keys=static,
        audiences=frozenset(lists["audiences"]),
        tenants=frozenset(lists["tenants"]),
        fhir_servers=lists["fhir_servers"],
        profile=entry["profile"] if isinstance(entry.get("profile"), str) else None,
        jku_list=published,
        algorithms=frozenset(lists["algorithms"]),
    )


def _published(url: object, where: str, development: bool, issues: list[Issue]) -> str | None:
    if url is None:
        return None
    if not isinstance(url, str) or not _may_fetch(url, development):
        issues.append(Issue(where, "must be an https URL", "http is for loopback in development"))
        return None
    return url


def _words(value: object, where: str, issues: list[Issue]) -> tuple[str, ...]:
    """One text or a list of texts, as a tuple."""
    values: Sequence[object] = value if isinstance(value, list) else [] if value is None else [value]
    words = tuple(word for word in values if isinstance(word, str) and word)
    if len(words) != len(values):
        issues.append(Issue(where, "must be a text or a list of texts"))
    return words


def _static_keys(name: object, where: str, folder: Path, issues: list[Issue]) -> tuple[Mapping[str, Any], ...] | None:
    if name is None:
        return None
    if not isinstance(name, str):
        issues.append(Issue(where, "must be the name of a file"))
        return None
    try:
        return parse_jwks(_read_json(folder / name, where))
    except IssuersError as error:
        issues += error.issues
    except ValueError as error:
        issues.append(Issue(where, str(error)))
    return None


def _may_fetch(url: str, development: bool) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(host)
    return development and parts.scheme == "http" and is_loopback_name(host)
