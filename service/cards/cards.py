"""Cards: a Decision as an EHR shows it (chapters 8 to 14 of the protocol reference).

Order: critical, warning, info, then the order of the phases (RS-3). A red-flag or safety card is
never folded or dropped; further info cards become one card that lists them.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from service.cards.detail import body, detail, patient_detail
from service.cards.not_assessed import with_not_assessed
from service.cards.redaction import unmarked_card
from service.cards.sources import card_source, topic
from service.cards.suggestions import Acting, suggestions
from service.cards.unread import with_unread, with_unread_for_patient
from service.cards.wording import asked
from service.decision import Advice, Decision
from service.engine.trace import Outcome
from service.finding import Evidence, Finding
from service.knowledge.model import Indicator, Knowledge, ServiceDefinition
from service.record.input.prefetch_templates import Template

WHY = "sciatica-cds.why"


Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom the cards are for and what may be shown: the service's own limits, the reader, whether to say why.

    ``only`` are the rules that may speak; None lets all speak.
    """

    service: ServiceDefinition
    for_patient: bool = False
    why: bool = True
    allowed_rule_ids: frozenset[str] | None = None


def render(
    knowledge: Knowledge,
    decision: Decision,
    audience: Audience,
    acting: Acting,
    missing: Sequence[Template] = (),
) -> list[Json]:
    """The cards of a decision, no member empty (TR-3 to TR-5). ``missing`` are the lists that could not be had."""
    return shown_cards(render_marked(knowledge, decision, audience, acting, missing), audience)


def shown_cards(cards: Iterable[Json], audience: Audience) -> list[Json]:
    """Cards that were rendered with marks as they leave: without marks, and saying why only where that is wanted."""
    shown = [unmarked_card(card) for card in cards]
    if not audience.why:
        for card in shown:
            card.pop("extension", None)
    return shown


def render_marked(
    knowledge: Knowledge,
    decision: Decision,
    audience: Audience,
    acting: Acting,
    missing: Sequence[Template] = (),
) -> list[Json]:
    """The cards with marks around what is quoted from the record, and always with the extension that says why."""
    spoken = _ordered(knowledge, [advice for advice in decision.advice if _may_show(advice, audience)])
    if audience.for_patient:
        told = [_patient_card(knowledge, decision, advice) for advice in spoken if _has_patient_text(advice)]
        return with_unread_for_patient(told, knowledge, decision)
    single, folded = _fold(knowledge, spoken)
    cards = [_card(knowledge, decision, advice, acting) for advice in single]
    if folded:
        cards.append(_further(knowledge, decision, folded, acting))
    return with_unread(with_not_assessed(cards, knowledge, decision, missing), knowledge, decision)


def _may_show(advice: Advice, audience: Audience) -> bool:
    """Whether the service may show the advice: order-sign teaches nothing (product choice no. 15)."""
    service, indicator = audience.service, _indicator(advice)
    if indicator.value not in service.indicators or (
        audience.allowed_rule_ids is not None and advice.rule.id not in audience.allowed_rule_ids
    ):
        return False
    return indicator is not Indicator.INFO or not service.info_phases or advice.rule.phase in service.info_phases


def _ordered(knowledge: Knowledge, advice: Iterable[Advice]) -> list[Advice]:
    turn = {phase: number for number, phase in enumerate(knowledge.card_order)}
    place = {rule.id: number for number, rule in enumerate(knowledge.rules)}
    return sorted(advice, key=lambda item: (-_indicator(item).rank, turn[item.rule.phase], place[item.rule.id]))


def _indicator(advice: Advice) -> Indicator:
    assert advice.rule.card is not None
    return advice.rule.card.indicator


def _fold(knowledge: Knowledge, advice: Sequence[Advice]) -> tuple[list[Advice], list[Advice]]:
    """The advice that gets a card of its own, and the info advice that shares one (hazard H-07).

    There are at most ``max_info_cards`` info cards, the shared one among them; louder cards, and info of
    phases with cards of their own (red flags, drug safety), always stand alone.
    """
    alone = {phase.id for phase in knowledge.phases if phase.own_cards}
    info = [item for item in advice if _indicator(item) is Indicator.INFO]
    foldable = [item for item in info if item.rule.phase not in alone]
    room = max(1, knowledge.max_info_cards - (len(info) - len(foldable)))
    folded = [] if len(foldable) <= room else foldable[room - 1 :]
    return [item for item in advice if not any(item is other for other in folded)], folded


