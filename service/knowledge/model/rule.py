"""One rule: who stands behind it, why, what it does, and how we know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from service.knowledge.model.card import CardText
from service.knowledge.model.condition import Condition, leaves
from service.knowledge.model.source import Citation


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What is advised about which topic, in which direction, and how sure the source is."""

    topic: str
    direction: str
    strength: str
    certainty: str


@dataclass(frozen=True, slots=True)
class Given:
    """The state of one finding in an example."""

    status: str
    low: Decimal | None = None
    high: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """One case at finding level. What is not given is absent (numbers: unknown)."""

    name: str
    given: Mapping[str, Given]
    expect: str
    at: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One change of a rule: version, date and what changed."""

    version: str
    day: date
    change: str


@dataclass(frozen=True, slots=True)
class Rule:
    """When … then …, with its reasons: who stands behind it, why, what it does, how we know.

    Rules are flat: a rule file with variants gives one rule for each, with the guard of its phase and all defaults
    written out. ``variant_of`` is the id of that file. Of a ``family`` the most severe rule that fires is shown,
    of equally severe ones that with the lowest ``rank``; one that is ``named_when_covered`` is named on that card.
    ``repeat_after`` is how many days its info or warning is not repeated after it was shown, where not the usual ones.
    """

    id: str
    phase: str
    title: str
    version: str
    status: str
    effective: date | None
    owner: str
    review_by: date
    purpose: str
    rationale: str
    recommendation: Recommendation | None
    citations: tuple[Citation, ...]
    hooks: tuple[str, ...]
    when: Condition
    concludes: str | None
    card: CardText | None
    family: str | None
    names_conflict_with: tuple[str, ...]
    mentions: tuple[str, ...]
    unverified_parts: tuple[str, ...]
    limitations: str
    examples: tuple[Example, ...]
    history: tuple[HistoryEntry, ...]
    variant_of: str | None = None
    rank: int = 0
    named_when_covered: bool = False
    repeat_after: int | None = None
    at: str = field(default="", compare=False)

    @property
    def file_id(self) -> str:
        """The id of the rule file, which its variants share."""
        return self.variant_of or self.id

    @property
    def reads(self) -> frozenset[str]:
        """The findings the condition tests."""
        return frozenset(leaf.finding for leaf in leaves(self.when))

    @property
    def precedence(self) -> tuple[int, int]:
        """Sorts the rules of a family: the most severe first, of equally severe ones by their written order."""
        return (-self.severity, self.rank)

    @property
    def severity(self) -> int:
        """The severity of its card: 0 to 2, and -1 without a card."""
        return self.card.indicator.rank if self.card is not None else -1
