"""Invariants: the few rules of FHIR R4 between elements that senders of charts and orders break in practice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]


def broken(type_: str, value: Json) -> Iterator[tuple[str, str]]:
    """The invariants of a type that an object breaks: the key FHIR gives them, and what they say."""
    for key, text, holds in _INVARIANTS.get(type_, ()):
        if not holds(value):
            yield key, text


def _period(value: Json) -> bool:
    start, end = value.get("start"), value.get("end")
    if not isinstance(start, str) or not isinstance(end, str):
        return True
    # Only whole days are compared: zones and partial dates make anything finer a guess.
    days = min(len(start), len(end), len("2026-01-01"))
    return start[:days] <= end[:days]


def _extension(value: Json) -> bool:
    has_value = any(name.startswith(("value", "_value")) for name in value)
    return has_value != bool(value.get("extension"))


def _measured(value: Json) -> bool:
    return "dataAbsentReason" not in value or not any(name.startswith("value") for name in value)


def _codes(concept: object) -> set[str]:
    codings = concept.get("coding") if isinstance(concept, Mapping) else None
    shaped = [one for one in codings if isinstance(one, Mapping)] if isinstance(codings, list) else []
    return {code for one in shaped if isinstance(code := one.get("code"), str)}


def _in_error(value: Json) -> bool:
    return "entered-in-error" in _codes(value.get("verificationStatus"))


def _no_status_in_error(value: Json) -> bool:
    return not _in_error(value) or "clinicalStatus" not in value


def _abated(value: Json) -> bool:
    is_abated = any(name.startswith("abatement") for name in value)
    codes = _codes(value.get("clinicalStatus"))
    return not is_abated or not codes or bool(codes & {"inactive", "resolved", "remission"})


def _allergy_status(value: Json) -> bool:
    return _in_error(value) or "clinicalStatus" in value


def _unit_coded(value: Json) -> bool:
    return "code" not in value or "system" in value


def _named(value: Json) -> bool:
    return any(name in value for name in ("reference", "identifier", "display", "extension", "_reference"))


def _unique_urls(value: Json) -> bool:
    entries = value.get("entry")
    shaped = [one for one in entries if isinstance(one, Mapping)] if isinstance(entries, list) else []
    if value.get("type") == "history":
        return True
    urls = [(url, _version(one)) for one in shaped if isinstance(url := one.get("fullUrl"), str)]
    return len(urls) == len(set(urls))


def _version(entry: Json) -> str:
    """The version of the resource of an entry: two versions of one resource may stand in a Bundle."""
    resource = entry.get("resource")
    meta = resource.get("meta") if isinstance(resource, Mapping) else None
    return str(meta.get("versionId")) if isinstance(meta, Mapping) else ""


Invariant = tuple[str, str, Callable[[Json], bool]]
_OBSERVATION: Invariant = ("obs-6", "dataAbsentReason belongs only where there is no value", _measured)
_QUANTITY: Invariant = ("qty-3", "a unit with a code needs the system of the code", _unit_coded)
_ALLERGY = "an allergy has a clinicalStatus unless it was entered in error"

_INVARIANTS: Mapping[str, tuple[Invariant, ...]] = {
    "AllergyIntolerance": (
        ("ait-1", _ALLERGY, _allergy_status),
        ("ait-2", "what was entered in error has no clinicalStatus", _no_status_in_error),
    ),
    "Bundle": (("bdl-7", "the same fullUrl stands at more than one entry", _unique_urls),),
    "Condition": (
        ("con-4", "an abated condition is inactive, resolved or in remission", _abated),
        ("con-5", "what was entered in error has no clinicalStatus", _no_status_in_error),
    ),
    "Extension": (("ext-1", "an extension has either a value or extensions of its own", _extension),),
    "Observation": (_OBSERVATION,),
    "Observation.component": (_OBSERVATION,),
    "Period": (("per-1", "the period ends before it starts", _period),),
    "Quantity": (_QUANTITY,),
    "Duration": (_QUANTITY,),
    "Age": (_QUANTITY,),
    "Reference": (("reference", "says neither reference nor identifier nor display", _named),),
}
