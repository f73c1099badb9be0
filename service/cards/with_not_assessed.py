"""With not assessed: where on the cards of an answer stands what could not be checked or used.

What an order asks for first stands on the card that already questions the order; the rest has a card of its own at the
end; what kept no warning from being decided is a line of the last card.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from service.cards.concern import concerns, loses_a_check
from service.cards.layout import NOT_KNOWN, SOURCES, unknown_line
from service.cards.not_assessed import Lacking, asked_first, lost_words, not_assessed, not_named, not_received
from service.cards.unusable import not_final, unusable, waiting
from service.decision import Advice, Decision
from service.knowledge.hooks import HOOKS
from service.knowledge.model import AskedFirst, Knowledge

Json = dict[str, Any]


def with_not_assessed(
    cards: Iterable[Json],
    knowledge: Knowledge,
    decision: Decision,
    lacking: Lacking,
    about: Sequence[Sequence[Advice]] = (),
) -> list[Json]:
    """The cards, and after them the one about what could not be checked, where there is one.

    ``about`` is the advice on each card. What could not be read and kept no warning from being decided is a line at
    the end of the last card.
    """
    answered = list(cards)
    questioned: set[str] = set()
    if HOOKS[decision.hook].has_orders and concerns(knowledge, decision):
        for first, phrases in asked_first(knowledge, decision):
            index = _questioning(decision, first, about)
            if index is not None:
                answered[index] = _with_unknown(answered[index], phrases)
                questioned.add(first.order)
    card = not_assessed(knowledge, decision, lacking, questioned, is_alone=not answered)
    answered += [card] if card is not None else []
    left = (*not_named(knowledge, decision, answered), *_set_aside(knowledge, decision))
    for line in (*left, *not_received(knowledge, decision, lacking)) if answered else ():
        answered[-1] = _with_line(answered[-1], line)
    return answered


def _set_aside(knowledge: Knowledge, decision: Decision) -> Iterator[str]:
    """What could not be read or used and kept no warning from being decided: the card of its own names the rest."""
    if decision.unread.entries and not loses_a_check(knowledge, decision):
        yield f"{lost_words(decision)}{unusable(knowledge, decision)}."
    pressing = decision.unread.pressing
    named = {value for name in pressing for value in waiting(knowledge, decision, name)}
    left = [name for name in decision.unread.not_final if name not in pressing]
    if unnamed := [name for name in left if not named.issuperset(waiting(knowledge, decision, name)) or not named]:
        yield not_final(knowledge, decision, unnamed)


def _questioning(decision: Decision, first: AskedFirst, about: Sequence[Sequence[Advice]]) -> int | None:
    """The index of the first card that depends on the order."""
    orders = {item.resource for item in decision.findings[first.order].evidence}
    for index, group in enumerate(about):
        if any(item.resource in orders for advice in group for found in advice.found for item in found.evidence):
            return index
    return None


def _with_unknown(card: Json, phrases: Sequence[str]) -> Json:
    """The card with what is asked first among what it does not know, before what it names already."""
    said = unknown_line(phrases)
    before, mark, after = card["detail"].partition(NOT_KNOWN)
    if mark:
        return {**card, "detail": f"{before}{mark}{said}; {after}"}
    before, mark, after = card["detail"].partition(SOURCES)
    if mark:
        return {**card, "detail": f"{before}{NOT_KNOWN}{said}.\n\n{mark}{after}"}
    return _with_line(card, f"{NOT_KNOWN}{said}.")


def _with_line(card: Json, said: str) -> Json:
    """The card with a line before its sources, else before its foot, which stays the last thing read."""
    before, sources, after = card["detail"].partition(SOURCES)
    if sources:
        return {**card, "detail": f"{before}{said}\n\n{sources}{after}"}
    body, mark, foot = card["detail"].rpartition("\n\n")
    return {**card, "detail": f"{body}{mark}{said}\n\n{foot}"}
