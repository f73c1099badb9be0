"""Scopes: what the token lets the service read (FA-6), as SMART v1 (``patient/Observation.read``) or v2 (``.rs``)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from urllib.parse import parse_qsl

_CLINICAL = re.compile(
    r"(?P<context>patient|user|system)/(?P<type>\*|[A-Za-z]+)\.(?P<rights>(?i:read|write|\*|c?r?u?d?s?))(\?(?P<only>.+))?"
)
_SMART = re.compile(r"(?:^|\s)(?:(?:patient|user|system)/|launch|openid|fhirUser|profile|offline_access|online_access)")
# SMART v1 "read" covers both interactions; v2 writes them one letter each, in this order.
_V1 = {"read": frozenset("rs"), "write": frozenset("cud"), "*": frozenset("cruds")}


class Interaction(Enum):
    """How a query reads: one resource by id, or a search. The values are the letters of SMART v2."""

    READ = "r"
    SEARCH = "s"


class Coverage(Enum):
    """How much of a query's answer the scopes allow."""

    NONE = auto()
    PART = auto()
    FULL = auto()


@dataclass(frozen=True, slots=True)
class Scope:
    """One clinical scope. ``only`` are search parameters to which v2 may restrict it (``?category=laboratory``)."""

    type: str
    rights: frozenset[str]
    only: frozenset[tuple[str, str]] = frozenset()


def parse_scopes(text: str) -> tuple[Scope, ...]:
    """The clinical scopes of a space-separated list; others (``launch``, ``openid``) say nothing about resources."""
    scopes = []
    for word in text.split():
        found = _CLINICAL.fullmatch(word)
        if found and found["rights"]:
            # Epic writes ".Read".
            written = found["rights"].lower()
            rights = _V1.get(written, frozenset(written))
            scopes.append(Scope(found["type"], rights, frozenset(parse_qsl(found["only"] or ""))))
    return tuple(scopes)


def looks_like_smart(text: str) -> bool:
    """Whether a scope is written as SMART means it at all; names of a vendor's own say nothing that can be read."""
    return not text.strip() or _SMART.search(text) is not None


def coverage(scopes: Sequence[Scope], type_: str, interaction: Interaction, parameters: str = "") -> Coverage:
    """How much of a query on ``type_`` the scopes allow; ``parameters`` is the query string of a search.

    A restricted scope covers in full only a search that is restricted in the same way.
    """
    usable = [scope for scope in scopes if scope.type in {"*", type_} and interaction.value in scope.rights]
    asked = set(parse_qsl(parameters))
    if any(scope.only <= asked for scope in usable):
        return Coverage.FULL
    return Coverage.PART if usable else Coverage.NONE
