"""Memory: what one patient was shown, as the decision log of a running service would tell it at the next call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from service.cards.repetition import grounds, without_repeated
from service.decision import Decision
from service.decision_log.history import LOOKS_BACK_DAYS, MOST_DECISIONS, shown_before
from service.decision_log.recording import rules_of_card
from service.knowledge.model import Knowledge
from service.store.reading import Showing, ShownCard

Json = dict[str, Any]


class Memory:
    """What was shown at the calls about one patient so far. Nobody answered any of it."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._newest_first: list[Showing] = []

    def without_repeated(self, decision: Decision) -> Decision:
        """The decision without what need not be said again."""
        since = decision.now - timedelta(days=LOOKS_BACK_DAYS)
        known = [one for one in self._newest_first if datetime.fromisoformat(one.now) >= since][:MOST_DECISIONS]
        return without_repeated(decision, shown_before((known, {}), self._knowledge, decision, _as_it_is))

    def remember(self, decision: Decision, cards: Sequence[Json]) -> None:
        """Take in the cards that a decision showed."""
        if not cards:
            return
        shown = [ShownCard(card["uuid"], list(rules_of_card(card, decision))) for card in cards]
        depends_on = grounds(self._knowledge, decision.advice, _as_it_is)
        self._newest_first.insert(0, Showing(decision.now.isoformat(), shown, depends_on))


def _as_it_is(text: str) -> str:
    """In place of a digest with a key: what is remembered here is never stored."""
    return text
