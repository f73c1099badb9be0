"""Prefetch states: what arrived under one prefetch key, and how much silence in it means (RP-3 to RP-8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """What arrived under a key."""

    SENT = "sent"
    NULL = "null"
    FAILED = "failed"
    NOT_SENT = "not-sent"
    FIRST_PAGE = "first-page"


@dataclass(frozen=True, slots=True)
class PrefetchState:
    """One prefetch key: its state and the resources it brought (as received).

    ``full_urls`` runs beside ``resources``: the fullUrl of each Bundle entry, or None. ``reason`` says why it failed.
    ``next_url`` is where the next page is to be had when only the first came.
    """

    key: str
    state: State
    resources: tuple[Any, ...] = ()
    full_urls: tuple[str | None, ...] = ()
    reason: str | None = None
    next_url: str | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """What a prefetch key asks for: resource types, and whether the query takes only a part of them.

    A narrowed query (``category=vital-signs``) never makes the list of its type complete.
    """

    types: tuple[str, ...]
    narrowed: bool = False


def classify(key: str, value: object, sent: bool = True) -> PrefetchState:
    """The state of one raw prefetch value. ``sent=False``: the key was omitted. Total: never raises."""
    raise NotImplementedError


def merge(states: Sequence[PrefetchState]) -> Mapping[str, PrefetchState]:
    """The states by key."""
    return {state.key: state for state in states}
