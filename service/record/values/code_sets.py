"""Code sets: in which value sets a code lies, by itself or below another of its tree."""

from __future__ import annotations

import re
from collections.abc import Mapping

from service.knowledge.model import ValueSet
from service.record.values.code_systems import (
    BY_PREFIX,
    ICD_10,
    ICD_10_CM,
    KNOWN_SYSTEMS,
    LOINC,
    canonical_system,
    plain_code,
)

_NOTHING: frozenset[str] = frozenset()
LOINC_LINK = re.compile(r"(?:/\d{4,7}-\d)*/?(\d{4,7}-\d)", re.ASCII)
"""Four digits at the least: "2-1" numbers a question of any form."""
_OF_ALL_EDITIONS = re.compile(r"\w{3,4}|(?:M4\d|M5[0-4]|S[23]2)\w\w|M2137", re.ASCII)
"""The categories that ICD-10-CM shares with the editions of the WHO and of other countries.

Those of three and four characters, and where the fifth tells the part of the spine or the foot. Further characters
mean other things elsewhere: M62.83 is a spasm in the United States and a muscle of the forearm in Germany.
"""
_NAMED_OTHERWISE = frozenset({"R652"})
"""Severe sepsis in ICD-10-CM; of the WHO a syndrome without an infection."""


class CodeSets:
    """The codes of some value sets, indexed once.

    A category that a value set lists for ICD-10-CM counts for the other editions of ICD-10 too, for those by category
    alone: enough to alarm and never to lift (decision 43).
    """

    def __init__(self, value_sets: Mapping[str, ValueSet]) -> None:
        exact: dict[tuple[str, str], set[str]] = {}
        below: dict[str, dict[str, set[str]]] = {system: {} for system in BY_PREFIX}
        links: dict[str, set[str]] = {}
        self._displays: dict[tuple[str, str], str] = {}
        for name, value_set in value_sets.items():
            for code in value_set.codes:
                system = canonical_system(code.system)
                if not code.verified or system is None:
                    continue
                plain = plain_code(system, code.code)
                if code.display:
                    self._displays.setdefault((system, plain), code.display)
                if system == ICD_10_CM and _OF_ALL_EDITIONS.fullmatch(plain) and plain not in _NAMED_OTHERWISE:
                    below[ICD_10].setdefault(plain, set()).add(name)
                if code.descendants and system in below:
                    below[system].setdefault(plain, set()).add(name)
                else:
                    exact.setdefault((system, plain), set()).add(name)
            for link in value_set.link_ids:
                links.setdefault(link, set()).add(name)
        self._exact = {key: frozenset(names) for key, names in exact.items()}
        self._below = {
            system: {code: frozenset(names) for code, names in codes.items()} for system, codes in below.items()
        }
        self._links = {link: frozenset(names) for link, names in links.items()}
        self._wider: dict[str, frozenset[str]] = {}

    def sets_of(self, system: str, code: str) -> frozenset[str]:
        """The value sets one code lies in; ``system`` is canonical. The check digit is not looked at."""
        if system not in KNOWN_SYSTEMS and (system, code) not in self._exact:
            return _NOTHING
        plain = plain_code(system, code)
        found = self._exact.get((system, plain), _NOTHING)
        tree = self._below.get(system)
        if tree:
            for length in range(1, len(plain) + 1):
                above = tree.get(plain[:length])
                if above:
                    found = found | above
        return found

    def display_of(self, system: str, code: str) -> str | None:
        """What the value sets call a code, or the nearest one above it; None where they have no name for it."""
        plain = plain_code(system, code)
        shortest = 1 if system in self._below else len(plain)
        for length in range(len(plain), shortest - 1, -1):
            found = self._displays.get((system, plain[:length]))
            if found is not None:
                return found
        return None

    def wider(self, name: str) -> frozenset[str]:
        """The other value sets that hold every code of one: what they name, its words may tell more closely."""
        known = self._wider.get(name)
        if known is None:
            holding = [names for names in self._exact.values() if name in names]
            is_tree = any(name in names for codes in self._below.values() for names in codes.values())
            known = frozenset.intersection(*holding) - {name} if holding and not is_tree else _NOTHING
            self._wider[name] = known
        return known

    def sets_of_link(self, link_id: str) -> frozenset[str]:
        """The value sets that a questionnaire item with this linkId asks about.

        Forms made of LOINC panels name an item by its codes from the panel down: ``/71802-3/72514-3``.
        """
        found = self._links.get(link_id)
        if found is None and (code := LOINC_LINK.fullmatch(link_id)):
            found = self._exact.get((LOINC, code[1]))
        return found or _NOTHING
