"""What became of the cards of each rule: shown, accepted, overridden, and why. Counted, never per person."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Subquery, and_, exists, func, not_, select

from service.store.database import Database
from service.store.tables import card_rules, cards, decisions, feedback, rule_sets

# 95 %, two-sided.
_Z = 1.959963984540054
# Product choice: a rule is marked when clinicians override it in nearly all of enough cases.
NEARLY_ALL = 0.9
ENOUGH = 20

Json = dict[str, Any]


@dataclass
class RuleCount:
    """The counts of one version of one rule. Of each card only the latest report counts."""

    rule: str
    version: str
    shown: int = 0
    accepted: int = 0
    overridden: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def answered(self) -> int:
        """How many of its cards were accepted or overridden."""
        return self.accepted + self.overridden

    @property
    def override_rate(self) -> float | None:
        """The share of overridden among answered cards; None when none was answered."""
        return self.overridden / self.answered if self.answered else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The Wilson interval (95 %) of the override rate."""
        return wilson(self.overridden, self.answered) if self.answered else None

    @property
    def nearly_always_overridden(self) -> bool:
        """Whether its cards are overridden so often that the rule should be looked at."""
        return self.answered >= ENOUGH and self.overridden >= NEARLY_ALL * self.answered

    def as_json(self) -> Json:
        """The counts as ``/stats`` tells them."""
        rate, interval = self.override_rate, self.interval
        return {
            "rule": self.rule,
            "version": self.version,
            "shown": self.shown,
            "accepted": self.accepted,
            "overridden": self.overridden,
            "reasons": dict(sorted(self.reasons.items())),
            "override_rate": None if rate is None else round(rate, 4),
            "override_interval_95": None if interval is None else [round(bound, 4) for bound in interval],
            "nearly_always_overridden": self.nearly_always_overridden,
        }


@dataclass(frozen=True, slots=True)
class Stats:
    """All counts. ``unknown_cards`` is how many reports name a card that is not stored here; they count for no rule.

    Of the ``decisions`` so many were ``skipped`` because the gate showed that there was nothing to say, and so many
    that could have been were decided in full as a sample (``sampled``).
    """

    decisions: int
    skipped: int
    sampled: int
    cards: int
    reports: int
    unknown_cards: int
    rules: tuple[RuleCount, ...]

    def as_json(self) -> Json:
        """The answer of ``/stats``."""
        return {
            "decisions": self.decisions,
            "gate": {"skipped": self.skipped, "in_full": self.sampled},
            "cards": self.cards,
            "feedback": {"reports": self.reports, "unknown_cards": self.unknown_cards},
            "rules": [rule.as_json() for rule in self.rules],
        }


def wilson(successes: int, of: int) -> tuple[float, float]:
    """The Wilson score interval (95 %) of a share (Wilson EB, J Am Stat Assoc 1927;22:209-212). ``of`` is above 0."""
    share, z2 = successes / of, _Z * _Z
    centre = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z / (1 + z2 / of) * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return max(0.0, centre - half), min(1.0, centre + half)


def stats(database: Database) -> Stats:
    """Count everything that is stored. Raises StoreError when the database cannot be read."""
    with database.reading() as connection:
        counts = _counts(connection)
        unknown = not_(exists(select(cards.c.uuid).where(cards.c.uuid == feedback.c.card)))
        return Stats(
            decisions=_count(connection, decisions),
            skipped=_count(connection, decisions, decisions.c.gate == "skipped"),
            sampled=_count(connection, decisions, decisions.c.gate == "in full"),
            cards=_count(connection, cards),
            reports=_count(connection, feedback),
            unknown_cards=_count(connection, feedback, unknown),
            rules=counts,
        )


def counts_of(database: Database, rule: str) -> tuple[RuleCount, ...]:
    """The counts of the versions of one rule. Raises StoreError when the database cannot be read."""
    with database.reading() as connection:
        return _counts(connection, rule)


def _counts(connection: Connection, only: str | None = None) -> tuple[RuleCount, ...]:
    counts: dict[tuple[str, str], RuleCount] = {}
    for rule, version, shown in _shown(connection, only):
        counts[rule, version] = RuleCount(rule, version, shown)
    for rule, version, outcome, reason, number in _answered(connection, only):
        count = counts[rule, version]
        if outcome == "accepted":
            count.accepted += number
        else:
            count.overridden += number
            count.reasons[reason or "none given"] = count.reasons.get(reason or "none given", 0) + number
    return tuple(counts[key] for key in sorted(counts))


def _is_shown(only: str | None) -> ColumnElement[bool]:
    """Whether a rule is shown on its card; with ``only``, and is that rule."""
    is_shown = card_rules.c.shown == 1
    return is_shown if only is None else and_(is_shown, card_rules.c.rule == only)


def _shown(connection: Connection, only: str | None) -> Iterator[tuple[str, str, int]]:
    query = (
        select(card_rules.c.rule, card_rules.c.version, func.count())
        .where(_is_shown(only))
        .group_by(card_rules.c.rule, card_rules.c.version)
    )
    yield from connection.execute(query)


def latest_reports(only: str | None = None) -> Subquery:
    """The latest report of each card, or of each of ``only`` one rule: what the clinician did last counts."""
    newest = func.row_number().over(
        partition_by=feedback.c.card,
        order_by=(feedback.c.outcome_at.desc(), feedback.c.received_at.desc(), feedback.c.event),
    )
    query = select(feedback.c.card, feedback.c.outcome, feedback.c.reason, newest.label("place"))
    if only is not None:
        query = query.where(feedback.c.card.in_(select(card_rules.c.card).where(_is_shown(only))))
    ranked = query.subquery()
    return select(ranked.c.card, ranked.c.outcome, ranked.c.reason).where(ranked.c.place == 1).subquery()


def _answered(connection: Connection, only: str | None) -> Iterator[tuple[str, str, str, str | None, int]]:
    latest = latest_reports(only)
    columns = (card_rules.c.rule, card_rules.c.version, latest.c.outcome, latest.c.reason)
    query = (
        select(*columns, func.count())
        .join_from(latest, card_rules, and_(card_rules.c.card == latest.c.card, _is_shown(only)))
        .group_by(*columns)
    )
    yield from connection.execute(query)


def _count(connection: Connection, table: Any, where: ColumnElement[bool] | None = None) -> int:
    query = select(func.count()).select_from(table)
    return connection.execute(query if where is None else query.where(where)).scalar_one()


def first_uses(database: Database) -> dict[tuple[str, str], str]:
    """When each version of each rule first came into use here: (rule, version) to the time. Raises StoreError."""
    found: dict[tuple[str, str], str] = {}
    with database.reading() as connection:
        query = select(rule_sets.c.first_used, rule_sets.c.rules).order_by(rule_sets.c.first_used.desc())
        for first_used, rules in connection.execute(query):
            for rule, version in orjson.loads(rules):
                found[rule, version] = first_used
    return found
