"""The card that says which checks could not be made, and for want of what (SC-5, ST-6): silence is no all-clear."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from service.decision import Decision
from service.hooks.needs import types_of
from service.hooks.sources import topic
from service.hooks.templates import Template
from service.hooks.wording import asked
from service.knowledge.model import Knowledge

Json = dict[str, Any]

SUMMARY = "Not assessed: some safety checks could not be made from the data that was sent."


def with_not_assessed(
    cards: list[Json], knowledge: Knowledge, decision: Decision, missing: Sequence[Template]
) -> list[Json]:
    """The cards, with what kept a warning from being decided named on them.

    Where whole lists could not be had, or nothing quieter than a warning is shown, that is a card of
    its own; otherwise it stands at the end of the last info card, so that a chart in which nobody
    recorded a rarely measured value does not get one more card at every visit (hazard H-07).
    """
    named = set(asked(knowledge, decision.not_recorded))
    phrases = [phrase for phrase in asked(knowledge, decision.not_assessed) if phrase not in named]
    if not phrases:
        return cards
    lacking = _lacking(knowledge, decision, missing)
    last = cards[-1] if cards and cards[-1]["indicator"] == "info" else None
    if last is not None and not lacking:
        return [*cards[:-1], {**last, "detail": f"**Not assessed:** {'; '.join(phrases)}.\n\n".join(_halves(last))}]
    return [*cards, _card(knowledge, decision, phrases, lacking)]


def _halves(card: Json) -> tuple[str, str]:
    """The detail before and from its closing sentence, which stays the last thing read."""
    body, mark, closing = card["detail"].rpartition("\n\n")
    return f"{body}{mark}", closing


def _card(knowledge: Knowledge, decision: Decision, phrases: Sequence[str], lacking: Sequence[str]) -> Json:
    told = ["Checks that depend on the following were not made:", "\n".join(f"- {phrase}" for phrase in phrases)]
    if lacking:
        told.append(f"**Not sent, or could not be had:** {', '.join(lacking)}.")
    told += [f"Rule set {knowledge.version}.", f"*{knowledge.not_clearance}*"]
    return {
        "uuid": str(uuid.uuid5(uuid.UUID(decision.id), "not-assessed")),
        "summary": SUMMARY,
        "detail": "\n\n".join(told),
        "indicator": "info",
        "source": {"label": knowledge.name, "topic": topic("not-assessed", "Not assessed")},
    }


def _lacking(knowledge: Knowledge, decision: Decision, missing: Sequence[Template]) -> list[str]:
    """The lists that were asked for, did not come, and hold what was not assessed."""
    # A conclusion that is named as one is read from no list of its own.
    facts = [knowledge.facts[name] for name in decision.not_assessed if name in knowledge.facts]
    read = {kind for fact in facts for kind in types_of(fact)}
    return [template.title for template in missing if read & set(template.types)]
