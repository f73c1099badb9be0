"""Codes: which codes stand in the data, and which of them no rule reads, the most frequent first: what to map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from service.record.derive import Derivation
from service.record.medication.entry import MEDICATION_TYPES

Json = dict[str, Any]
_MOST_ELEMENTS = 20_000
_MEDICATIONS = frozenset({*MEDICATION_TYPES, "Medication", "MedicationAdministration"})
Code = tuple[str, str, str]
"""Resource type, code system, code."""


class CodeCount:
    """How often each code stands in the data. Elements are counted as bytes and read once for many of the same."""

    def __init__(self) -> None:
        self._elements: Counter[tuple[str, bytes]] = Counter()
        self._codes: Counter[Code] = Counter()

    def count(self, type_: str, element: bytes, number: int = 1) -> None:
        """Count the element that says the code of a resource, of so many resources."""
        if element:
            self._elements[type_, element] += number
            if len(self._elements) >= _MOST_ELEMENTS:
                self._read()

    def _read(self) -> None:
        for (type_, element), number in self._elements.items():
            for system, code in _codings(element):
                self._codes[type_, system, code] += number
        self._elements.clear()

    def as_rows(self) -> list[tuple[str, str, str, int]]:
        """Every code with its number, in order."""
        self._read()
        return [(*code, number) for code, number in sorted(self._codes.items())]


def _codings(element: bytes) -> Iterable[tuple[str, str]]:
    try:
        concept = orjson.loads(element)
    except orjson.JSONDecodeError:
        return
    codings = concept.get("coding") if isinstance(concept, Mapping) else None
    seen = set()
    for coding in codings if isinstance(codings, list) else ():
        if isinstance(coding, Mapping) and isinstance(coding.get("code"), str):
            system = coding.get("system")
            seen.add((system if isinstance(system, str) else "", coding["code"]))
    yield from sorted(seen)


def read_by_nobody(counted: Mapping[Code, int], derivation: Derivation) -> list[Json]:
    """The codes that no fact reads, the most frequent first. ``number`` is how often one stands in the data."""
    found = [
        {"type": type_, "system": system, "code": code, "number": number}
        for (type_, system, code), number in counted.items()
        if not _is_read(derivation, type_, system, code)
    ]
    return sorted(found, key=lambda one: (-int(one["number"]), one["type"], one["system"], one["code"]))


def _is_read(derivation: Derivation, type_: str, system: str, code: str) -> bool:
    matcher = derivation.matcher
    concept = {"coding": [{"system": system, "code": code}]}
    if type_ in _MEDICATIONS:
        return matcher.drugs.recognise_concept(concept).recognised
    sets = matcher.index.match(concept).sets
    if type_ == "AllergyIntolerance" and matcher.drugs.recognise_concept(concept).recognised:
        return True
    return not sets.isdisjoint(matcher.asked.get(type_, frozenset()))
