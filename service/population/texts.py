"""Texts: whether bytes may be read in part, and what JSON they are."""

from __future__ import annotations

from typing import Any

import orjson

from service.errors import RequestError
from service.security.limits import parse_json

DEEPEST = 200


def is_clear(text: bytes) -> bool:
    """Whether a partial decode may be trusted: the text is UTF-8, and no character is written by its number."""
    return is_text(text) and not _has_numbered(text)


def _has_numbered(text: bytes) -> bool:
    # To look for one byte costs a fraction of looking for two.
    index = text.find(b"\\")
    while index >= 0:
        if text[index + 1 : index + 2] == b"u":
            return True
        index = text.find(b"\\", index + 2)
    return False


def is_text(line: bytes) -> bool:
    """Whether the bytes are UTF-8: a partial decode does not look at what it leaves out."""
    if line.isascii():
        return True
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def parsed(text: bytes) -> Any:
    """The JSON of a line or a document. Raises RequestError with the position, never with its text.

    A short text in which no character is written by its number is looked at in a quick way for keys that occur twice:
    what was read, written again, has as many quotation marks. Anything else is read as the service reads a body.
    """
    if text.count(b"{") + text.count(b"[") < DEEPEST and not _has_numbered(text):
        try:
            document = orjson.loads(text)
        except orjson.JSONDecodeError:
            return parse_json(text, max_depth=DEEPEST)
        written = orjson.dumps(document)
        if written == text or written.count(b'"') == text.count(b'"'):
            return document
    return parse_json(text, max_depth=DEEPEST)


def readable(text: bytes) -> bool:
    """Whether a line is JSON as it must be."""
    try:
        parsed(text)
    except RequestError:
        return False
    return True
