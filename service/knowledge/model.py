"""What the rule files say, as objects. Nothing here ever sees a patient.

Every object that a person wrote keeps ``at``, the ``file:line`` where it stands, so that any later
complaint can point there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Word(StrEnum):
    """The five words a condition may use about a finding."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"
    NOT_PRESENT = "not present"
    NOT_ABSENT = "not absent"


@dataclass(frozen=True, slots=True)
class Leaf:
    """One test of one finding: a word, or one or two comparisons that must both hold."""

    finding: str
    word: Word | None = None
    at_least: Decimal | None = None
    more_than: Decimal | None = None
    less_than: Decimal | None = None
    at: str = field(default="", compare=False)

    @property
    def is_comparison(self) -> bool:
        return self.word is None

    def limits(self) -> Iterator[Decimal]:
        """The numbers this test compares with."""
        for limit in (self.at_least, self.more_than, self.less_than):
            if limit is not None:
                yield limit

    def __str__(self) -> str:
        if self.word is not None:
            return f"{self.finding} {self.word}"
        parts = [
            f"{text} {limit}"
            for text, limit in (
                ("at least", self.at_least),
                ("more than", self.more_than),
                ("less than", self.less_than),
            )
            if limit is not None
        ]
        return f"{self.finding} {' and '.join(parts)}"


@dataclass(frozen=True, slots=True)
class AllOf:
    """True when every part is true."""

    parts: tuple[Condition, ...]
    at: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True when at least one part is true."""

    parts: tuple[Condition, ...]
    at: str = field(default="", compare=False)


Condition = Leaf | AllOf | AnyOf


def leaves(condition: Condition) -> Iterator[Leaf]:
    """Every test in the condition, in the order written."""
    if isinstance(condition, Leaf):
        yield condition
    else:
        for part in condition.parts:
            yield from leaves(part)


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


class FactKind(StrEnum):
    """The closed set of ways in which a fact is read from the record."""

    CODED = "coded"
    QUANTITY = "quantity"
    AGE = "age"
    SEX = "sex"
    ELAPSED = "elapsed"
    GESTATION = "gestation"
    DRUG = "drug"
    COURSE = "course"
    CHANGE = "change"
    ORDER = "order"
    ORDER_REASON = "order-reason"
    COUNT = "count"
    SETTING = "setting"


NUMERIC_KINDS = frozenset(
    {
        FactKind.QUANTITY,
        FactKind.AGE,
        FactKind.ELAPSED,
        FactKind.GESTATION,
        FactKind.COURSE,
        FactKind.CHANGE,
        FactKind.COUNT,
    }
)


@dataclass(frozen=True, slots=True)
class FactSource:
    """Where a fact looks: one resource type, the codes that count, and which instances count."""

    resource: str
    codes: tuple[str, ...]
    yes: tuple[str, ...] = ()
    no: tuple[str, ...] = ()
    history: bool = False
    unconfirmed: bool = True
    within_days: int | None = None
    no_within_days: int | None = None
    undated: bool = True
    in_episode: bool = False
    body_site: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FactDefinition:
    """How one finding is read from the record, and when silence may count as absent.

    ``asks`` is the phrase a clinician reads when the fact is unknown ("bladder function").
    ``complete`` names the resource types whose lists must have been sent whole before finding
    nothing may count as absent; empty means that only a recorded "no" is a no.
    Options that do not belong to the kind are refused by the loader.
    """

    id: str
    title: str
    asks: str
    kind: FactKind
    absent_when: str
    complete: tuple[str, ...] = ()
    complete_nonempty: bool = False
    sources: tuple[FactSource, ...] = ()
    newest_wins: bool = False
    unit: str | None = None
    look_back_days: Decimal | None = None
    plausible: tuple[Decimal, Decimal] | None = None
    prefer: str | None = None
    compute: str | None = None
    gender: str | None = None
    pick: str | None = None
    classes: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    route: str = "systemic"
    within_days: int | None = None
    stopped_within_days: int | None = None
    or_ordered: bool = False
    daily_dose_mg: tuple[Decimal | None, Decimal | None] | None = None
    gap_days: int = 7
    measure: str | None = None
    resource: str | None = None
    reasons: tuple[str, ...] = ()
    order: str | None = None
    setting: str | None = None
    equals: str | None = None
    product_choice: str | None = None
    at: str = field(default="", compare=False)

    @property
    def is_numeric(self) -> bool:
        return self.kind in NUMERIC_KINDS


@dataclass(frozen=True, slots=True)
class Dose:
    """A dose as printed in its source, ready for a Dosage."""

    quantity: Decimal
    unit: str
    frequency: int
    period: Decimal
    period_max: Decimal | None
    period_unit: str
    as_needed: bool
    route: str
    text: str


@dataclass(frozen=True, slots=True)
class OrderTemplate:
    """An order a card may suggest, always as a draft proposal the clinician signs."""

    id: str
    title: str
    resource: str
    code: Code
    priority: str | None
    text: str | None
    dose: Dose | None
    course_days: int | None
    reason_text: str | None
    drug_class: str | None
    procedure: str | None
    citations: tuple[Citation, ...]
    at: str = field(default="", compare=False)


class Indicator(StrEnum):
    """How loud a card is; the values are those of CDS Hooks (CA-2)."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return ("info", "warning", "critical").index(self.value)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One button: orders to create and draft orders to remove. All of it or nothing (SU-3)."""

    label: str
    create: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    recommended: bool = False
    at: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class CardText:
    """What the clinician sees. Approved together with the logic."""

    indicator: Indicator
    summary: str
    detail: str
    suggestions: tuple[Suggestion, ...] = ()
    links: tuple[Link, ...] = ()
    override_reasons: tuple[str, ...] = ()
    patient_summary: str | None = None
    patient_detail: str | None = None


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
    version: str
    day: date
    change: str


