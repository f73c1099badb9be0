"""Coding: a CodeableConcept against the value sets (terminology.md section 3).

Every coding counts, not only the first; the system is normalised; ICD-10-CM and ATC descend by prefix; a
LOINC or SNOMED code with a wrong check digit is a typing error and matches nothing. Text is the net
below, used only when no coding matched, and flagged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from service.knowledge.model import ValueSet
from service.record.values.code_systems import BY_PREFIX, KNOWN_SYSTEMS, canonical_system, check_digit_fault, plain_code
from service.record.values.text import Said, said

__all__ = ["CodeIndex", "Coding", "Match", "canonical_system", "codings", "concept_text", "wordings"]

_CACHED = 20_000
_LONGEST_TEXT = 400
_ACTIONS = ("order-", "referral-", "procedure-", "proc-", "med-")
"""Value sets of what one orders or does, by the beginning of their name."""
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Coding:
    """One coding with its system normalised; ``system`` is None when it was not given."""

    system: str | None
    code: str
    display: str | None


@dataclass(frozen=True, slots=True)
class Match:
    """The value sets a concept lies in.

    ``by_text`` says that no coding matched and only the words did: lower confidence, never reason enough
    to make anything absent. ``past_sets`` are those whose words speak of the past ("history of ..."): they count as
    history, not as present, and are not in ``sets``. ``text`` is what the concept says in words; ``notes`` caveats
    such as a wrong check digit.
    """

    sets: frozenset[str]
    by_text: bool
    text: str
    notes: tuple[str, ...] = ()
    past_sets: frozenset[str] = _NOTHING


_EMPTY = Match(_NOTHING, by_text=False, text="")


def codings(concept: object) -> Iterator[Coding]:
    """The readable codings of a CodeableConcept, a Coding, or a list of either; nothing for all else."""
    for raw in _raw_codings(concept):
        code = _code_text(raw.get("code"))
        if code:
            display = raw.get("display")
            yield Coding(canonical_system(raw.get("system")), code, display if isinstance(display, str) else None)


def _code_text(code: object) -> str | None:
    if isinstance(code, str):
        return code.strip() or None
    # A bare number is read as its digits; a float has lost some of them.
    return str(code) if isinstance(code, int) and not isinstance(code, bool) else None


def _raw_codings(concept: object) -> Iterator[Mapping[str, object]]:
    for part in _parts(concept):
        inner = part.get("coding")
        if isinstance(inner, list):
            yield from (raw for raw in inner if isinstance(raw, Mapping))
        elif isinstance(inner, Mapping):
            yield inner
        elif "code" in part or "display" in part:
            yield part


def _parts(concept: object) -> Iterator[Mapping[str, object]]:
    if isinstance(concept, Mapping):
        yield concept
    elif isinstance(concept, list):
        yield from (part for part in concept if isinstance(part, Mapping))


def wordings(concept: object) -> Iterator[str]:
    """Every wording of the concept: its text and the displays of its codings."""
    for part in _parts(concept):
        text = part.get("text")
        if isinstance(text, str) and text.strip():
            yield text.strip()
    for raw in _raw_codings(concept):
        display = raw.get("display")
        if isinstance(display, str) and display.strip():
            yield display.strip()


def _single_key(concept: object) -> tuple[object, ...] | None:
    """What decides the match of a concept with one coding, the commonest kind by far; None for any other."""
    if not isinstance(concept, dict):
        return None
    listed = concept.get("coding")
    if not isinstance(listed, list) or len(listed) != 1 or not isinstance(listed[0], dict):
        return None
    raw, text = listed[0], concept.get("text")
    key = (raw.get("system"), raw.get("code"), raw.get("display"), text)
    return key if all(part is None or isinstance(part, str) for part in key) else None


def concept_text(concept: object) -> str:
    """What a concept says in words: its text, else the first display, else a code; "" when nothing."""
    for text in wordings(concept):
        return text
    for coding in codings(concept):
        return coding.code
    return ""


class CodeIndex:
    """The value sets, indexed once, asked often."""

    def __init__(self, value_sets: Mapping[str, ValueSet]) -> None:
        exact: dict[tuple[str, str], set[str]] = {}
        below: dict[str, dict[str, set[str]]] = {system: {} for system in BY_PREFIX}
        links: dict[str, set[str]] = {}
        self._patterns: list[tuple[str, re.Pattern[str]]] = []
        for name, value_set in value_sets.items():
            for code in value_set.codes:
                system = canonical_system(code.system)
                if not code.verified or system is None:
                    continue
                plain = plain_code(system, code.code)
                if code.descendants and system in below:
                    below[system].setdefault(plain, set()).add(name)
                else:
                    exact.setdefault((system, plain), set()).add(name)
            for link in value_set.link_ids:
                links.setdefault(link, set()).add(name)
            self._patterns.extend((name, re.compile(text, re.IGNORECASE)) for text in value_set.patterns)
        self._exact = {key: frozenset(names) for key, names in exact.items()}
        self._below = {
            system: {code: frozenset(names) for code, names in codes.items()} for system, codes in below.items()
        }
        self._links = {link: frozenset(names) for link, names in links.items()}
        self._by_code: dict[tuple[object, str], tuple[frozenset[str], str | None]] = {}
        self._by_concept: dict[tuple[object, ...], Match] = {}
        self._by_text: dict[str, tuple[frozenset[str], frozenset[str]]] = {}

    def match(self, concept: object) -> Match:
        """The value sets that a CodeableConcept (or Coding, or list of CodeableConcepts) lies in."""
        if not concept:
            return _EMPTY
        key = _single_key(concept)
        if key is None:
            return self._match(concept)
        found = self._by_concept.get(key)
        if found is None:
            if len(self._by_concept) >= _CACHED:
                self._by_concept.clear()
            found = self._by_concept[key] = self._match(concept)
        return found

    def _match(self, concept: object) -> Match:
        sets = _NOTHING
        notes: list[str] = []
        for raw in _raw_codings(concept):
            code = _code_text(raw.get("code"))
            if code:
                found, note = self._of_coding(raw.get("system"), code)
                sets = sets | found if sets else found
                if note and note not in notes:
                    notes.append(note)
        text = concept_text(concept)
        if sets or not text:
            return Match(sets, by_text=False, text=text, notes=tuple(notes))
        now, past = self._of_texts(wordings(concept))
        return Match(now, by_text=bool(now or past), text=text, notes=tuple(notes), past_sets=past)

    def _of_coding(self, raw_system: object, code: str) -> tuple[frozenset[str], str | None]:
        key = (raw_system if isinstance(raw_system, str) else None, code)
        found = self._by_code.get(key)
        if found is None:
            system = canonical_system(raw_system)
            note = check_digit_fault(system, code) if system else None
            found = (self.sets_of(system, code) if system and not note else _NOTHING, note)
            if len(self._by_code) >= _CACHED:
                self._by_code.clear()
            self._by_code[key] = found
        return found

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

    def sets_of_link(self, link_id: str) -> frozenset[str]:
        """The value sets that a questionnaire item with this linkId asks about."""
        return self._links.get(link_id, _NOTHING)

    def _of_texts(self, texts: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
        now, past = _NOTHING, _NOTHING
        for text in texts:
            now_here, past_here = self._of_text(text[:_LONGEST_TEXT])
            now, past = now | now_here, past | past_here
        return now, past - now

    def _of_text(self, text: str) -> tuple[frozenset[str], frozenset[str]]:
        found = self._by_text.get(text)
        if found is None:
            answers: dict[Said, set[str]] = {Said.PRESENT: set(), Said.PAST: set(), Said.NOTHING: set()}
            for name, pattern in self._patterns:
                if pattern.search(text):
                    answers[said(pattern, text, of_action=name.startswith(_ACTIONS))].add(name)
            found = (frozenset(answers[Said.PRESENT]), frozenset(answers[Said.PAST]))
            if len(self._by_text) >= _CACHED:
                self._by_text.clear()
            self._by_text[text] = found
        return found
