"""The whole text of a card: the rule's own words filled in, then all sources, caveats and version (CA-4, CA-9)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from service.cards.sources import source_lines
from service.cards.summary import summary
from service.cards.wording import asked, marked_lines
from service.decision import Advice
from service.knowledge.model import Knowledge, Rule

_PLACEHOLDER = re.compile(r"\{\{ *(found|not_recorded) *\}\}")
_ALONE = re.compile(r"^[ \t]*\{\{ *(found|not_recorded) *\}\}[ \t]*$", re.MULTILINE)


def detail(knowledge: Knowledge, advice: Advice, today: date) -> str:
    """The whole detail of one card for a clinician, in GitHub markdown without HTML."""
    return "\n\n".join([*body(knowledge, advice, today), f"*{knowledge.not_clearance}*"])


def body(knowledge: Knowledge, advice: Advice, today: date) -> Iterator[str]:
    """The paragraphs of one card's detail without the closing sentence, so that folded cards can share it."""
    rule = advice.rule
    assert rule.card is not None
    found = marked_lines(knowledge, advice.found)
    missing = asked(knowledge, advice.not_recorded)
    yield _filled(rule.card.detail, found, missing).strip()
    # What a card rests on and what it lacked must stand on it, whether or not its author asked for it.
    if found and "found" not in _PLACEHOLDER.findall(rule.card.detail):
        yield "**Found**\n\n" + "\n".join(found)
    if missing and "not_recorded" not in _PLACEHOLDER.findall(rule.card.detail):
        yield f"**Not recorded:** {'; '.join(missing)}."
    yield "**Sources**\n\n" + "\n".join(source_lines(knowledge, rule))
    if rule.unverified_parts:
        yield "**Not verified**\n\n" + "\n".join(f"- {part}" for part in rule.unverified_parts)
    yield _signature(knowledge, rule, today)


def whole_text_of(knowledge: Knowledge, group: Sequence[Advice], today: date) -> Iterator[str]:
    """The paragraphs of several pieces of advice that share a card, each under its own summary."""
    for item in group:
        yield f"**{summary(item, today)}**"
        yield from body(knowledge, item, today)
        yield "---"


def patient_detail(knowledge: Knowledge, rule: Rule) -> str:
    """The detail for a patient or relative: the plain text of the rule and nothing from the record."""
    assert rule.card is not None
    text = rule.card.patient_detail or ""
    return "\n\n".join(part for part in (text.strip(), f"*{knowledge.not_clearance}*") if part)


def _filled(text: str, found: Sequence[str], missing: Sequence[str]) -> str:
    """The author's text with both lists in place; a paragraph about an empty list is left out."""
    empty = [name for name, items in (("found", found), ("not_recorded", missing)) if not items]
    text = "\n\n".join(part for part in text.split("\n\n") if not _is_about(part, empty))
    listed = {
        "found": "\n".join(found) or "- nothing recorded",
        "not_recorded": "\n".join(f"- {phrase}" for phrase in missing) or "- nothing",
    }
    inline = {
        "found": "; ".join(line.removeprefix("- ") for line in found) or "nothing recorded",
        "not_recorded": "; ".join(missing) or "nothing",
    }
    text = _ALONE.sub(lambda match: listed[match[1]], text)
    return _PLACEHOLDER.sub(lambda match: inline[match[1]], text)


def _is_about(paragraph: str, empty: Sequence[str]) -> bool:
    names = _PLACEHOLDER.findall(paragraph)
    # The heading of the found list stands in a paragraph of its own.
    return any(name in empty for name in names) or ("found" in empty and paragraph.strip() == "**Found:**")


def _signature(knowledge: Knowledge, rule: Rule, today: date) -> str:
    state = "" if rule.id in knowledge.approved else "Rule draft, not approved. "
    late = f" Its review was due by {rule.review_by}." if rule.review_by < today else ""
    return f"{state}Rule `{rule.id}`, version {rule.version}; rule set {knowledge.version}.{late}"
