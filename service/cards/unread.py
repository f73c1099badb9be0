"""What of a call could not be read, said on its cards: an entry that is lost must not look like one that is fine."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from service.cards.not_assessed import concerns
from service.cards.sources import topic
from service.decision import Decision
from service.knowledge.model import Knowledge, types_read
from service.record.model import UNTYPED

Json = dict[str, Any]

_TYPES_NAMED = 4
_FOR_PATIENTS = "Some of what was sent could not be read, so not every check was made. Please tell your practice."


def with_unread(cards: list[Json], knowledge: Knowledge, decision: Decision) -> list[Json]:
    """The cards, with what could not be read named: on a card of its own, or as a line at the end of the last.

    A card of its own where no order could be checked, or where a warning is undecided and the list that could not be
    read whole is one it reads. Nothing where chart and orders surely are no business of this service.
    """
    said = list(_said(decision))
    if not said or not concerns(knowledge, decision):
        return cards
    if not _needs_card(knowledge, decision):
        return [*cards[:-1], _with_line(cards[-1], said)] if cards else []
    if cards and cards[-1]["uuid"] == _uuid(decision, "not-assessed"):
        return [*cards[:-1], _with_line(cards[-1], said)]
    return [*cards, _card(knowledge, decision, "; ".join(said) + ".")]


def with_unread_for_patient(cards: list[Json], knowledge: Knowledge, decision: Decision) -> list[Json]:
    """The cards a patient reads, and one in plain words where something could not be read that a warning needs."""
    if not decision.unread or not concerns(knowledge, decision) or not _needs_card(knowledge, decision):
        return cards
    return [*cards, _card(knowledge, decision, _FOR_PATIENTS)]


def _said(decision: Decision) -> Iterator[str]:
    unread = decision.unread
    if unread.orders:
        noun = "order" if unread.of_orders == 1 else "orders"
        yield f"{unread.orders} of {unread.of_orders} {noun} could not be checked"
    if unread.entries:
        count = sum(unread.entries.values())
        yield f"{count} {'entry' if count == 1 else 'entries'} could not be read: {_types(unread.entries)}"


def _types(entries: Iterable[str]) -> str:
    names = sorted(name for name in entries if name != UNTYPED)
    shown = names[:_TYPES_NAMED]
    if len(names) > _TYPES_NAMED:
        shown.append(f"{len(names) - _TYPES_NAMED} more types")
    if len(names) < len(list(entries)):
        shown.append(UNTYPED)
    return ", ".join(shown)


def _needs_card(knowledge: Knowledge, decision: Decision) -> bool:
    unread = decision.unread
    if unread.orders and unread.orders == unread.of_orders:
        return True
    if UNTYPED in unread.entries and decision.not_assessed:
        return True
    # A conclusion that is named as one is read from no list of its own.
    facts = [knowledge.facts[name] for name in decision.not_assessed if name in knowledge.facts]
    return not unread.entries.keys().isdisjoint({kind for fact in facts for kind in types_read(fact)})


def _with_line(card: Json, said: Iterable[str]) -> Json:
    """The card with a line before its closing sentence, which stays the last thing read."""
    body, mark, closing = card["detail"].rpartition("\n\n")
    return {**card, "detail": f"{body}{mark}**Not read:** {'; '.join(said)}.\n\n{closing}"}


def _card(knowledge: Knowledge, decision: Decision, summary: str) -> Json:
    return {
        "uuid": _uuid(decision, "unread"),
        "summary": summary[:1].upper() + summary[1:],
        "detail": f"Checks that rest on what could not be read were not made.\n\n*{knowledge.not_clearance}*",
        "indicator": "info",
        "source": {"label": knowledge.name, "topic": topic("unread", "Not read")},
    }


def _uuid(decision: Decision, name: str) -> str:
    return str(uuid.uuid5(uuid.UUID(decision.id), name))
