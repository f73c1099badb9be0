"""Reading a request body: bounded in bytes, depth and count, and JSON as RFC 8259 means it (TR-1).

What is refused here never reaches the rest of the service: text that is not UTF-8, NaN and
Infinity, numbers too large for a double, text after the last brace, a key that occurs twice in
one object, and nesting deeper than any FHIR resource needs. Nothing here quotes the body.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import orjson

from service.errors import Issue, RequestError

_BOM = b"\xef\xbb\xbf"
_WHITE_SPACE = b" \t\r\n"
_CHARSET = re.compile(r"charset\s*=\s*\"?([^\s\";]+)", re.IGNORECASE)


def check_media_type(content_type: str | None) -> None:
    """Refuse with 415 what is not declared as JSON: ``application/json`` or any ``+json`` type, in UTF-8."""
    declared = content_type or ""
    kind = declared.partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise RequestError([Issue("Content-Type", "the body must be JSON", "send Content-Type: application/json")], 415)
    charset = _CHARSET.search(declared)
    if charset and charset[1].lower() not in {"utf-8", "utf8", "us-ascii"}:
        raise RequestError([Issue("Content-Type", "the body must be UTF-8", "leave charset out")], 415)


def too_large(limit: int) -> RequestError:
    """The refusal of a body of more than ``limit`` bytes (413)."""
    return RequestError([Issue("body", f"the body is larger than {limit} bytes")], 413)


def parse_json(body: bytes, *, max_depth: int) -> Any:
    """The JSON document in ``body``. Raises RequestError (400) with line and column, never with text of the body."""
    body = body.removeprefix(_BOM)
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _not_json(error, body) from None
    if type(document) is str and (packed := _within_a_text(document)) is not None:
        raise RequestError([packed])
    if not _is_plain(body, document, max_depth):
        members = _count_members(document, max_depth)
        if body.translate(None, _WHITE_SPACE).count(b'":') != members:
            _refuse_duplicate_keys(body)
    return document


def check_entries(document: Any, limit: int, body: bytes) -> None:
    """Refuse with 413 a document that brings more than ``limit`` resources in its Bundles and lists, however nested."""
    # Behind every part of a list stands a comma or the end of the list, so it takes two bytes at least.
    if len(body) <= 2 * limit or body.count(b",") + body.count(b"]") <= limit:
        return
    count = 0
    level = [document]
    while level:
        lists = [part for part in level if type(part) is list]
        objects = [part for part in level if type(part) is dict]
        count += sum(map(len, lists))
        if count > limit:
            raise RequestError(
                [Issue("body", f"the body brings more than {limit} resources", "send fewer at once")], 413
            )
        level = [part for one in lists for part in one]
        level += [one[name] for one in objects for name in _HOLDERS & one.keys()]
        level += [value for one in objects for name in ("prefetch", "context") for value in _members(one.get(name))]


_HOLDERS = frozenset({"entry", "resource"})


def _members(value: Any) -> Iterable[Any]:
    return value.values() if type(value) is dict else ()


def _not_json(error: orjson.JSONDecodeError, body: bytes) -> RequestError:
    where = f"body line {error.lineno} column {error.colno}"
    if (other := _other_format(body)) is not None:
        return RequestError([other])
    if not body.strip():
        return RequestError([Issue("body", "the body is empty", "send a JSON object")])
    if "after document" in error.msg:
        return RequestError(
            [Issue(where, "there is text after the end of the JSON document", "look for one brace too many")]
        )
    if "end of data" in error.msg:
        return RequestError(
            [Issue(where, "the JSON document ends too early", "the body was cut off, or a brace is missing")]
        )
    if "depth" in error.msg:
        return RequestError([Issue(where, "the JSON document is nested too deeply")])
    return RequestError([Issue(where, "not valid JSON (RFC 8259), or not UTF-8")])


_PACKED = ((b"\x1f\x8b", "gzip"), (b"PK\x03\x04", "zip"), (b"\x28\xb5\x2f\xfd", "zstd"))


def _within_a_text(document: str) -> Issue | None:
    """What a JSON document that is one text holds, when it is another JSON document."""
    if document.lstrip()[:1] in {"{", "["}:
        return Issue("body", "is JSON within a text", "it was encoded twice: send the object itself")
    return _PACKED_AS_TEXT if _is_base64(document.encode()) else None


_OF_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_" + _WHITE_SPACE
_BASE64_BEGINS = (b"ey", b"ew", b"W3", b"Ww")
"""The beginnings of ``{"``, ``{`` and white space, ``[{`` and ``[`` and white space."""


def _is_base64(text: bytes) -> bool:
    return text.startswith(_BASE64_BEGINS) and not text.translate(None, _OF_BASE64)


_PACKED_AS_TEXT = Issue(
    "body", "looks base64-encoded", "send the JSON itself; a gateway that packs bodies must unpack this one"
)


_FORMATS = (
    (rb"<(?:!doctype|html)", Issue("body", "is HTML", "a page was saved in place of the resource, perhaps of a login")),
    (rb"<", Issue("body", "is XML", "only JSON is read: send the same resource as application/fhir+json")),
    (rb"%PDF-", Issue("body", "is a PDF", "the data behind it are needed, as FHIR resources in JSON")),
    (rb"(?:MSH|FHS|BHS)\|", Issue("body", "is an HL7 version 2 message", "FHIR resources in JSON are read")),
    (
        rb"[\w .\"-]+(?:[,;\t][\w .\"-]*)+\r?\n",
        Issue("body", "is a table (CSV)", "FHIR resources in JSON are read, one Bundle for a patient"),
    ),
    (
        rb"\[?\s*\{\s*'",
        Issue("body", "is written with single quotes", "JSON has double quotes: json.dumps(…) in Python, not str(…)"),
    ),
)
"""How a text begins that is sent in place of JSON."""
_BEGINNING = 4096


def _other_format(body: bytes) -> Issue | None:
    """What the body is when it is one of the formats that are sent in place of JSON."""
    start = body.lstrip()
    packed = next((name for magic, name in _PACKED if body.startswith(magic)), None)
    if packed is not None:
        return Issue("body", f"is packed ({packed})", "unpack it first")
    if body[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\0" in body[:4]:
        return Issue("body", "is text in UTF-16 or UTF-32", "save it as UTF-8")
    if _is_base64(start):
        return _PACKED_AS_TEXT
    found = next((issue for begin, issue in _FORMATS if re.match(begin, start[:_BEGINNING], re.IGNORECASE)), None)
    if found is not None:
        return found
    lines = [line for line in start.split(b"\n", 3)[:2] if line.strip()]
    if len(lines) > 1 and all(line.lstrip().startswith(b"{") and line.rstrip().endswith(b"}") for line in lines):
        return Issue("body", "is NDJSON, one resource a line", "send one Bundle, or a JSON list of the resources")
    return None


def _is_plain(body: bytes, document: Any, max_depth: int) -> bool:
    """Whether the document surely has each key once and is not too deep, told without walking through it.

    Each member of an object is written with one colon, and a colon inside a string stays one, unless the body escapes
    characters by number. Written anew, the document has fewer colons than the body exactly when a member was lost.
    Written with an indent, what is deeper than allowed stands so far from the beginning of its line. Where that tells
    nothing, it is counted.
    """
    # To look for one character costs a hundredth of looking for two.
    if b"\\" in body and b"\\u" in body:
        return False
    try:
        again = orjson.dumps(document, option=orjson.OPT_INDENT_2)
    except TypeError:
        # Deeper than orjson writes, or a number that it does not.
        return False
    return b"\n" + b"  " * max_depth not in again and body.count(b":") == again.count(b":")


def _count_members(document: Any, max_depth: int) -> int:
    """How many members all objects of the document have together. Level by level, so depth costs no stack."""
    members = 0
    level = _containers([document])
    for _ in range(max_depth):
        if not level:
            return members
        following: list[Any] = []
        for node in level:
            if type(node) is dict:
                members += len(node)
                following += _containers(node.values())
            else:
                following += _containers(node)
        level = following
    if not level:
        return members
    raise RequestError([Issue("body", f"the JSON document is nested deeper than {max_depth} levels")])


def _containers(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if type(value) is dict or type(value) is list]


def _refuse_duplicate_keys(body: bytes) -> None:
    """Raise RequestError if a key occurs twice in one object; orjson silently takes the last.

    Slow, so ``parse_json`` calls it only on suspicion. The suspicion misses nothing: in the body without
    white space, each member of an object shows as a quote and a colon, and strings can only add to that
    count. If it equals the number of members read, no member was lost.
    """

    def unique(pairs: list[tuple[str, Any]]) -> None:
        if len({key for key, _ in pairs}) != len(pairs):
            raise RequestError([Issue("body", "a key occurs twice in one object", "JSON objects have each key once")])

    json.loads(body, object_pairs_hook=unique)
