"""Rule sets: the one in use as the store needs to know it, and those that ever decided here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import select

from service.engine.trace import InOrder
from service.store.database import Database
from service.store.tables import rule_sets

MOST = 50


@dataclass(frozen=True)
class RuleSet:
    """A rule set in use: what a reader of decisions needs to know of it.

    ``findings`` and ``rules`` (id, version) are in the order of the letters that a decision holds for them; findings
    are facts, then conclusions.
    ``archive`` makes one tar archive of all files, megabytes, the same bytes for the same files.
    """

    digest: str
    name: str
    version: str
    settings: dict[str, str]
    facts: tuple[str, ...]
    conclusions: tuple[str, ...]
    rules: tuple[tuple[str, str], ...]
    archive: Callable[[], bytes] = field(repr=False)

    @cached_property
    def findings(self) -> tuple[str, ...]:
        """Facts, then conclusions: the order of the letters."""
        return self.facts + self.conclusions

    @cached_property
    def finding_index(self) -> Mapping[str, int]:
        """Where the letter of each finding stands."""
        return {name: index for index, name in enumerate(self.findings)}

    @cached_property
    def _places(self) -> dict[InOrder, tuple[int, ...]]:
        return {}

    def places_of(self, ran: InOrder) -> tuple[int, ...]:
        """Of each rule its place among those that a hook runs, in the order of the letters; -1 of one it does not."""
        places = self._places.get(ran)
        if places is None:
            places = self._places[ran] = tuple(ran.index.get(rule, -1) for rule, _ in self.rules)
        return places

    def body(self, archive: bytes) -> dict[str, Any]:
        """What the ledger says of it and of its archive."""
        return {
            "digest": self.digest,
            "name": self.name,
            "version": self.version,
            "settings": dict(self.settings),
            "findings": list(self.findings),
            "rules": [list(rule) for rule in self.rules],
            "archive": hashlib.sha256(archive).hexdigest(),
        }


def stored_rule_sets(database: Database) -> list[tuple[str, str, str]]:
    """The rule sets that decided here, newest first: digest, version, first use; at most MOST. Raises StoreError."""
    columns = rule_sets.c["digest", "version", "first_used"]
    with database.reading() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(columns[2].desc()).limit(MOST))]
