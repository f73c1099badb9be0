"""Guidelines, labels and trials, and what each says about a rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Mark(StrEnum):
    """How far a statement has been compared with its original."""

    VERIFIED = "verified"
    ARCHIVED = "verified in an archived copy"
    SECONDARY = "read on a secondary page only"
    PARTLY = "partly verified"
    NOT_VERIFIED = "not verified"


class SourceStatus(StrEnum):
    CURRENT = "current"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    DISPUTED = "disputed"


@dataclass(frozen=True, slots=True)
class Source:
    """One guideline, label, trial or page, with what a reader must know before trusting it."""

    id: str
    title: str
    kind: str
    citation: str
    locator: str
    url: str | None
    publisher: str
    year: int | None
    grading: str
    jurisdiction: str
    status: SourceStatus
    status_note: str | None
    label: str
    bibliography_mark: Mark
    compared: date | None
    compared_by: str | None
    caution: str | None
    funding: str | None = None
    at: str = field(default="", compare=False)

    @property
    def caveats(self) -> tuple[str, ...]:
        """What must reach the card: age, dispute, and that nobody has compared it with the original."""
        notes = []
        if self.status is not SourceStatus.CURRENT:
            notes.append(self.status_note or self.status.value)
        if self.compared is None:
            notes.append("not yet compared with the original")
        return tuple(notes)


@dataclass(frozen=True, slots=True)
class Citation:
    """What one source says about a rule, in our words, and whether it supports or opposes it."""

    source: str
    section: str
    supports: bool
    says: str
    mark: Mark
    recs: tuple[str, ...] = ()
    strength: str | None = None
    certainty: str | None = None
    at: str = field(default="", compare=False)
