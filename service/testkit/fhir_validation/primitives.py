"""Primitives: what the JSON of each FHIR primitive type must look like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

_DATE = r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?"
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?"
_ZONE = r"(Z|[+-]((0\d|1[0-3]):[0-5]\d|14:00))"

_PATTERNS: Mapping[str, tuple[str, str]] = {
    name: (pattern, wanted)
    for name, pattern, wanted in (
        ("string", r"(?s:.*\S.*)", "must not be blank"),
        ("markdown", r"(?s:.*\S.*)", "must not be blank"),
        ("xhtml", r"(?s:\s*<div\b.*(</div>|/>)\s*)", "must be one XHTML div"),
        ("code", r"\S+( \S+)*", "must be a code: no blank at either end, none doubled"),
        ("id", r"[A-Za-z0-9\-.]{1,64}", "must be an id: 1 to 64 letters, digits, hyphens and dots"),
        ("uri", r"\S+", "must be a URI: no blanks"),
        ("url", r"\S+", "must be a URL: no blanks"),
        ("canonical", r"\S+", "must be a canonical URL: no blanks"),
        ("oid", r"urn:oid:[0-2](\.(0|[1-9]\d*))+", "must be an OID written as urn:oid:"),
        ("uuid", r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "must be a UUID written as urn:uuid:"),
        ("base64Binary", r"[0-9A-Za-z+/=\s]+", "must be base64"),
        ("date", _DATE, "must be a date: YYYY, YYYY-MM or YYYY-MM-DD"),
        ("dateTime", rf"{_DATE}|\d{{4}}-\d\d-\d\dT{_CLOCK}{_ZONE}",
         "must be a date, or a date and time with seconds and zone"),
        ("instant", rf"\d{{4}}-\d\d-\d\dT{_CLOCK}{_ZONE}", "must be a date and time with seconds and zone"),
        ("time", _CLOCK, "must be a time: hh:mm:ss"),
    )
}  # fmt: skip
_INTEGERS = {"integer": -(2**31), "unsignedInt": 0, "positiveInt": 1}
_LARGEST = 2**31 - 1

PRIMITIVES = frozenset(_PATTERNS) | frozenset(_INTEGERS) | {"boolean", "decimal"}


def wrong_in(type_: str, value: object) -> str | None:
    """What is wrong with a value of a primitive type, or None. Never quotes it."""
    if type_ == "boolean":
        return None if isinstance(value, bool) else f"must be true or false, is {kind_of(value)}"
    if type_ == "decimal" or type_ in _INTEGERS:
        return _wrong_in_number(type_, value)
    if not isinstance(value, str):
        return f"must be a string, is {kind_of(value)}"
    if not value:
        return "must not be empty"
    return None if _pattern(type_).fullmatch(value) else _PATTERNS[type_][1]


@cache
def _pattern(type_: str) -> re.Pattern[str]:
    return re.compile(_PATTERNS[type_][0], re.ASCII if type_ != "string" else 0)


def _wrong_in_number(type_: str, value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"must be a number, is {kind_of(value)}"
    if type_ == "decimal":
        return None
    if not isinstance(value, int):
        return "must be a whole number"
    smallest = _INTEGERS[type_]
    return None if smallest <= value <= _LARGEST else f"must be from {smallest} to {_LARGEST}"


def kind_of(value: object) -> str:
    """What kind of JSON a value is, in words."""
    if value is None:
        return "null"
    names = {dict: "an object", list: "an array", str: "a string", bool: "true or false"}
    return names.get(type(value), "a number")
