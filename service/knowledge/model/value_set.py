"""The codes of one clinical idea."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Code:
    """One code of a value set. ``descendants`` holds for every code below it (ICD-10-CM, ATC: by prefix)."""

    system: str
    code: str
    display: str
    descendants: bool
    verified: bool
    source: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ValueSet:
    """The codes of one clinical idea, and the reviewed patterns that find it in text-only codings."""

    id: str
    title: str
    codes: tuple[Code, ...]
    link_ids: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    note: str | None = None
    at: str = field(default="", compare=False)
