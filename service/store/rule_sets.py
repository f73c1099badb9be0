"""The rule sets that ever decided here, the newest first."""

from __future__ import annotations

from sqlalchemy import select

from service.store.database import Database
from service.store.tables import rule_sets

MOST = 50


def kept_rule_sets(database: Database) -> list[tuple[str, str, str]]:
    """Digest, version and when it was first used, of at most MOST. Raises StoreError."""
    columns = rule_sets.c["digest", "version", "first_used"]
    with database.reading() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(columns[2].desc()).limit(MOST))]
