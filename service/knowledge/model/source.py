"""Guidelines, labels and trials, what each says, and how a rule cites it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
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
    """Whether a source is in force, replaced, past its own date, or disputed."""

    CURRENT = "current"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    DISPUTED = "disputed"


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing one source says, in our words: written once, cited by many rules.

    ``compared`` and ``compared_by`` say when and by whom this statement was held against the original; where they
    are None, those of the source count.
    """

    id: str
    section: str
    says: str
    mark: Mark
    strength: str | None = None
    certainty: str | None = None
    compared: date | None = None
    compared_by: str | None = None
    at: str = field(default="", compare=False)


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
    statements: tuple[Statement, ...] = ()
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
    """A statement as a rule cites it: all of the statement's words, whether it supports or opposes, and why here.

    ``compared`` is the day on which the statement itself was held against the original; else that of its source counts.
    One that ``leads`` carries the sentence of the card, whatever the jurisdiction of its source.
    """

    source: str
    statement: str
    supports: bool
    section: str = ""
    says: str = ""
    mark: Mark = Mark.NOT_VERIFIED
    strength: str | None = None
    certainty: str | None = None
    compared: date | None = None
    why: str | None = None
    leads: bool = False
    at: str = field(default="", compare=False)

    @property
    def reference(self) -> str:
        """The citation as it is written in a rule: ``SOURCE/STATEMENT``."""
        return f"{self.source}/{self.statement}"

    def of(self, statement: Statement) -> Citation:
        """This citation with the words of the statement that it names."""
        return replace(
            self,
            section=statement.section,
            says=statement.says,
            mark=statement.mark,
            strength=statement.strength,
            certainty=statement.certainty,
            compared=statement.compared,
        )
