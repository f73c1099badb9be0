"""The codes of a record that no value set knows, and units of known codes that cannot be read.

They are for those who run the service, who learn from their counts which code of a site is missing; what follows for a
patient is told by other parts (``unread.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from service.record.chart.concepts import as_objects
from service.record.chart.index import Matcher
from service.record.model import Record, Resource
from service.record.values.coding import concept_text
from service.record.values.units import canonical

_MOST_ENTRIES = 400
"""So many entries of a type are looked at: the rest of a long list says little that is new."""
_MOST_KNOWN = 20_000
_CODED = ("Observation", "Condition", "AllergyIntolerance", "Procedure", "ServiceRequest", "DiagnosticReport")
_DRUGS = ("MedicationRequest", "MedicationStatement")
NO_UNIT = "(none)"


@dataclass(frozen=True, slots=True, eq=False)
class UnreadCode:
    """A code that no value set knows; with ``unit``, a known code with a unit that cannot be read (or ``NO_UNIT``).

    Equal only when the same object: there is one for each code, made when it is first seen, and hundreds a call are
    put into sets.
    """

    type: str
    system: str
    code: str
    display: str | None = None
    unit: str = ""


class UnreadCodes:
    """Finds what nothing reads in records of one rule set, and remembers it for each code. Safe for threads."""

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher
        self._known: dict[tuple[object, ...], UnreadCode | None] = {}

    def of(self, record: Record) -> set[UnreadCode]:
        """What nothing reads in the first entries of each list, each once. Never raises on odd input."""
        found: set[UnreadCode | None] = set()
        for name in _CODED:
            for entry in islice(record.of_type(name), _MOST_ENTRIES):
                found.add(self._of_entry(name, entry.resource))
        if self._matcher.reads_medications:
            for name in _DRUGS:
                for entry in islice(record.of_type(name), _MOST_ENTRIES):
                    found.add(self._of_drug(name, entry.resource, record))
        found.discard(None)
        return found  # type: ignore[return-value]

    def _of_entry(self, name: str, resource: Resource) -> UnreadCode | None:
        concept = resource.get("code")
        first = _first_coding(concept)
        if first is None or concept is None:
            return None
        quantity = resource.get("valueQuantity")
        unit = (quantity.get("code") or quantity.get("unit") or NO_UNIT) if isinstance(quantity, dict) else None
        key = (name, first.get("system"), first.get("code"), first.get("display"), concept.get("text"), unit)
        try:
            return self._known[key]
        except KeyError:
            return self._remember(key, self._looked_at(name, concept, first, unit))
        except TypeError:  # a part of the code that is a list or an object
            return None

    def _looked_at(self, name: str, concept: object, first: Mapping[str, Any], unit: object) -> UnreadCode | None:
        if self._matcher.index.match(concept).sets.isdisjoint(self._matcher.asked.get(name, frozenset())):
            return _unread(name, first, concept)
        if isinstance(unit, str) and (unit == NO_UNIT or canonical(unit) is None):
            return _unread(name, first, concept, unit)
        return None

    def _of_drug(self, name: str, resource: Resource, record: Record) -> UnreadCode | None:
        concept = resource.get("medicationCodeableConcept")
        first = _first_coding(concept)
        if first is None or concept is None:
            return None
        key = (name, first.get("system"), first.get("code"), first.get("display"), concept.get("text"))
        try:
            return self._known[key]
        except KeyError:
            is_read = self._matcher.drugs.recognise(resource, record.resolve).recognised
            return self._remember(key, None if is_read else _unread(name, first, concept))
        except TypeError:
            return None

    def _remember(self, key: tuple[object, ...], found: UnreadCode | None) -> UnreadCode | None:
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[key] = found
        return found


def _first_coding(concept: object) -> Mapping[str, Any] | None:
    if not isinstance(concept, Mapping):
        return None
    listed = concept.get("coding")
    if isinstance(listed, list) and listed and isinstance(listed[0], dict) and listed[0].get("code"):
        return listed[0]
    for coding in listed if isinstance(listed, list) else as_objects(listed):
        if isinstance(coding, Mapping) and coding.get("code"):
            return coding
    return None


def _unread(kind: str, coding: Mapping[str, Any], concept: object, unit: str = "") -> UnreadCode | None:
    system, code, display = coding.get("system") or "", coding.get("code"), coding.get("display")
    if not isinstance(system, str) or not isinstance(code, str):
        return None
    words = display if isinstance(display, str) and display else concept_text(concept)
    return UnreadCode(kind, system, code, words if words != code else None, unit)
