"""What a patient or relative is told where something that was sent could not be read."""

from __future__ import annotations

import uuid
from typing import Any

from service.cards.not_assessed import concerns, loses_a_check
from service.cards.sources import topic
from service.decision import Decision
from service.knowledge.model import Knowledge

Json = dict[str, Any]

_FOR_PATIENTS = "Some of what was sent could not be read, so not every check was made. Please tell your practice."


def with_unread_for_patient(cards: list[Json], knowledge: Knowledge, decision: Decision) -> list[Json]:
    """The cards a patient reads, and one in plain words where something could not be read that a warning needs."""
    if not concerns(knowledge, decision) or not (decision.unread.orders or loses_a_check(knowledge, decision)):
        return cards
    return [*cards, _card(knowledge, decision)]


def _card(knowledge: Knowledge, decision: Decision) -> Json:
    return {
        "uuid": str(uuid.uuid5(uuid.UUID(decision.id), "unread")),
        "summary": _FOR_PATIENTS,
        "detail": f"Checks that rest on what could not be read were not made.\n\n*{knowledge.not_clearance}*",
        "indicator": "info",
        "source": {"label": knowledge.name, "topic": topic("unread", "Not read")},
    }
