"""What a comparison found, as objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from service.finding import Finding
from service.knowledge.model import Rule
from service.review.comparison.region import Region


class Direction(StrEnum):
    """In which way the answer to a patient differs."""

    SHOWN_NEWLY = "shown newly"
    NO_LONGER_SHOWN = "no longer shown"
    UNDECIDED_NEWLY = "undecided newly"
    NO_LONGER_UNDECIDED = "no longer undecided"

    @property
    def is_about_showing(self) -> bool:
        """Whether it is about a card that is shown (or a conclusion that is drawn), not about what cannot be known."""
        return self in (Direction.SHOWN_NEWLY, Direction.NO_LONGER_SHOWN)

    @property
    def is_newly(self) -> bool:
        """Whether it is so under the second rule set and not under the first."""
        return self in (Direction.SHOWN_NEWLY, Direction.UNDECIDED_NEWLY)


@dataclass(frozen=True, slots=True)
class Witness:
    """One patient: what of him says something, and which cards are shown to him under each rule set.

    ``before`` and ``after`` are the rules whose cards are shown, but for those shown under both that are not the rule
    asked about. ``service`` is where they were asked.
    """

    findings: Mapping[str, Finding]
    service: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which a rule differs: at which services, for whom, and a patient who shows it."""

    direction: Direction
    services: tuple[str, ...]
    region: Region
    witness: Witness


class ChangeClass(StrEnum):
    """What the comparison says of one rule."""

    DIFFERS = "differs"
    PROVED_SAME = "proved the same"
    WORDS_ONLY = "words only"
    UNTOUCHED = "untouched"


@dataclass(frozen=True, slots=True)
class ChangedTest:
    """One test of a condition that was replaced, added (``before`` is None) or removed (``after`` is None)."""

    before: str | None
    after: str | None
    at: str


@dataclass(frozen=True, slots=True)
class ChangedField:
    """One thing said in another way: where it stands, what it was and what it is."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class RuleComparison:
    """One rule of either rule set.

    ``before`` or ``after`` is None for a rule that was added or removed; ``renamed`` is then the rule of the other rule
    set that does the same under another name. ``reordered``: only the order of its tests
    changed. ``tests`` are the tests of its condition that changed, ``logic`` the other fields that decide when and how
    severe it is shown, ``card`` what its card says and offers, ``grounds`` sources and reasons, ``record`` who looks
    after it and when. ``depends_on`` are the conclusions it reads that are drawn otherwise, ``family`` the rules of its
    family that may be shown otherwise.
    """

    id: str
    before: Rule | None
    after: Rule | None
    change_class: ChangeClass
    reordered: bool = False
    renamed: str | None = None
    tests: tuple[ChangedTest, ...] = ()
    logic: tuple[ChangedField, ...] = ()
    card: tuple[ChangedField, ...] = ()
    grounds: tuple[ChangedField, ...] = ()
    record: tuple[ChangedField, ...] = ()
    depends_on: tuple[str, ...] = ()
    family: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()

    @property
    def rule(self) -> Rule:
        """The rule as it is, or as it was where it was removed."""
        rule = self.after or self.before
        assert rule is not None
        return rule

    @property
    def severity(self) -> int:
        """The severity of its card, now or before; -1 for a rule that concludes."""
        cards = [rule.card for rule in (self.before, self.after) if rule is not None and rule.card is not None]
        return max((card.indicator.rank for card in cards), default=-1)

    @property
    def is_edited_in_logic(self) -> bool:
        """Whether its own text changed in what decides when and how it is shown."""
        return bool(self.tests or self.logic) or self.before is None or self.after is None


@dataclass(frozen=True, slots=True)
class ContentChange:
    """A fact, value set, order, source or part of ruleset.yaml that changed, with the rules that depend on it."""

    kind: str
    id: str
    title: str
    fields: tuple[ChangedField, ...]
    rules: tuple[str, ...] = ()
    codes_added: tuple[str, ...] = ()
    codes_removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BrokenInvariant:
    """An invariant that does not hold under the second rule set, with a patient; ``already``: nor under the first."""

    id: str
    says: str
    text: str
    findings: Mapping[str, Finding] = field(default_factory=dict)
    already: bool = False


@dataclass(frozen=True, slots=True)
class ConclusionComparison:
    """A conclusion that both rule sets draw, and otherwise for some patient; ``cards`` are the card rules above it."""

    id: str
    title: str
    cards: tuple[str, ...]
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class RuleSetName:
    """Which rule set was compared: what it was called by, its version, digest and number of rules."""

    label: str
    version: str
    digest: str
    rules: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that differs between two rule sets.

    ``rules`` are those that were edited or can be reached by a change; every other rule is ``untouched``.
    ``approvals_fallen`` are rules approved in the first rule set whose approval does not hold in the second,
    ``approvals_given`` those approved in the second only,
    ``to_review_again`` all rules whose content under review changed. ``invariants`` is how many were asked again, None
    when they were not asked.
    """

    before: RuleSetName
    after: RuleSetName
    rules: tuple[RuleComparison, ...]
    conclusions: tuple[ConclusionComparison, ...]
    contents: tuple[ContentChange, ...]
    untouched: int
    approvals_fallen: tuple[str, ...]
    approvals_given: tuple[str, ...]
    to_review_again: tuple[str, ...]
    invariants: int | None
    broken: tuple[BrokenInvariant, ...]

    def of_class(self, change_class: ChangeClass) -> tuple[RuleComparison, ...]:
        """The rules of one verdict."""
        return tuple(rule for rule in self.rules if rule.change_class is change_class)

    @property
    def edited_in_logic(self) -> int:
        """How many rules were themselves edited in what decides when they are shown."""
        return sum(rule.is_edited_in_logic for rule in self.rules)

    @property
    def proved_same(self) -> int:
        """How many rules are the same for every patient, in words too or by proof."""
        return self.untouched + len(self.of_class(ChangeClass.PROVED_SAME))

    @property
    def cards_differing(self) -> tuple[RuleComparison, ...]:
        """The rules whose card can be shown to other patients, or with another severity, the most severe first."""
        differing = [one for one in self.of_class(ChangeClass.DIFFERS) if one.rule.card is not None]
        return tuple(sorted(differing, key=lambda one: -one.severity))

    @property
    def differs(self) -> bool:
        """Whether anything differs for a patient or a reader, or in what patients are read by."""
        said = (ChangeClass.DIFFERS, ChangeClass.WORDS_ONLY)
        # A card says whether its rule is approved.
        approvals = self.approvals_fallen or self.approvals_given
        return bool(
            approvals or self.contents or self.conclusions or any(rule.change_class in said for rule in self.rules)
        )
