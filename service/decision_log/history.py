"""What was shown to a patient before, asked of the decision log in very little time.

A log that is off, slow or without an answer says nothing, and then everything is shown.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLongError
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from service.cards.repetition import grounds
from service.decision import Decision
from service.errors import StoreError
from service.finding import ShownBefore
from service.knowledge.model import Knowledge
from service.store.reading import Reading, Showing
from service.store.store import Store

LOOKS_BACK_DAYS = 400
MOST_DECISIONS = 100

Rows = tuple[list[Showing], dict[str, datetime]]


@dataclass
class History:
    """Asks a store. Safe for threads and forks; ``budget_ms`` bounds the waiting of one call."""

    store: Store
    budget_ms: int
    _process: int = 0
    _worker: ThreadPoolExecutor | None = None
    _running: Future[Rows] | None = field(default=None)

    def __call__(self, patient_id: str, knowledge: Knowledge, decision: Decision) -> Mapping[str, ShownBefore] | None:
        """The last showing of each rule that is shown now; None where the log cannot tell in time."""
        rows = self._rows(patient_id, decision.now)
        return None if rows is None else shown_before(rows, knowledge, decision, self.store.keyring.resource)

    def _rows(self, patient_id: str, now: datetime) -> Rows | None:
        reading, seconds = Reading(self.store.database, self.store.keyring), self.budget_ms / 1000
        since = now - timedelta(days=LOOKS_BACK_DAYS)
        if self.store.database.is_open_file:
            # SQLite gives up by itself, and to hand the question to another thread costs more than the question.
            with suppress(StoreError):
                return _ask(reading, patient_id, since, seconds)
            return None
        if self._running is not None and not self._running.done():
            # One slow question at a time: the next call does not wait for it.
            return None
        if self._worker is None or self._process != os.getpid():
            self._process, self._worker = os.getpid(), ThreadPoolExecutor(1, "history")
        self._running = self._worker.submit(_ask, reading, patient_id, since, seconds)
        try:
            return self._running.result(seconds)
        except (TookTooLongError, StoreError):
            return None


def _ask(reading: Reading, patient_id: str, since: datetime, seconds: float) -> Rows:
    found = reading.shown_to(patient_id, since, MOST_DECISIONS, seconds)
    uuids = [card.uuid for showing in found for card in showing.cards]
    return found, reading.overridden(uuids, seconds)


def shown_before(
    rows: Rows, knowledge: Knowledge, decision: Decision, keyed: Callable[[str], str]
) -> dict[str, ShownBefore]:
    """The last showing of each rule that is shown now. ``rows`` are newest first, their grounds ``keyed`` alike."""
    found, overridden = rows
    shown_now = {advice.rule.id: advice.rule for advice in decision.advice}
    depends_on = grounds(knowledge, decision.advice, keyed) if found else {}
    earlier: dict[str, ShownBefore] = {}
    answers: dict[str, datetime] = {}
    for showing in found:
        for card in showing.cards:
            for rule, version, is_shown in card.rules:
                if not is_shown or rule not in shown_now:
                    continue
                if card.uuid in overridden:
                    answers.setdefault(rule, overridden[card.uuid])
                if rule not in earlier:
                    same = showing.grounds.get(rule) == depends_on[rule] and version == shown_now[rule].version
                    earlier[rule] = ShownBefore(datetime.fromisoformat(showing.now), same)
    return {rule: ShownBefore(before.at, before.unchanged, answers.get(rule)) for rule, before in earlier.items()}
