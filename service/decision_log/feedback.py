"""Feedback in the store: what clinicians did with cards, beside the cards."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from service.protocol.feedback import Feedback
from service.store.store import Store
from service.store.times import written

# Stands for every reason that the rule set does not offer: the client's own words may hold anything.
OTHER = "other"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class StoredFeedback:
    """Stores feedback in the store. The same report twice is one event; a card nobody knows is stored all the same."""

    store: Store
    reasons: Callable[[], Container[str]]

    def add(self, items: Sequence[Feedback]) -> None:
        """Store all items. Raises StoreError; the client may send them again, since the same report counts once."""
        for item in items:
            self.store.append("feedback", self._body(item))

    def _body(self, item: Feedback) -> dict[str, Any]:
        reason = None if item.reason is None else item.reason.code if item.reason.code in self.reasons() else OTHER
        said = {
            "card": self._card(item.card),
            "service": item.service,
            "outcome": item.outcome.value,
            "outcome_at": written(item.outcome_at),
            "suggestions": list(map(self._card, item.suggestions)),
            "reason": reason,
            "comment": item.comment,
            "issuer": item.issuer,
        }
        event = hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()
        return {**said, "event": event, "received_at": written(item.received_at)}

    def _card(self, uuid: str) -> str:
        """A uuid as it is; anything else may be the client's own words, and only its keyed hash is stored."""
        return uuid if _UUID.fullmatch(uuid) else f"not-a-uuid-{self.store.keyring.resource(uuid)}"
