"""The whole text of a card: the rule's own words, what was found and what not, all sources, caveats, version."""

from __future__ import annotations

from collections.abc import Sequence

from service.cards.finding_words import asked, quoted_lines
from service.cards.layout import as_also, closing
from service.cards.of_rules import of_rule
from service.cards.sources import source_lines
from service.cards.summary import also, summary
from service.cards.writing import Writing
from service.decision import Advice
from service.knowledge.model import Knowledge, Rule


def detail(knowledge: Knowledge, advice: Advice, writing: Writing) -> str:
    """The whole detail of one card for a clinician, in GitHub markdown without HTML."""
    return "\n\n".join([*body(knowledge, advice, writing), closing(knowledge.not_clearance)])


def body(knowledge: Knowledge, advice: Advice, writing: Writing) -> list[str]:
    """The paragraphs of one card's detail without the closing sentence, so that folded cards can share it."""
    rule = advice.rule
    assert rule.card is not None
    found = quoted_lines(knowledge, advice.found, writing)
    missing = asked(knowledge, advice.not_recorded)
    paragraphs = [rule.card.detail, *map(as_also, also(advice, writing))]
    if found:
        paragraphs.append("**Found:**\n\n" + "\n".join(found))
    if missing:
        paragraphs.append(f"**Not recorded:** {'; '.join(missing)}")
    paragraphs.append(_ends(knowledge, rule)[rule.review_by < writing.today])
    return paragraphs


@of_rule
def _ends(knowledge: Knowledge, rule: Rule) -> tuple[str, str]:
    """The last paragraphs of a rule: before its review is due, and after."""
    grounds = _grounds(knowledge, rule)
    timely, late = (_signature(knowledge, rule, is_late=is_late) for is_late in (False, True))
    return f"{grounds}\n\n{timely}", f"{grounds}\n\n{late}"


def _grounds(knowledge: Knowledge, rule: Rule) -> str:
    """The paragraphs that say on what the rule depends, and what of it nobody has verified."""
    sources = "**Sources**\n\n" + "\n".join(source_lines(knowledge, rule))
    if not rule.unverified_parts:
        return sources
    return f"{sources}\n\n**Not verified**\n\n" + "\n".join(f"- {part}" for part in rule.unverified_parts)


def full_text_of(knowledge: Knowledge, group: Sequence[Advice], writing: Writing) -> str:
    """The whole detail of several pieces of advice that share a card, each under its own summary."""
    paragraphs: list[str] = []
    for item in group:
        paragraphs += (f"**{summary(item, writing)}**", *body(knowledge, item, writing), "---")
    return "\n\n".join([*paragraphs, closing(knowledge.not_clearance)])


def patient_detail(knowledge: Knowledge, rule: Rule) -> str:
    """The detail for a patient or relative: the plain text of the rule and nothing from the record."""
    assert rule.card is not None
    text = rule.card.patient_detail or ""
    return "\n\n".join(part for part in (text.strip(), f"*{knowledge.not_clearance}*") if part)


def _signature(knowledge: Knowledge, rule: Rule, *, is_late: bool) -> str:
    state = "" if rule.id in knowledge.approved else "Rule draft, not approved. "
    late = f" Its review was due by {rule.review_by}." if is_late else ""
    return f"{state}Rule `{rule.id}`, version {rule.version}; rule set {knowledge.version}.{late}"