def _card(knowledge: Knowledge, decision: Decision, advice: Advice, acting: Acting) -> Json:
    text = advice.rule.card
    assert text is not None
    card: Json = {
        "uuid": _uuid(decision, advice.rule.id),
        "summary": text.summary,
        "detail": detail(knowledge, advice, decision.now.date()),
        "indicator": text.indicator.value,
        "source": card_source(knowledge, advice.rule),
    }
    offered = suggestions(decision, advice, acting)
    if offered:
        card["suggestions"] = offered
        card["selectionBehavior"] = "at-most-one"
    reasons = [knowledge.override_reasons[code] for code in text.override_reasons]
    if reasons:
        card["overrideReasons"] = [
            {"code": reason.code, "system": reason.system, "display": reason.display} for reason in reasons
        ]
    if text.links:
        card["links"] = [{"label": link.label, "url": link.url, "type": "absolute"} for link in text.links]
    card["extension"] = {WHY: _why(knowledge, decision, [advice])}
    return card


def _further(knowledge: Knowledge, decision: Decision, folded: Sequence[Advice], acting: Acting) -> Json:
    """One card for the info advice that gets none of its own: every item with its full text and its suggestions."""
    parts = []
    for item in folded:
        assert item.rule.card is not None
        parts += [f"**{item.rule.card.summary}**", *body(knowledge, item, decision.now.date()), "---"]
    card: Json = {
        "uuid": _uuid(decision, "further-advice"),
        "summary": f"Further advice: {len(folded)} more points for this patient.",
        "detail": "\n\n".join([*parts, f"*{knowledge.not_clearance}*"]),
        "indicator": Indicator.INFO.value,
        "source": card_source(knowledge, folded[0].rule) | {"topic": topic("further-advice", "Further advice")},
    }
    offered = [member for item in folded for member in suggestions(decision, item, acting)]
    unique = list({member["label"]: member for member in offered}.values())
    if unique:
        card["suggestions"] = unique
        # The points are independent of each other, so a clinician may take several.
        card["selectionBehavior"] = "any"
    card["extension"] = {WHY: _why(knowledge, decision, folded)}
    return card


def _has_patient_text(advice: Advice) -> bool:
    return advice.rule.card is not None and advice.rule.card.patient_summary is not None


def _patient_card(knowledge: Knowledge, decision: Decision, advice: Advice) -> Json:
    """A card in plain words, without orders, override reasons or anything quoted from the record."""
    text = advice.rule.card
    assert text is not None
    return {
        "uuid": _uuid(decision, advice.rule.id),
        "summary": text.patient_summary,
        "detail": patient_detail(knowledge, advice.rule),
        "indicator": text.indicator.value,
        "source": card_source(knowledge, advice.rule),
    }


def _why(knowledge: Knowledge, decision: Decision, advice: Sequence[Advice]) -> Json:
    """Which rules speak and which they cover, on which evidence, lacking what. Nothing stands only here (EX-4)."""
    outcomes = {outcome.rule.id: outcome for outcome in decision.outcomes}
    rules = [_rule(knowledge, outcomes[name]) for item in advice for name in (item.rule.id, *item.covers)]
    why: Json = {"decision": decision.id, "rules": rules}
    evidence = [_evidence(finding.name, item.resource, item.date) for finding, item in _evidence_of(advice)]
    if evidence:
        why["evidence"] = list({tuple(entry.items()): entry for entry in evidence}.values())
    lacking = asked(knowledge, (name for item in advice for name in item.not_recorded))
    if lacking:
        why["notRecorded"] = lacking
    return why


def _rule(knowledge: Knowledge, outcome: Outcome) -> Json:
    rule = outcome.rule
    told = {
        "id": rule.id,
        "version": rule.version,
        "status": rule.status,
        "approved": rule.id in knowledge.approved,
    }
    return told if outcome.covered_by is None else told | {"coveredBy": outcome.covered_by}


def _evidence_of(advice: Sequence[Advice]) -> Iterable[tuple[Finding, Evidence]]:
    return ((finding, evidence) for item in advice for finding in item.found for evidence in finding.evidence)


def _evidence(finding: str, resource: str, date: str | None) -> Json:
    told = {"finding": finding, "resource": resource}
    return told if date is None else told | {"date": date}


def _uuid(decision: Decision, name: str) -> str:
    # The decision id is random on a hook call (CA-7) and made from content where answers must repeat to the byte.
    return str(uuid.uuid5(uuid.UUID(decision.id), name))
