"""Entries and orders that could be read and were not recognised: which they are, and whether they may be ours."""

from __future__ import annotations

import re

from service.decision import Decision
from service.finding import Evidence, Finding, Status
from service.knowledge.model import FactKind, Knowledge
from service.note import NoteCode, holds
from service.record.values.foreign import is_foreign
from service.record.values.other_words import has_strange_words, says_nothing

SERVICES = ("ServiceRequest", "DeviceRequest", "CommunicationRequest")
"""What orders something that is no drug; one without words is named by its type."""
UNREAD = frozenset({NoteCode.NOT_RECOGNISED, NoteCode.DRUG_NOT_RECOGNISED, NoteCode.ORDER_NOT_RECOGNISED})
_CODE_ONLY = re.compile(r"\S*\d\S*")
"""What stands in place of words where an order has none: its code."""


def unrecognised_orders(knowledge: Knowledge, decision: Decision) -> list[Evidence]:
    """The orders that could be read and were not recognised, as the order facts name them."""
    facts = (fact for fact in knowledge.facts.values() if fact.kind is FactKind.ORDER)
    found = (item for fact in facts for item in decision.findings[fact.id].evidence)
    return [item for item in found if holds(item.note, UNREAD)]


def is_unread(finding: Finding, item: Evidence) -> bool:
    """Whether an entry was not recognised and leaves its finding open."""
    return finding.status is not Status.PRESENT and holds(item.note, UNREAD)


def may_be_ours(knowledge: Knowledge, item: Evidence) -> bool:
    """Whether an unread service order may be one of those the rules judge: its words say so, or it has none."""
    if item.resource.partition("/")[0] not in SERVICES or not knowledge.order_words:
        return True
    if is_of_no_known_language(item.text) or has_strange_words(item.text):
        return True
    words = set(re.findall(r"[a-z0-9]+", item.text.lower()))
    if not words.isdisjoint(knowledge.order_words) or item.text in SERVICES:
        return True
    return says_nothing(item.text, knowledge.other_words)


def is_of_no_known_language(text: str) -> bool:
    """Whether a text has no words, or none that are known here: only a code, or another language."""
    return not text or _CODE_ONLY.fullmatch(text) is not None or is_foreign(text)
