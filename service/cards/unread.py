"""What a patient or relative is told where something that was sent could not be read."""

from __future__ import annotations

from typing import Any

from service.cards.card_ids import id_of
from service.cards.concern import concerns, loses_a_check
from service.cards.not_assessed import Lacking, lacks_a_list, says_nothing_of_entries
from service.cards.sources import topic
from service.decision import Decision
from service.knowledge.model import Knowledge

Json = dict[str, Any]

_FOR_PATIENTS = "Some of what was sent could not be read, so not every check was made. Please tell your practice."


def with_unread_for_patient(
    cards: list[Json], knowledge: Knowledge, decision: Decision, lacking: Lacking
) -> list[Json]:
    """The cards a patient reads, and one in plain words where something could not be had that a warning needs.

    A list that did not come is named only where nothing else is shown: silence must not look like an all-clear.
    """
    lost = decision.unread.orders or loses_a_check(knowledge, decision)
    if not concerns(knowledge, decision) or not (lost or (not cards and _is_short(knowledge, decision, lacking))):
        return cards
    return [*cards, _card(knowledge, decision)]


def _is_short(knowledge: Knowledge, decision: Decision, lacking: Lacking) -> bool:
    return lacks_a_list(knowledge, decision, lacking) or says_nothing_of_entries(knowledge, decision)


def _card(knowledge: Knowledge, decision: Decision) -> Json:
    return {
        "uuid": id_of(decision.id, "unread"),
        "summary": _FOR_PATIENTS,
        "detail": f"Checks that rest on what could not be read were not made.\n\n*{knowledge.not_clearance}*",
        "indicator": "info",
        "source": {"label": knowledge.name, "topic": topic("unread", "Not read")},
    }
