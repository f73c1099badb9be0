"""Rules written in Python, for tests that are about conditions and engines and not about files."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from service.finding import Finding, Status
from service.knowledge.model import AllOf, AnyOf, CardText, Condition, Indicator, Leaf, Rule, Word

PRESENT, ABSENT, UNKNOWN = Status.PRESENT, Status.ABSENT, Status.UNKNOWN


def is_(finding: str, word: str = "present") -> Leaf:
    """The test ``finding: word``."""
    return Leaf(finding, word=Word(word))


def number(
    finding: str, *, at_least: int | None = None, more_than: int | None = None, less_than: int | None = None
) -> Leaf:
    """A comparison, for example ``number("egfr", at_least=30, less_than=60)``."""
    limits = [None if limit is None else Decimal(limit) for limit in (at_least, more_than, less_than)]
    return Leaf(finding, at_least=limits[0], more_than=limits[1], less_than=limits[2])


def all_of(*parts: Condition) -> AllOf:
    return AllOf(parts)


def any_of(*parts: Condition) -> AnyOf:
    return AnyOf(parts)


def a_rule(
    name: str,
    when: Condition,
    *,
    concludes: str | None = None,
    indicator: str = "info",
    hooks: tuple[str, ...] = ("patient-view",),
    phase: str = "1_red_flags",
    family: str | None = None,
    rank: int = 0,
    mentions: tuple[str, ...] = (),
) -> Rule:
    """A rule of which only the logic matters."""
    card = None if concludes else CardText(Indicator(indicator), f"Advice of {name}.", "Detail.")
    return Rule(
        id=name,
        phase=phase,
        title=name,
        version="1.0.0",
        status="draft",
        effective=None,
        owner="unassigned",
        review_by=date(2027, 1, 1),
        purpose="",
        rationale="",
        recommendation=None,
        citations=(),
        hooks=hooks,
        when=when,
        concludes=concludes,
        card=card,
        family=family,
        rank=rank,
        names_conflict_with=(),
        mentions=mentions,
        unverified_parts=(),
        limitations="",
        examples=(),
        history=(),
    )


def found(name: str, status: Status | str = "present") -> Finding:
    return Finding(name, Status(status))


def measured(name: str, low: int | str | None, high: int | str | None = "same") -> Finding:
    """A number known exactly, or an interval; ``None`` leaves that side open."""
    upper = low if high == "same" else high
    return Finding(
        name,
        Status.PRESENT,
        low=None if low is None else Decimal(low),
        high=None if upper is None else Decimal(upper),
    )
