"""What a clinician sees when a rule is shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Indicator(StrEnum):
    """The severity of a card; the values are those of CDS Hooks (CA-2)."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    rank: int
    """0 for info, 1 for warning, 2 for critical: an attribute, since a card is asked for it a dozen times."""

    def __init__(self, word: str) -> None:
        self.rank = ("info", "warning", "critical").index(word)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One button: orders to create, draft orders to remove or to limit. All of it or nothing (SU-3).

    ``limit`` names order facts whose drafts get a stop date after ``limit_days`` days.
    """

    label: str
    create: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    limit: tuple[str, ...] = ()
    limit_days: int | None = None
    recommended: bool = False
    at: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Link:
    """A link on a card (LI-1): a label and an absolute URL."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class CardText:
    """What the clinician sees. Approved together with the logic.

    ``act`` says in two sentences what to do and the alternatives; without it the first sentences of ``detail`` stand on
    the card. ``short`` names the advice in a few words where several pieces of advice share one card.
    """

    indicator: Indicator
    summary: str
    detail: str
    suggestions: tuple[Suggestion, ...] = ()
    links: tuple[Link, ...] = ()
    override_reasons: tuple[str, ...] = ()
    patient_summary: str | None = None
    patient_detail: str | None = None
    act: str | None = None
    short: str | None = None
