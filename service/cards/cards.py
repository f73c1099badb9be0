"""Cards: a Decision as an EHR shows it (chapters 8 to 14 of the protocol reference).

Order: critical, warning, info, then the order of the phases (RS-3). A red-flag or safety card is
never folded or dropped; further info cards become one card that lists them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct, field

from service.cards.card_ids import id_of
from service.cards.finding_words import asked
from service.cards.full_text import detail, full_text_of, patient_detail
from service.cards.grouping import grouped, is_joinable, joined_summary, shared_summary, write_shared
from service.cards.layout import sections, write
from service.cards.not_assessed import Lacking
from service.cards.of_rules import of_rule, of_rule_set
from service.cards.pathway import is_pathway, pathway_summary, write_pathway
from service.cards.redaction import FULL, card_without_markers
from service.cards.sources import card_source, topic
from service.cards.suggestions import Acting, suggestions
from service.cards.summary import summary
from service.cards.unread import with_unread_for_patient
from service.cards.with_not_assessed import with_not_assessed
from service.cards.writing import Writing
from service.decision import Advice, Decision
from service.engine.trace import Outcomes
from service.finding import Finding
from service.knowledge.model import Indicator, Knowledge, Rule, ServiceDefinition

WHY = "sciatica-cds.why"
NOTHING_LACKING = Lacking()
_PAGE = "All sources, why and limits of this rule"

Json = dict[str, Any]


class Audience(Struct, frozen=True):
    """Whom the cards are for and what may be shown: the service's own limits, the reader, whether to say why.

    ``allowed_rule_ids`` are the rules that may be shown; None lets all be shown. ``full`` puts the whole text into the
    card; else it stands in the extension. ``public_url`` is where the pages of rules are found; None gives no link.
    """

    service: ServiceDefinition
    for_patient: bool = False
    why: bool = True
    allowed_rule_ids: frozenset[str] | None = None
    full: bool = False
    public_url: str | None = None


def render(
    knowledge: Knowledge,
    decision: Decision,
    audience: Audience,
    acting: Acting,
    lacking: Lacking = NOTHING_LACKING,
) -> list[Json]:
    """The cards of a decision, no member empty (TR-3 to TR-5). ``lacking`` are the lists that could not be had."""
    return shown_cards(render_with_markers(knowledge, decision, audience, acting, lacking), audience)


def shown_cards(cards: Iterable[Json], audience: Audience) -> list[Json]:
    """Cards that were rendered with marks as they leave: without marks, and saying why only where that is wanted."""
    shown = [card_without_markers(card) for card in cards]
    if not audience.why:
        for card in shown:
            card.pop("extension", None)
    return shown


def render_with_markers(
    knowledge: Knowledge,
    decision: Decision,
    audience: Audience,
    acting: Acting,
    lacking: Lacking = NOTHING_LACKING,
) -> list[Json]:
    """The cards with marks around what is quoted from the record, and always with the extension that says why."""
    visible = _ordered(knowledge, [advice for advice in decision.advice if _may_show(advice, audience)])
    if audience.for_patient:
        rendered = [_patient_card(knowledge, decision, advice) for advice in visible if _has_patient_text(advice)]
        return with_unread_for_patient(rendered, knowledge, decision, lacking)
    groups = list(grouped(knowledge, visible))
    showing = _Showing(knowledge, decision, audience, acting, Writing(decision.now.date()))
    cards = [_card(showing, group) for group in groups]
    return with_not_assessed(cards, knowledge, decision, lacking, groups)


def _may_show(advice: Advice, audience: Audience) -> bool:
    """Whether the service may show the advice: order-sign teaches nothing (product choice no. 15)."""
    allowed = audience.allowed_rule_ids is None or advice.rule.id in audience.allowed_rule_ids
    return allowed and audience.service.shows(advice.rule)


def _ordered(knowledge: Knowledge, advice: Iterable[Advice]) -> list[Advice]:
    order = _order(knowledge)
    return sorted(advice, key=lambda item: (-item.indicator.rank, *order[item.rule.id]))


@of_rule_set
def _order(knowledge: Knowledge) -> dict[str, tuple[int, int]]:
    """Where among the cards of equal weight each rule stands: by its phase, then by the order of the rules."""
    phase_order = {phase: number for number, phase in enumerate(knowledge.card_order)}
    return {
        rule.id: (phase_order[rule.phase], number)
        for number, rule in enumerate(knowledge.rules)
        if rule.phase in phase_order
    }


class _Showing(Struct, frozen=True):
    """All that the cards of a decision are made with; ``entries`` are those behind each finding, as cards name them."""

    knowledge: Knowledge
    decision: Decision
    audience: Audience
    acting: Acting
    writing: Writing
    entries: dict[str, list[Json]] = field(default_factory=dict)

    def behind(self, finding: Finding) -> list[Json]:
        """The entries of a finding, each once. Several cards depend on the same findings."""
        entries = self.entries.get(finding.name)
        if entries is None:
            name, distinct = finding.name, dict.fromkeys([(item.resource, item.date) for item in finding.evidence])
            entries = self.entries[name] = [
                {"finding": name, "resource": resource}
                if date is None
                else {"finding": name, "resource": resource, "date": date}
                for resource, date in distinct
            ]
        return entries


def _card(showing: _Showing, group: Sequence[Advice]) -> Json:
    """The card of one piece of advice, or of several that share one."""
    if is_pathway(showing.knowledge, group[0]):
        return _pathway(showing, group)
    return _single(showing, group[0]) if len(group) == 1 else _shared(showing, group)


def _pathway(showing: _Showing, group: Sequence[Advice]) -> Json:
    """The card that says where the patient stands, with the advice that hangs on it and its suggestions."""
    knowledge, head = showing.knowledge, group[0]
    full_text = full_text_of(knowledge, group, showing.writing)
    card: Json = {
        "uuid": _uuid(showing.decision, head.rule.id),
        "summary": pathway_summary(group, showing.writing),
        "detail": full_text if showing.audience.full else write_pathway(knowledge, group, showing.writing),
        "indicator": head.indicator.value,
        "source": card_source(knowledge, head.rule),
    }
    card |= _offered(showing, group) | _links(showing, head.rule)
    card["extension"] = _extension(showing, group, full_text)
    return card


def _offered(showing: _Showing, group: Sequence[Advice]) -> Json:
    """The suggestions of advice that shares a card. They are independent, so a clinician may take several."""
    offered = [member for item in group for member in suggestions(showing.decision, item, showing.acting)]
    unique = list({member["label"]: member for member in offered}.values())
    return {"suggestions": unique, "selectionBehavior": "any"} if unique else {}


def _single(showing: _Showing, advice: Advice) -> Json:
    knowledge, rule = showing.knowledge, advice.rule
    text = rule.card
    assert text is not None
    full_text = detail(knowledge, advice, showing.writing)
    card: Json = {
        "uuid": _uuid(showing.decision, rule.id),
        "summary": summary(advice, showing.writing),
        "detail": full_text if showing.audience.full else write(sections(knowledge, advice, showing.writing)),
        "indicator": advice.indicator.value,
        "source": card_source(knowledge, rule),
    }
    offered = suggestions(showing.decision, advice, showing.acting)
    if offered:
        card["suggestions"] = offered
        card["selectionBehavior"] = "at-most-one"
    card |= _reasons_of(knowledge, rule) | _links(showing, rule)
    card["extension"] = _extension(showing, [advice], full_text)
    return card


def _shared(showing: _Showing, group: Sequence[Advice]) -> Json:
    """One card for several pieces of advice: what each says, all their grounds, and their suggestions."""
    knowledge = showing.knowledge
    full_text = full_text_of(knowledge, group, showing.writing)
    is_severe = max(item.indicator.rank for item in group) > Indicator.INFO.rank
    is_joined = is_joinable(group)
    name, words = ("further-warnings", "Further warnings") if is_severe else ("further-advice", "Further advice")
    card: Json = {
        "uuid": _uuid(showing.decision, group[0].rule.id if is_joined else name),
        "summary": joined_summary(group) if is_joined else shared_summary(group, is_severe=is_severe),
        "detail": full_text if showing.audience.full else write_shared(knowledge, group, showing.writing),
        "indicator": max((item.indicator for item in group), key=lambda indicator: indicator.rank).value,
        "source": card_source(knowledge, group[0].rule) | ({} if is_joined else {"topic": topic(name, words)}),
    }
    card |= _offered(showing, group)
    if is_severe:
        card |= _reasons(
            knowledge, [code for item in group if item.rule.card for code in item.rule.card.override_reasons]
        )
    card["extension"] = _extension(showing, group, full_text)
    return card


@of_rule
def _reasons_of(knowledge: Knowledge, rule: Rule) -> Json:
    """The override reasons of the card of one rule."""
    return _reasons(knowledge, () if rule.card is None else rule.card.override_reasons)


def _reasons(knowledge: Knowledge, codes: Iterable[str]) -> Json:
    each = dict.fromkeys(codes)
    return {"overrideReasons": list(map(_codings(knowledge).__getitem__, each))} if each else {}


@of_rule_set
def _codings(knowledge: Knowledge) -> dict[str, Json]:
    """The reasons as codings."""
    return {
        code: {"code": reason.code, "system": reason.system, "display": reason.display}
        for code, reason in knowledge.override_reasons.items()
    }


def _links(showing: _Showing, rule: Rule) -> Json:
    """The links of the rule, and where its page is known to be, one to that (LI-1)."""
    own = () if rule.card is None else rule.card.links
    links = [{"label": link.label, "url": link.url, "type": "absolute"} for link in own]
    base = showing.audience.public_url
    if base is not None:
        links.append({"label": _PAGE, "url": f"{base}/rules/{rule.id}", "type": "absolute"})
    return {"links": links} if links else {}


def _extension(showing: _Showing, group: Sequence[Advice], full_text: str) -> Json:
    why = {WHY: _why(showing, group)}
    return why if showing.audience.full else why | {FULL: full_text}


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


def _why(showing: _Showing, advice: Sequence[Advice]) -> Json:
    """Which rules are shown and suppressed, on which evidence, lacking what. Nothing stands only here (EX-4)."""
    knowledge, outcomes = showing.knowledge, showing.decision.outcomes
    rules = [body for item in advice for body in _rules(knowledge, outcomes, item)]
    why: Json = {"decision": showing.decision.id, "rules": rules}
    found = {finding.name: finding for item in advice for finding in item.found}
    if evidence := [entry for finding in found.values() for entry in showing.behind(finding)]:
        why["evidence"] = evidence
    lacking = asked(knowledge, [name for item in advice for name in item.not_recorded])
    if lacking:
        why["notRecorded"] = list(lacking)
    return why


def _rules(knowledge: Knowledge, outcomes: Outcomes, advice: Advice) -> Iterator[Json]:
    """The rule of a piece of advice, and those that it covers."""
    yield _rule_body(knowledge, advice.rule)
    for name in advice.suppresses:
        yield _rule_body(knowledge, outcomes.rule(name)) | {"coveredBy": advice.rule.id}


@of_rule
def _rule_body(knowledge: Knowledge, rule: Rule) -> Json:
    return {
        "id": rule.id,
        "version": rule.version,
        "status": rule.status,
        "approved": rule.id in knowledge.approved,
    }


def _uuid(decision: Decision, name: str) -> str:
    # The decision id is random on a hook call (CA-7) and made from content where answers must repeat to the byte.
    return id_of(decision.id, name)
