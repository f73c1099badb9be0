"""Rows to keep: as small as a decision can be, and everything about them that a test may ask."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, text

from service.store.rule_sets import RuleSet
from service.store.store import Store
from service.store.tables import decisions, ledger
from service.store.times import written

RULE_SET = RuleSet(
    digest="d" * 64,
    name="small",
    version="1.0.0",
    settings={"jurisdiction": "us"},
    facts=("age", "anticoagulant-active"),
    conclusions=("nsaid-contraindicated",),
    rules=(("sf-one", "1.0.0"), ("fl-two", "1.1.0")),
    archive=lambda: b"not really an archive",
)
NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def decision(now: datetime = NOW, cards: int = 2, patient: str | None = None) -> dict[str, Any]:
    """The body of a decision with cards of two rules, one of which covers the other."""
    return {
        "id": str(uuid.uuid4()),
        "at": written(now),
        "service": "small-order-sign",
        "hook": "order-sign",
        "hook_instance": None,
        "issuer": None,
        "ruleset": RULE_SET.digest,
        "patient": {"key": "k1", "hash": patient} if patient else None,
        "findings": "pau",
        "rules": "fs",
        "cards": [
            {
                "uuid": str(uuid.uuid4()),
                "indicator": "warning",
                "rules": [["sf-one", "1.0.0", 1], ["fl-two", "1.1.0", 0]],
                "parts": {},
            }
            for _ in range(cards)
        ],
        "problem_count": 0,
        "microseconds": 1500,
    }


def feedback(
    card: str, outcome: str = "overridden", event: str | None = None, reason: str | None = None
) -> dict[str, Any]:
    return {
        "event": event or uuid.uuid4().hex * 2,
        "card": card,
        "service": "small-order-sign",
        "outcome": outcome,
        "outcome_at": written(NOW),
        "received_at": written(NOW),
        "suggestions": [],
        "reason": reason,
        "comment": None,
        "issuer": None,
    }


def keep(store: Store, count: int) -> list[str]:
    """Keep decisions; their ids."""
    bodies = [decision() for _ in range(count)]
    for body in bodies:
        store.append("decision", body, RULE_SET)
    return [body["id"] for body in bodies]


def stored_ids(store: Store) -> list[str]:
    """The ids of all decisions in the database, each as often as the ledger has it."""
    with store.database.reading() as connection:
        bodies = connection.execute(select(ledger.c.body).where(ledger.c.kind == "decision")).scalars().all()
        ids = [json.loads(body)["id"] for body in bodies]
        assert sorted(connection.execute(select(decisions.c.id)).scalars()) == sorted(set(ids))
    return sorted(ids)


def tamper(store: Store, statement: str, **values: Any) -> int:
    """Do to the tables what nobody should; how many rows it touched."""
    with store.database.writing() as connection:
        return connection.execute(text(statement), values).rowcount
