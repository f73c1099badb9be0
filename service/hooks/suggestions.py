"""The suggestions of a card: orders to create and draft orders of the call to remove (SU-1 to SU-6, AC-1 to AC-8)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from service.decision import Advice, Decision
from service.finding import Evidence
from service.hooks.markdown import plain
from service.hooks.orders import Drafts, Ordering
from service.knowledge.model import Suggestion

_RELATIVE = re.compile(r"[A-Za-z]+/[A-Za-z0-9\-.]{1,64}")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Acting:
    """What cards need to act: the validated drafts, what a call puts into them, and the orders it may delete (AC-8)."""

    drafts: Drafts
    ordering: Ordering
    deletable: frozenset[str]


def suggestions(decision: Decision, advice: Advice, acting: Acting) -> list[Json]:
    """The suggestions that can be carried out whole; one whose actions cannot all be named is left out (SU-3, AC-7)."""
    assert advice.rule.card is not None
    made: list[Json] = []
    for number, suggestion in enumerate(advice.rule.card.suggestions):
        actions = _actions(decision, suggestion, acting)
        if actions is None:
            continue
        member: Json = {
            "label": suggestion.label,
            "uuid": str(uuid.uuid5(uuid.UUID(decision.id), f"{advice.rule.id}/{number}")),
            "actions": actions,
        }
        if suggestion.recommended and not any("isRecommended" in earlier for earlier in made):
            # With at-most-one there is one recommendation at most (SU-2).
            member["isRecommended"] = True
        made.append(member)
    return made


def _actions(decision: Decision, suggestion: Suggestion, acting: Acting) -> list[Json] | None:
    """The actions in the order a client carries them out (SU-4), or None if one of them cannot be named."""
    if suggestion.create and not acting.ordering.possible:
        return None
    evidence = [item for name in suggestion.remove for item in decision.findings[name].evidence]
    if suggestion.remove and not evidence:
        return None
    deletes = list(_deletes(evidence, acting.deletable))
    if len(deletes) != len({item.resource for item in evidence}):
        return None
    creates = [
        {
            "type": "create",
            "description": f"Draft order: {acting.drafts.title(template)}",
            "resource": acting.drafts.draft(template, acting.ordering),
        }
        for template in suggestion.create
    ]
    return [*deletes, *creates] or None


def _deletes(evidence: Sequence[Evidence], deletable: frozenset[str]) -> Iterator[Json]:
    """One delete per draft order of the call; a stored order is never touched (AC-5, AC-8)."""
    for reference, item in {item.resource: item for item in evidence}.items():
        if reference in deletable and _RELATIVE.fullmatch(reference):
            # The words come from the order; as plain text they must not look like markup either.
            told = plain(re.sub(r"[<>\[\]()`*_|]", " ", item.text))
            yield {
                "type": "delete",
                "description": f"Remove the draft order{': ' + told if told else ''}",
                "resourceId": reference,
            }
