"""The codes of a record that no value set knows, and units of known codes that cannot be read.

They are for those who run the service, who learn from their counts which code of a site is missing; what follows for a
patient is told by other parts (``unread.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from service.record.chart.concepts import as_objects
from service.record.chart.index import Matcher
from service.record.model import Entry, Record
from service.record.values.coding import concept_text
from service.record.values.units import canonical

_MOST_ENTRIES = 400
"""So many entries of a type are looked at: the rest of a long list says little that is new."""
_CODED = ("Observation", "Condition", "AllergyIntolerance", "Procedure", "ServiceRequest", "DiagnosticReport")
_DRUGS = ("MedicationRequest", "MedicationStatement")
NO_UNIT = "(none)"


@dataclass(frozen=True, slots=True)
class UnreadCode:
    """A code that no value set knows; with ``unit``, a known code with a unit that cannot be read (or ``NO_UNIT``)."""

    type: str
    system: str
    code: str
    display: str | None = None
    unit: str = ""


def unread_codes(matcher: Matcher, record: Record) -> set[UnreadCode]:
    """What nothing reads in the first entries of each list, each once. Never raises on odd input."""
    found: set[UnreadCode] = set()
    seen: set[tuple[object, ...]] = set()
    for name in _CODED:
        for entry in islice(record.of_type(name), _MOST_ENTRIES):
            found.update(_of_entry(matcher, entry, seen))
    if matcher.reads_medications:
        for name in _DRUGS:
            for entry in islice(record.of_type(name), _MOST_ENTRIES):
                found.update(_of_drug(matcher, entry, record, seen))
    return found


def _of_entry(matcher: Matcher, entry: Entry, seen: set[tuple[object, ...]]) -> Iterator[UnreadCode]:
    code = entry.resource.get("code")
    first = _first_coding(code)
    if first is None:
        return
    quantity = entry.resource.get("valueQuantity")
    unit = quantity.get("code") or quantity.get("unit") or NO_UNIT if isinstance(quantity, Mapping) else None
    key = (entry.type, first.get("system"), first.get("code"), unit)
    # Most entries of a list repeat a code; a set of keys is the cheapest way past them.
    if _seen_before(key, seen):
        return
    if matcher.index.match(code).sets.isdisjoint(matcher.asked.get(entry.type, frozenset())):
        yield from _unread(entry.type, first, code)
    elif isinstance(unit, str) and (unit == NO_UNIT or canonical(unit) is None):
        yield from _unread(entry.type, first, code, unit)


def _of_drug(matcher: Matcher, entry: Entry, record: Record, seen: set[tuple[object, ...]]) -> Iterator[UnreadCode]:
    concept = entry.resource.get("medicationCodeableConcept")
    first = _first_coding(concept)
    if first is None or _seen_before((entry.type, first.get("system"), first.get("code")), seen):
        return
    if not matcher.drugs.recognise(entry.resource, record.resolve).recognised:
        yield from _unread(entry.type, first, concept)


def _seen_before(key: tuple[object, ...], seen: set[tuple[object, ...]]) -> bool:
    try:
        if key in seen:
            return True
        seen.add(key)
    except TypeError:  # a system or code that is a list or an object
        return True
    return False


def _first_coding(concept: object) -> Mapping[str, Any] | None:
    if not isinstance(concept, Mapping):
        return None
    listed = concept.get("coding")
    for coding in listed if isinstance(listed, list) else as_objects(listed):
        if isinstance(coding, Mapping) and coding.get("code"):
            return coding
    return None


def _unread(kind: str, coding: Mapping[str, Any], concept: object, unit: str = "") -> Iterator[UnreadCode]:
    system, code, display = coding.get("system") or "", coding.get("code"), coding.get("display")
    if isinstance(system, str) and isinstance(code, str):
        words = display if isinstance(display, str) and display else concept_text(concept)
        yield UnreadCode(kind, system, code, words if words != code else None, unit)