@dataclass(frozen=True, slots=True)
class Rule:
    """When … then …, with its reasons: who stands behind it, why, what it does, how we know."""

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
    at: str = field(default="", compare=False)

    @property
    def reads(self) -> frozenset[str]:
        """The findings the condition tests."""
        return frozenset(leaf.finding for leaf in leaves(self.when))


@dataclass(frozen=True, slots=True)
class ServiceDefinition:
    """One CDS service: an id, the hook it answers, and what it says of itself in discovery."""

    id: str
    hook: str
    title: str
    description: str
    usage_requirements: str
    indicators: tuple[str, ...]
    info_phases: tuple[str, ...]
    at: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class OverrideReason:
    code: str
    system: str
    display: str


@dataclass(frozen=True, slots=True)
class Phase:
    """The rules that run together; the next phase starts when this one is complete."""

    id: str
    title: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Conclusion:
    """A finding that rules add, and its words for a reader.

    ``named_as_one``: a card names it by its own words instead of listing the facts behind it.
    """

    id: str
    title: str
    asks: str
    named_as_one: bool = False
    at: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Everything in ``rules/``, checked, with the digest that names exactly this content."""

    name: str
    version: str
    digest: str
    intended_use: str
    out_of_scope: str
    jurisdiction: str
    settings: Mapping[str, str]
    not_clearance: str
    max_info_cards: int
    card_order: tuple[str, ...]
    episode: tuple[str, ...]
    phases: tuple[Phase, ...]
    conclusions: Mapping[str, Conclusion]
    facts: Mapping[str, FactDefinition]
    value_sets: Mapping[str, ValueSet]
    sources: Mapping[str, Source]
    orders: Mapping[str, OrderTemplate]
    services: Mapping[str, ServiceDefinition]
    override_reasons: Mapping[str, OverrideReason]
    people: Mapping[str, str]
    approved: frozenset[str]
    retired: tuple[Rule, ...] = ()

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, in the order of their phases."""
        return tuple(rule for phase in self.phases for rule in phase.rules)

    def asks(self, finding: str) -> str:
        """The words a clinician reads for a finding."""
        if finding in self.facts:
            return self.facts[finding].asks
        return self.conclusions[finding].asks
