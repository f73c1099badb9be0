"""The requirements of CDS Hooks that a service has to meet, as a table: id, level, whose they are, and what they say.

Levels: M must, S should, s a "should" in small letters, Y may, BP best practice, P a rule of this product, - a note.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).resolve().parent / "requirements.csv"
CHAPTERS = {
    "TR": "Transport and JSON",
    "DI": "Discovery",
    "PF": "Prefetch templates",
    "TK": "Prefetch tokens",
    "QR": "Queries of templates",
    "RQ": "The call",
    "RP": "Prefetched data",
    "FA": "The client's FHIR server",
    "SC": "Status codes",
    "RS": "The answer",
    "CA": "Cards",
    "SO": "Sources and codings",
    "SU": "Suggestions",
    "AC": "Actions",
    "OR": "Override reasons",
    "LI": "Links",
    "SY": "System actions",
    "FB": "Feedback",
    "SE": "Security",
    "JW": "Signed tokens",
    "CO": "Browser clients",
    "EX": "Extensions",
    "PE": "Speed",
    "ST": "Safety",
}


@dataclass(frozen=True)
class Requirement:
    """One requirement. ``reason`` says why it is not ours, or not used; only then may it be without a test."""

    id: str
    level: str
    whose: str
    text: str
    reason: str

    @property
    def chapter(self) -> str:
        return CHAPTERS[self.id.partition("-")[0]]

    @property
    def is_binding(self) -> bool:
        """Whether it must or should be met by a service."""
        return self.whose == "service" and self.level in {"M", "S"}


@cache
def requirements() -> tuple[Requirement, ...]:
    """The table, in its own order."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(
            Requirement(row["id"], row["level"], row["whose"], row["requirement"], row["reason"])
            for row in csv.DictReader(file)
        )
