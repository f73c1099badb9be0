"""Marks around what a card quotes from the record, while it is being rendered.

A card that leaves is without marks. What is stored of a card (see ``decision_log``) is its digest with everything
between marks replaced, so a card need not be rendered twice to be stored without the record's words.
"""

from __future__ import annotations

from typing import Any

import orjson

# A control character: text of the record cannot hold it, markdown.plain takes it out, and JSON leaves it as it is.
# It stands before and after what is quoted, so every second piece of a text that is cut there was quoted.
_MARK = "\x7f"
_MARK_BYTE = _MARK.encode()
_INSTEAD = "…"
_INSTEAD_BYTES = _INSTEAD.encode()

# Where the whole text of a card stands when the card shows the short one.
FULL = "sciatica-cds.detail"

Json = dict[str, Any]


def mark_quoted(text: str) -> str:
    """Text that was quoted from the record."""
    return f"{_MARK}{text}{_MARK}"


def without_markers(text: str) -> str:
    """The text as it is shown."""
    # A sign is found in bytes in a third of the time that it takes in text.
    return text.encode().replace(_MARK_BYTE, b"").decode() if _MARK in text else text


def redacted(text: str) -> str:
    """The text with all that was quoted replaced by one sign."""
    return replace_quoted(text, _INSTEAD)


def redacted_json(text: str) -> bytes:
    """The same as JSON."""
    return _INSTEAD_BYTES.join(orjson.dumps(text).split(_MARK_BYTE)[::2])


def replace_quoted(text: str, instead: str) -> str:
    """The text with each thing that was quoted replaced."""
    return instead.join(text.split(_MARK)[::2]) if _MARK in text else text


def card_without_markers(card: Json) -> Json:
    """A card as it leaves."""
    shown = {**card, "summary": without_markers(card["summary"]), "detail": without_markers(card["detail"])}
    if FULL in card.get("extension", {}):
        shown["extension"] = card["extension"] | {FULL: without_markers(card["extension"][FULL])}
    if "suggestions" in card:
        shown["suggestions"] = [_suggestion_without_markers(suggestion) for suggestion in card["suggestions"]]
    return shown


def _suggestion_without_markers(suggestion: Json) -> Json:
    if not any(_MARK in action["description"] for action in suggestion["actions"]):
        return suggestion
    actions = [action | {"description": without_markers(action["description"])} for action in suggestion["actions"]]
    return suggestion | {"actions": actions}
