"""Marks around what a card quotes from the record, while it is being rendered.

A card that leaves is without marks. What is stored of a card (see ``decision_log``) is its digest with everything
between marks replaced, so a card need not be rendered twice to be stored without the record's words.
"""

from __future__ import annotations

import re
from typing import Any

# Control characters: text of the record cannot hold them, markdown.plain takes them out.
_BEGIN, _END = "\x02", "\x03"
_BETWEEN = re.compile(f"{_BEGIN}[^{_END}]*{_END}")
_INSTEAD = "…"

# Where the whole text of a card stands when the card shows the short one.
FULL = "sciatica-cds.detail"

Json = dict[str, Any]


def mark_quoted(text: str) -> str:
    """Text that was quoted from the record."""
    return f"{_BEGIN}{text}{_END}"


def without_markers(text: str) -> str:
    """The text as it is shown."""
    return text.replace(_BEGIN, "").replace(_END, "")


def redacted(text: str) -> str:
    """The text with all that was quoted replaced by one sign."""
    return replace_quoted(text, _INSTEAD)


def replace_quoted(text: str, instead: str) -> str:
    """The text with each thing that was quoted replaced."""
    return _BETWEEN.sub(instead, text) if _BEGIN in text else text


def card_without_markers(card: Json) -> Json:
    """A card as it leaves."""
    shown = {**card, "summary": without_markers(card["summary"]), "detail": without_markers(card["detail"])}
    if FULL in card.get("extension", {}):
        shown["extension"] = card["extension"] | {FULL: without_markers(card["extension"][FULL])}
    if "suggestions" in card:
        shown["suggestions"] = [_suggestion_without_markers(suggestion) for suggestion in card["suggestions"]]
    return shown


def _suggestion_without_markers(suggestion: Json) -> Json:
    actions = [action | {"description": without_markers(action["description"])} for action in suggestion["actions"]]
    return suggestion | {"actions": actions}
