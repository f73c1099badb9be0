"""Unread results: observations of which nothing tells what was measured.

A code of a site's own without words, or with words of another language that match nothing, may be the residual volume
or the kidney function that a warning hangs on. Such a result proves nothing and is counted as not read. A code of a
public system is something else where no value set holds it, and so are English words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from service.note import Note, NoteCode
from service.record.chart.answers import is_affirmed, says_no
from service.record.model import Completeness, Entry, Problem, Record, Resource
from service.record.values.code_systems import LOINC, SNOMED, check_digit_fault
from service.record.values.coding import CodeIndex
from service.record.values.concept import as_objects, codings, wordings
from service.record.values.foreign import is_foreign
from service.record.values.other_words import has_strange_words
from service.record.values.units import Reading, is_plausible, read_value

_OBSERVATION = "Observation"
_NO_CODE = Note(NoteCode.NO_CODE)
_OF_RESULTS = frozenset({LOINC, SNOMED})
_TELLING: Mapping[str, tuple[Decimal, Decimal]] = {
    "mL": (Decimal(1), Decimal(2000)),
    "mL/min": (Decimal(1), Decimal(250)),
    "mL/min/{1.73_m2}": (Decimal(1), Decimal(250)),
    "Cel": (Decimal(34), Decimal(43)),
}
"""Units and numbers of which a chart holds little else than what the rules ask for: residual, kidneys, fever."""
_CODE_ONLY = re.compile(r"\S*\d\S*")
"""A code in place of words."""


def without_unread_results(
    record: Record, units: Sequence[str], counts: Callable[[Entry], bool], is_named: Callable[[object], bool]
) -> Record:
    """The record with each such result that ``counts`` noted as not read, so that the list of results is not whole.

    ``units`` and ``is_named`` as for ``is_unread_result``.
    """
    # Of nearly every result its code alone tells what was measured.
    results = [
        one
        for one in record.of_type(_OBSERVATION)
        if "component" in one.resource or not is_named(one.resource.get("code"))
    ]
    unread = [one for one in results if is_unread_result(one.resource, is_named, units) and counts(one)]
    if not unread:
        return record
    known = {problem.path for problem in record.problems}
    paths = (f"{entry.path}.code" for entry in unread)
    problems = [Problem(path, _NO_CODE, _OBSERVATION) for path in paths if path not in known]
    lists = {**record.completeness}
    if record.completeness_of(_OBSERVATION) is Completeness.COMPLETE:
        lists[_OBSERVATION] = Completeness.PARTIAL
    return replace(record, problems=(*record.problems, *problems), completeness=lists)


def is_unread_result(observation: Resource, is_named: Callable[[object], bool], units: Sequence[str]) -> bool:
    """Whether an observation, or one of its components, holds a result of which nobody can tell what it measures.

    ``is_named`` tells of a code whether a public system or a value set tells what it is (see ``names_result``).
    Of one with words of another language the number counts alone, where it is in one of the ``units`` that facts ask
    for, or in none; of one with words that nobody knows where it is in a unit of volume, flow or temperature.
    A bare no tells of no danger; a bare yes is named by its question.
    """
    holders = (observation, *as_objects(observation.get("component")))
    return any(_is_unread(holder, is_named, units) for holder in holders)


def _is_unread(holder: Mapping[str, Any], is_named: Callable[[object], bool], units: Sequence[str]) -> bool:
    code = holder.get("code")
    # What holds no value is asked no name: to find one in words costs more.
    if not isinstance(code, dict) or not _has_value(holder) or is_named(code):
        return False
    words = [text for text in wordings(code) if not _CODE_ONLY.fullmatch(text)]
    if not words:
        return not (says_no(holder) or is_affirmed(holder))
    # Of short forms and rare words the unit must tell: a count of cells under "WBC" is no reason for a card (H-07).
    if any(map(is_foreign, words)):
        return any(isinstance(read_value(holder, unit), Reading) for unit in units)
    return all(map(_is_strange, words)) and any(_tells(holder, unit) for unit in _TELLING)


def names_result(code: object, index: CodeIndex) -> bool:
    """Whether a code tells what was measured: by a system of results, or because it lies in a value set."""
    return isinstance(code, dict) and (_is_of_a_public_system(code) or bool(index.match(code).all_sets))


def _is_of_a_public_system(code: Mapping[str, Any]) -> bool:
    """Whether a well-formed code tells what was measured: of a system of results, which one of diagnoses is not."""
    return any(one.system in _OF_RESULTS and check_digit_fault(one.system, one.code) is None for one in codings(code))


def _is_strange(text: str) -> bool:
    """Whether no word of a text is known."""
    return all(has_strange_words(word) for word in text.split())


def _tells(holder: Mapping[str, Any], unit: str) -> bool:
    read = read_value(holder, unit)
    return isinstance(read, Reading) and is_plausible(read, *_TELLING[unit])


def _has_value(holder: Mapping[str, Any]) -> bool:
    return any(name.startswith("value") and value is not None for name, value in holder.items())
