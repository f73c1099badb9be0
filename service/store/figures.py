"""Counts for people who look after rules: what became of cards by client, and which facts were wanted and not known."""

from __future__ import annotations

from collections import Counter
from typing import Any

import orjson
from sqlalchemy import and_, func, select

from service.store.database import Database
from service.store.stats import latest_reports
from service.store.tables import cards, decisions, ledger, rule_sets

Json = dict[str, Any]
MOST_READ = 2000
"""So many of the newest decisions are read for what was not known."""
_WANTED = frozenset("wv")


def by_client(database: Database) -> list[Json]:
    """By who called: calls, cards shown, cards of which something was reported, accepted. The busiest first.

    Raises StoreError when the database cannot be read.
    """
    calls = select(decisions.c.issuer, func.count(), func.sum(decisions.c.cards)).group_by(decisions.c.issuer)
    latest = latest_reports()
    query = (
        select(decisions.c.issuer, latest.c.outcome, func.count())
        .join_from(latest, cards, cards.c.uuid == latest.c.card)
        .join(decisions, decisions.c.id == cards.c.decision)
        .group_by(decisions.c.issuer, latest.c.outcome)
    )
    found: dict[str | None, Json] = {}
    with database.reading() as connection:
        for issuer, number, shown in connection.execute(calls):
            found[issuer] = {
                "client": issuer,
                "calls": number,
                "shown": int(shown or 0),
                "accepted": 0,
                "overridden": 0,
            }
        for issuer, outcome, number in connection.execute(query):
            found[issuer][outcome] = number
    for row in found.values():
        row["answered"] = row["accepted"] + row["overridden"]
    return sorted(found.values(), key=lambda row: -row["calls"])


def not_assessed(database: Database) -> Json:
    """Of the newest decisions how often each fact was not known, so that a warning could not be decided.

    Raises StoreError when the database cannot be read.
    """
    same = and_(ledger.c.writer == decisions.c.writer, ledger.c.seq == decisions.c.seq)
    newest = select(decisions.c.ruleset, ledger.c.body).join_from(decisions, ledger, same)
    newest = newest.order_by(decisions.c.at.desc()).limit(MOST_READ)
    count: Counter[str] = Counter()
    read = 0
    with database.reading() as connection:
        names = {
            digest: orjson.loads(findings)
            for digest, findings in connection.execute(select(rule_sets.c.digest, rule_sets.c.findings))
        }
        for digest, body in connection.execute(newest):
            letters = orjson.loads(body)["findings"]
            read += 1
            count.update(
                name for name, letter in zip(names.get(digest, ()), letters, strict=False) if letter in _WANTED
            )
    return {"decisions": read, "facts": [{"fact": name, "times": times} for name, times in count.most_common()]}
