"""Rule sets: the one in use as the store needs to know it, and those that ever decided here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import Any

from sqlalchemy import select

from service.engine.trace import InOrder
from service.store.database import Database
from service.store.tables import rule_sets

MOST = 50
InOrderOfLetters = Callable[[Sequence[str]], list[str]]


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
    def _orders(self) -> dict[Hashable, tuple[object, InOrderOfLetters]]:
        return {}

    def order_of_rules(self, ran: InOrder) -> InOrderOfLetters:
        """Puts the letters of the rules that a hook runs, and then one for all others, into the stored order."""
        known = self._orders.get(ran)
        if known is None:
            known = self._orders[ran] = (ran, _order([ran.index.get(rule, -1) for rule, _ in self.rules]))
        return known[1]

    def order_of_findings(self, hook: str, names: tuple[str, ...]) -> InOrderOfLetters:
        """Puts the letters of findings with these names, and then one for all others, into the stored order.

        The findings of a hook come in one order, so it is worked out once: hundreds a call are not looked up by name.
        """
        known = self._orders.get(hook)
        if known is None or known[0] != names:
            index = {name: place for place, name in enumerate(names)}
            known = self._orders[hook] = (names, _order([index.get(name, -1) for name in self.findings]))
        return known[1]

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


def _order(places: Sequence[int]) -> InOrderOfLetters:
    # With one place more than there are letters, so that the getter finds a tuple of one letter too.
    getter = itemgetter(*places, -1)
    return lambda letters: list(getter(letters))[:-1]


def stored_rule_sets(database: Database) -> list[tuple[str, str, str]]:
    """The rule sets that decided here, newest first: digest, version, first use; at most MOST. Raises StoreError."""
    columns = rule_sets.c["digest", "version", "first_used"]
    with database.reading() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(columns[2].desc()).limit(MOST))]
