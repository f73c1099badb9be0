"""Outline: what of a stored decision goes into the tables that can be searched, and into the data radar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.json import Decoder


class CardOutline(Struct, frozen=True):
    """A card of a stored decision, with its rules as (id, version, 1 if it is shown or 0 if suppressed)."""

    uuid: Any
    indicator: Any
    rules: Any


class Outline(Struct, frozen=True):
    """The members of a decision's body that are looked at while it is drained, as they stand there.

    Most of a body is findings with their entries: to pass over them takes a tenth of the time that reading them takes.
    """

    id: Any
    at: Any
    service: Any
    hook: Any
    hook_instance: Any
    issuer: Any
    ruleset: Any
    patient: Any
    cards: Sequence[CardOutline]
    findings: Any
    problem_count: Any
    microseconds: Any
    gate: Any = None
    prefetch: Any = {}


outline = Decoder(Outline).decode
"""The outline of the body of a decision. Raises ValueError when it is no body that the store writes."""
