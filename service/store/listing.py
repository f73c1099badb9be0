"""Stored decisions as a list: the newest first, those that a question leaves, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, select

from service.store.database import Database
from service.store.tables import card_rules, cards, decisions, feedback

Json = dict[str, Any]
MOST = 40
_COLUMNS = ("id", "at", "service", "hook", "issuer", "ruleset", "cards", "problems")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which decisions: of a day (``2026-11-24``) or later ones before a time, of a hook, with a rule or an outcome."""

    since: str = ""
    until: str = ""
    hook: str = ""
    rule: str = ""
    outcome: str = ""
    before: str = ""


def listed(database: Database, wanted: Wanted) -> tuple[list[Json], str | None]:
    """At most MOST decisions, and the time before which more stand; None where there are none.

    Raises StoreError when the database cannot be read.
    """
    query = select(*(decisions.c[name] for name in _COLUMNS)).where(*_conditions(wanted))
    query = query.order_by(decisions.c.at.desc(), decisions.c.id).limit(MOST + 1)
    with database.reading() as connection:
        rows = [dict(zip(_COLUMNS, row, strict=True)) for row in connection.execute(query)]
        shown = rows[:MOST]
        _add_cards(connection, shown)
    return shown, shown[-1]["at"] if len(rows) > MOST else None


def stored_hooks(database: Database) -> list[str]:
    """The hooks of which decisions are stored."""
    with database.reading() as connection:
        return list(connection.execute(select(decisions.c.hook).distinct().order_by(decisions.c.hook)).scalars())


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.since:
        found.append(decisions.c.at >= wanted.since)
    if wanted.until:
        # The day itself is meant whole: "~" sorts behind every time of it.
        found.append(decisions.c.at <= f"{wanted.until}~")
    if wanted.before:
        found.append(decisions.c.at < wanted.before)
    if wanted.hook:
        found.append(decisions.c.hook == wanted.hook)
    if wanted.rule:
        of_rule = select(card_rules.c.card).where(card_rules.c.rule == wanted.rule)
        found.append(exists().where(cards.c.decision == decisions.c.id, cards.c.uuid.in_(of_rule)))
    if wanted.outcome:
        reported = select(feedback.c.card).where(feedback.c.outcome == wanted.outcome)
        found.append(exists().where(cards.c.decision == decisions.c.id, cards.c.uuid.in_(reported)))
    return found


def _add_cards(connection: Connection, shown: Sequence[Json]) -> None:
    """Add to each decision the severity of its cards, which rules are shown on them, and how many were answered."""
    by_id = {row["id"]: row for row in shown}
    for row in shown:
        row |= {"indicators": {}, "rules": [], "accepted": 0, "overridden": 0}
    mine = cards.c.decision.in_(by_id)
    cards_by_severity = (
        select(cards.c.decision, cards.c.indicator, func.count())
        .where(mine)
        .group_by(*cards.c["decision", "indicator"])
    )
    for decision, indicator, count in connection.execute(cards_by_severity):
        by_id[decision]["indicators"][indicator] = count
    shown_rules = select(cards.c.decision, card_rules.c.rule).join_from(
        cards, card_rules, card_rules.c.card == cards.c.uuid
    )
    for decision, rule in connection.execute(
        shown_rules.where(mine, card_rules.c.shown == 1).order_by(card_rules.c.rule)
    ):
        by_id[decision]["rules"].append(rule)
    query = select(cards.c.decision, feedback.c.outcome, func.count(func.distinct(cards.c.uuid)))
    query = query.join_from(cards, feedback, feedback.c.card == cards.c.uuid).where(mine)
    for decision, outcome, count in connection.execute(query.group_by(cards.c.decision, feedback.c.outcome)):
        by_id[decision][outcome] = count
