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

SUMMARY = "Not assessed: some safety checks could not be made from the data that was sent."


def not_assessed(knowledge: Knowledge, decision: Decision, missing: Sequence[Template]) -> dict[str, Any] | None:
    """An info card that names what kept a warning from being decided, unless another card already names it all."""
    if not decision.not_assessed:
        return None
    return {
        "uuid": str(uuid.uuid5(uuid.UUID(decision.id), "not-assessed")),
        "summary": SUMMARY,
        "detail": "\n\n".join(_paragraphs(knowledge, decision, missing)),
        "indicator": "info",
        "source": {"label": knowledge.name, "topic": topic("not-assessed", "Not assessed")},
    }


def _paragraphs(knowledge: Knowledge, decision: Decision, missing: Sequence[Template]) -> list[str]:
    asks = asked(knowledge, decision.not_assessed)
    told = ["Checks that depend on the following were not made:", "\n".join(f"- {phrase}" for phrase in asks)]
    # A conclusion that no rule draws yet is read from no list at all.
    facts = [knowledge.facts[name] for name in decision.not_assessed if name in knowledge.facts]
    read = {kind for fact in facts for kind in types_of(fact)}
    lacking = [template for template in missing if read & set(template.types)]
    if lacking:
        names = ", ".join(template.title for template in lacking)
        told.append(f"**Not sent, or could not be had:** {names}.")
    told += [f"Rule set {knowledge.version}.", f"*{knowledge.not_clearance}*"]
    return told
