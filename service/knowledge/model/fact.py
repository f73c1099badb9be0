"""How a finding is read from the record, and when silence may count as absent."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


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
    NOT_READ = "not-read"


NUMERIC_KINDS = frozenset(
    {
        FactKind.QUANTITY,
        FactKind.AGE,
        FactKind.ELAPSED,
        FactKind.GESTATION,
        FactKind.COURSE,
        FactKind.CHANGE,
        FactKind.COUNT,
        FactKind.NOT_READ,
    }
)


@dataclass(frozen=True, slots=True)
class FactSource:
    """Where a fact looks: one resource type, the codes that count, and which instances count.

    ``or_in_episode`` widens ``within_days`` to the start of the current episode, where that is earlier.

    ``inverted`` is for a question that asks the opposite ("the red-flag screen is negative"): a yes to
    it is a no to the fact, and a no to it says nothing about any one fact. ``both_sides`` counts entries only when they
    place the problem on the left and on the right, one entry alone or several together. ``ended_by`` names what ends
    it: a Condition, Procedure or Encounter of these sets after an entry makes that entry one of the past. ``not_at``
    are sites: an entry whose words or body sites all lie there is of another place and says nothing. ``at_most``
    counts the newest measurement when it lies there, in ``unit``; a higher one says nothing. ``above_range`` counts the
    newest result when it lies above its own reference range or is flagged as high. ``by_category`` is False where the
    fact excuses something: a category of ICD-10, which holds more than what it is read as, leaves it unknown.
    """

    resource: str
    codes: tuple[str, ...]
    yes: tuple[str, ...] = ()
    no: tuple[str, ...] = ()
    history: bool = False
    unconfirmed: bool = True
    by_category: bool = True
    within_days: int | None = None
    no_within_days: int | None = None
    undated: bool = True
    in_episode: bool = False
    or_in_episode: bool = False
    body_site: tuple[str, ...] = ()
    inverted: bool = False
    both_sides: bool = False
    ended_by: tuple[str, ...] = ()
    not_at: tuple[str, ...] = ()
    at_most: Decimal | None = None
    unit: str | None = None
    above_range: bool = False


@dataclass(frozen=True, slots=True)
class Salt:
    """The salt in which a drug is also sold: its words, its strengths in mg, and what so many mg are of the base."""

    named: tuple[str, ...]
    strengths: tuple[Decimal, ...]
    mg: Decimal
    base_mg: Decimal


@dataclass(frozen=True, slots=True)
class FactDefinition:
    """How one finding is read from the record, and when silence may count as absent.

    ``asks`` is the phrase a clinician reads when the fact is unknown ("bladder function").
    ``complete`` names the resource types whose lists must have been sent whole before finding
    nothing may count as absent; empty means that only a recorded "no" is a no.
    ``unconfirmed`` is False for a drug that excuses something: an entry whose status does not say that it is taken, or
    that is old, leaves it unknown.
    ``old_orders`` is False where an order older than a year, with no supply since, does not count (decision 31).
    ``stop_not_known`` counts a drug that is no longer taken although nothing tells when it was stopped.
    ``absent_by_answer`` lets a recorded no make a duration absent; without it a duration is known or unknown.
    ``began_after`` counts a drug only when it began after the last order of one of these classes.
    ``not_taken`` counts an order only where nothing with one of its ingredients is taken already, so no renewal.
    ``site`` is where an order is taken to be meant: one that names no site is judged, and says so (decision 33).
    ``red_flags`` counts of the entries that could not be read those only whose words name a red flag; with
    ``not_final`` the results and answers that would be one if they were final, which only a decision can tell.
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
    absent_by_answer: bool = False
    classes: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    site: tuple[str, ...] = ()
    not_taken: bool = False
    route: str = "systemic"
    within_days: int | None = None
    stopped_within_days: int | None = None
    stop_not_known: bool = False
    began_after: tuple[str, ...] = ()
    unconfirmed: bool = True
    old_orders: bool = True
    or_ordered: bool = False
    daily_dose_mg: tuple[Decimal | None, Decimal | None] | None = None
    gap_days: int = 7
    measure: str | None = None
    salt: Salt | None = None
    against: str = "first"
    resource: str | None = None
    reasons: tuple[str, ...] = ()
    order: str | None = None
    setting: str | None = None
    lists: tuple[str, ...] = ()
    red_flags: bool = False
    not_final: bool = False
    equals: str | None = None
    product_choice: str | None = None
    at: str = field(default="", compare=False)

    @property
    def is_numeric(self) -> bool:
        """Whether the finding carries a number."""
        return self.kind in NUMERIC_KINDS
