"""The codes that a record holds: those that something reads, those that nothing reads, and units that cannot be read.

They are for those who run the service, who learn from their counts which code of a site is missing and which one no
longer comes; what follows for a patient is told by other parts (``unread.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from service.record.chart.matcher import Matcher
from service.record.model import Record, Resource
from service.record.values.concept import as_objects, concept_text
from service.record.values.units import canonical

Coding = Mapping[str, Any]
_MOST_ENTRIES = 400
"""So many entries of a type are looked at: the rest of a long list says little that is new."""
_MOST_KNOWN = 20_000
_CODED = ("Observation", "Condition", "AllergyIntolerance", "Procedure", "ServiceRequest", "DiagnosticReport")
_DRUGS = ("MedicationRequest", "MedicationStatement")
NO_UNIT, READ = "(none)", "(read)"


@dataclass(frozen=True, slots=True, eq=False)
class SentCode:
    """A code of an entry: with ``unit`` READ one that facts are read from, with an empty one a code that nothing reads.

    Any other ``unit`` is one that cannot be read (or ``NO_UNIT``), of a code that is read. Equal only when the same
    object: there is one for each code, made when it is first seen, and hundreds a call are put into sets.
    """

    type: str
    system: str
    code: str
    display: str | None = None
    unit: str = ""


class SentCodes:
    """Finds the codes in records of one rule set, and caches for each whether it is read. Safe for threads."""

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher
        self._known: dict[tuple[object, ...], SentCode | None] = {}

    def of(self, record: Record) -> set[SentCode]:
        """The codes of the first entries of each list, each once. Never raises on odd input."""
        found: set[SentCode | None] = set()
        for name in _CODED:
            for entry in islice(record.of_type(name), _MOST_ENTRIES):
                found.add(self._of_entry(name, entry.resource))
        if self._matcher.reads_medications:
            for name in _DRUGS:
                for entry in islice(record.of_type(name), _MOST_ENTRIES):
                    found.add(self._of_drug(name, entry.resource, record))
        found.discard(None)
        return found  # type: ignore[return-value]

    def _of_entry(self, name: str, resource: Resource) -> SentCode | None:
        concept = resource.get("code")
        first = _first_coding(concept)
        if first is None or not isinstance(concept, Mapping):
            return None
        quantity = resource.get("valueQuantity")
        unit = (quantity.get("code") or quantity.get("unit") or NO_UNIT) if isinstance(quantity, dict) else None
        key = (name, *_spelled(first, concept), unit)
        try:
            return self._known[key]
        except KeyError:
            return self._cached(key, self._looked_at(name, concept, first, unit))
        except TypeError:  # a part of the code that is a list or an object
            return None

    def _looked_at(self, name: str, concept: Mapping[str, Any], first: Coding, unit: object) -> SentCode | None:
        asked = self._matcher.asked.get(name, frozenset())
        if self._matcher.index.match(concept).sets.isdisjoint(asked):
            return _sent(name, first, concept)
        # Of several codes the one that is read: where it goes, the fact goes, whatever stands before it.
        alone = (coding for coding in as_objects(concept.get("coding")) if coding.get("code"))
        read = (one for one in alone if not self._matcher.index.match({"coding": [one]}).sets.isdisjoint(asked))
        is_read = not isinstance(unit, str) or (unit != NO_UNIT and canonical(unit) is not None)
        return _sent(name, next(read, first), concept, READ if is_read else str(unit))

    def _of_drug(self, name: str, resource: Resource, record: Record) -> SentCode | None:
        concept = resource.get("medicationCodeableConcept")
        first = _first_coding(concept)
        if first is None or not isinstance(concept, Mapping):
            return None
        key = (name, *_spelled(first, concept))
        try:
            return self._known[key]
        except KeyError:
            drug = self._matcher.drugs.recognise(resource, record.resolve)
            unit = READ if drug.recognised else ""
            # A drug of no class that a rule asks about is known, and nothing depends on it.
            found = None if drug.recognised and not drug.classes else _sent(name, first, concept, unit)
            return self._cached(key, found)
        except TypeError:
            return None

    def _cached(self, key: tuple[object, ...], found: SentCode | None) -> SentCode | None:
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[key] = found
        return found


def _first_coding(concept: object) -> Coding | None:
    if not isinstance(concept, Mapping):
        return None
    listed = concept.get("coding")
    if isinstance(listed, list) and listed and isinstance(listed[0], dict) and listed[0].get("code"):
        return listed[0]
    for coding in listed if isinstance(listed, list) else as_objects(listed):
        if isinstance(coding, Mapping) and coding.get("code"):
            return coding
    return None


def _spelled(first: Coding, concept: Mapping[str, Any]) -> tuple[object, ...]:
    """All by which a concept is recognised."""
    listed = concept.get("coding")
    others: tuple[object, ...] = ()
    if isinstance(listed, list) and len(listed) > 1:
        others = tuple((one.get("system"), one.get("code")) for one in as_objects(listed))
    return first.get("system"), first.get("code"), first.get("display"), concept.get("text"), others


def _sent(kind: str, coding: Coding, concept: object, unit: str = "") -> SentCode | None:
    system, code, display = coding.get("system") or "", coding.get("code"), coding.get("display")
    if not isinstance(system, str) or not isinstance(code, str):
        return None
    words = display if isinstance(display, str) and display else concept_text(concept)
    return SentCode(kind, system, code, words if words != code else None, unit)
