"""The card that says which checks could not be made, and for want of what (SC-5, ST-6): silence is no all-clear."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from service.cards.sources import topic
from service.cards.wording import asked
from service.decision import Decision
from service.engine.trace import Result
from service.finding import Status
from service.knowledge.hooks import HOOKS
from service.knowledge.model import Indicator, Knowledge, Rule, types_read
from service.record.input.prefetch_templates import Template

Json = dict[str, Any]

SUMMARY = "Not assessed: some safety checks could not be made from the data that was sent."


def with_not_assessed(
    cards: list[Json], knowledge: Knowledge, decision: Decision, missing: Sequence[Template]
) -> list[Json]:
    """The cards, with what kept a warning from being decided named on them.

    Where whole lists could not be had, or an order is checked and nothing else is said, that is a card
    of its own. Otherwise it stands at the end of the last card: a chart in which nobody recorded a
    rarely measured value must not get one more card at every visit (hazard H-07). A chart that is only
    opened, of which every list came and for which there is nothing to say, gets no card.
    """
    named = set(asked(knowledge, decision.not_recorded))
    phrases = [phrase for phrase in asked(knowledge, decision.not_assessed) if phrase not in named]
    if not phrases:
        return cards
    if not cards and not concerns(knowledge, decision):
        return []
    lacking = _lacking(knowledge, decision, missing)
    if lacking or (not cards and _leaves_an_order_unchecked(knowledge, decision)):
        return [*cards, _card(knowledge, decision, phrases, lacking)]
    if not cards:
        return []
    told = f"**Not assessed:** {'; '.join(phrases)}.\n\n"
    return [*cards[:-1], {**cards[-1], "detail": told.join(_halves(cards[-1]))}]


def concerns(knowledge: Knowledge, decision: Decision) -> bool:
    """Whether the chart or an order in it may concern this service: no back problem and no such order is nobody's want.

    A drug that is not recognised, ordered for somebody without a back problem, is another service's business
    (product choice no. 4); were it named, a third of all orders would bring a card (hazard H-07).
    """
    applies = decision.findings.get(knowledge.concern) if knowledge.concern is not None else None
    return applies is None or applies.status is not Status.ABSENT


def _leaves_an_order_unchecked(knowledge: Knowledge, decision: Decision) -> bool:
    """Whether a warning about what is being ordered is among those that could not be decided."""
    checking = {phase.id for phase in knowledge.phases if phase.checks_orders}
    return HOOKS[decision.hook].has_orders and any(
        outcome.result is Result.NOT_ENOUGH_DATA and outcome.rule.phase in checking and _warns(outcome.rule)
        for outcome in decision.outcomes
    )


def _warns(rule: Rule) -> bool:
    return rule.card is not None and rule.card.indicator is not Indicator.INFO


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
    read = {kind for fact in facts for kind in types_read(fact)}
    return [template.title for template in missing if read & set(template.types)]
