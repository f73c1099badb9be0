"""Worded answers: what a question and its answer in words say together, and neither says alone.

"Saddle sensation" is a question and "decreased" an answer; together they are saddle numbness. A yes, a no and a number
are read elsewhere, and so is an answer that names the finding itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from service.record.chart.answers import IN_WORDS, is_affirmed, is_yes_or_no, said_in_words
from service.record.values.by_concept import ByConcept
from service.record.values.coding import CodeIndex, Match
from service.record.values.concept import wordings
from service.record.values.negation import before_denial
from service.record.values.set_names import PROBLEMS
from service.record.values.units import is_number

_GRADE = re.compile(r"\s*\d+[+-]? ?/ ?\d+\s*")
"""So many out of the most there can be."""
_AS_IT_SHOULD_BE = (
    r"(?:grossly |all )?(?:normal\w*|intact|preserved|good|full|unchanged|unremarkable|unaffected)|fine|ok(?:ay)?"
    r"|as usual|denie[sd]|bilaterally|throughout|(?:on )?both sides|and"
    r"|no (?:new |further )?(?:change|loss|deficit|problem|issue|concern|complaint|symptom|abnormalit)\w*"
    r"|not (?:decreased|reduced|impaired|affected|changed|lost|diminished|altered|abnormal|disturbed)"
)
_NOTHING_LOST = re.compile(rf"\s*(?:{_AS_IT_SHOULD_BE})(?:[\s,;:]+(?:{_AS_IT_SHOULD_BE}))*[\s.!]*", re.IGNORECASE)
_LONGEST = 60
"""What is longer is a narrative, which may tell of anything."""
_CHOSEN = "valueCodeableConcept"
_BESIDE = frozenset(
    {
        *("valueBoolean", "valueCoding", "valueDecimal", "valueInteger", "valueQuantity", "valueRange"),
        "valueString",
    }
)
"""Elements by which an answer with a concept may be a yes or a number all the same."""
_MOST_STORED = 2048


def in_words(holder: Mapping[str, Any]) -> object | None:
    """The answer of an observation or a component as a concept; None for a yes, a number, or "normal"."""
    if _CHOSEN in holder and _BESIDE.isdisjoint(holder):
        return holder[_CHOSEN] if _is_told.read(holder[_CHOSEN]) else None
    return _read(holder)


def _read(holder: Mapping[str, Any]) -> object | None:
    if IN_WORDS.isdisjoint(holder) or is_affirmed(holder) or is_number(holder):
        return None
    concept = next(said_in_words(holder), None)
    texts = list(wordings(concept))
    is_plain = texts and all(_GRADE.fullmatch(text) or is_nothing_lost(text) for text in texts)
    return None if is_plain else concept


_is_told = ByConcept(_MOST_STORED, lambda chosen: _read({_CHOSEN: chosen}) is not None)
_is_yes_or_no = ByConcept(_MOST_STORED, is_yes_or_no)


def is_nothing_lost(words: str) -> bool:
    """Whether every word of an answer says that nothing is wrong."""
    return _NOTHING_LOST.fullmatch(words) is not None


def together(question: str, answer: str) -> Mapping[str, Any]:
    """The words of a question and of its answer as one concept, in either order ("sensation decreased").

    Where the answer ends in a denial ("findings: foot drop: no") it is not turned: it would deny the question.
    """
    asked = question.replace("?", "").strip(" :")
    if before_denial(answer):
        return {"text": f"{asked} {answer}"}
    return {"text": f"{asked} {answer}", "coding": [{"display": f"{answer} {asked}"}]}


def problem_told(question: object, holder: Mapping[str, Any], index: CodeIndex) -> Match | None:
    """The problems that a question and its answer in words name only together, with their words; None if none."""
    answer = in_words(holder)
    if answer is None or _is_yes_or_no.read(answer):
        return None
    asked, said = next(wordings(question), ""), next(wordings(answer), "")
    if not asked or not said or len(asked) + len(said) > _LONGEST:
        return None
    told = index.match(together(asked, said))
    alone = index.match(question).all_sets | index.match(answer).all_sets
    sets = frozenset(name for name in told.sets - alone if name.startswith(PROBLEMS))
    return Match(sets, by_text=True, text=told.text) if sets else None
