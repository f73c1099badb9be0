"""The suggestions of a card: orders to create and draft orders of the call to remove (SU-1 to SU-6, AC-1 to AC-8)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from service.cards.card_ids import id_of
from service.cards.changes import limited
from service.cards.markdown import plain
from service.cards.orders import Drafts, Ordering
from service.cards.redaction import mark_quoted
from service.decision import Advice, Decision
from service.finding import Evidence
from service.knowledge.model import Suggestion
from service.record.model import Entry

# Wider than a FHIR id: Epic's unsigned orders have ids of some 214 characters, others use underscores.
_RELATIVE = re.compile(r"[A-Za-z]+/[A-Za-z0-9\-._]{1,512}")

Json = dict[str, Any]


class Acting(Struct, frozen=True):
    """What cards need to act: the validated drafts, what a call puts into them, and its own orders (AC-8).

    ``deletable`` are the draft orders of the call by reference, ``received`` the same as they came.
    """

    drafts: Drafts
    ordering: Ordering
    deletable: frozenset[str]
    received: Mapping[str, Entry] = field(default_factory=dict)


def suggestions(decision: Decision, advice: Advice, acting: Acting) -> list[Json]:
    """The suggestions that can be carried out whole; one whose actions cannot all be named is left out (SU-3, AC-7)."""
    assert advice.rule.card is not None
    made: list[Json] = []
    is_recommending = False
    for number, suggestion in enumerate(advice.rule.card.suggestions):
        actions = _actions(decision, suggestion, acting)
        if actions is None:
            continue
        member: Json = {
            "label": suggestion.label,
            "uuid": id_of(decision.id, f"{advice.rule.id}/{number}"),
            "actions": actions,
        }
        if suggestion.recommended and not is_recommending:
            # With at-most-one there is one recommendation at most (SU-2).
            member["isRecommended"] = is_recommending = True
        made.append(member)
    return made


def _actions(decision: Decision, suggestion: Suggestion, acting: Acting) -> list[Json] | None:
    """The actions in the order a client carries them out (SU-4), or None if one of them cannot be named."""
    if suggestion.create and not acting.ordering.possible:
        return None
    deletes, updates = _deletes(decision, suggestion, acting), _updates(decision, suggestion, acting)
    if deletes is None or updates is None:
        return None
    return [*deletes, *[_create(template, acting) for template in suggestion.create], *updates] or None


def _create(template: str, acting: Acting) -> Json:
    return {
        "type": "create",
        "description": f"Draft order: {acting.drafts.title(template)}",
        "resource": acting.drafts.draft(template, acting.ordering),
    }


def _drafts_behind(decision: Decision, facts: Sequence[str], acting: Acting) -> list[Evidence] | None:
    """The draft orders of the call that the facts depend on; None without any, or when one is no draft of the call."""
    evidence = {item.resource: item for name in facts for item in decision.findings[name].evidence}
    if not evidence or not acting.deletable.issuperset(evidence):
        return None
    return list(evidence.values())


def _deletes(decision: Decision, suggestion: Suggestion, acting: Acting) -> list[Json] | None:
    """One delete per draft order of the call; a stored order is never touched (AC-5, AC-8). None if one has no name."""
    if not suggestion.remove:
        return []
    drafts = _drafts_behind(decision, suggestion.remove, acting)
    if drafts is None or not all(_RELATIVE.fullmatch(item.resource) for item in drafts):
        return None
    return [
        {
            "type": "delete",
            "description": f"Remove the draft order{_quoted_text(item)}",
            "resourceId": item.resource,
        }
        for item in drafts
    ]


def _updates(decision: Decision, suggestion: Suggestion, acting: Acting) -> list[Json] | None:
    """One update per draft order: the client's resource, whole, with a stop date (AC-4, AC-6). None if one may not."""
    if not suggestion.limit:
        return []
    drafts, days = _drafts_behind(decision, suggestion.limit, acting), suggestion.limit_days
    updates: list[Json] = []
    for item in drafts or ():
        order = acting.received.get(item.resource)
        changed = None if order is None or days is None else limited(order, days, acting.ordering.release)
        if changed is None:
            return None
        updates.append(
            {"type": "update", "description": f"Stop after {days} days{_quoted_text(item)}", "resource": changed}
        )
    return None if drafts is None else updates


def _quoted_text(item: Evidence) -> str:
    # The words come from the order; as plain text they must not look like markup either.
    text = plain(re.sub(r"[<>\[\]()`*_|]", " ", item.text))
    return f": {mark_quoted(text)}" if text else ""
