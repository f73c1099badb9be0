"""Answers: what an Observation or a questionnaire item answers, yes or no (decision 3)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from service.knowledge.model import FactSource
from service.record.chart.code_match import CodeMatch
from service.record.values.coding import CodeIndex
from service.record.values.concept import as_objects, codings, wordings
from service.record.values.dates import When, earliest, parse

_SNOMED = "http://snomed.info/sct"
_LOINC = "http://loinc.org"
_YES_NO = ("http://terminology.hl7.org/CodeSystem/v2-0136", "http://hl7.org/fhir/v2/0136")

_CODES: Mapping[tuple[str | None, str], bool] = {
    (_SNOMED, "373066001"): True,
    (_SNOMED, "373067005"): False,
    (_SNOMED, "52101004"): True,
    (_SNOMED, "2667000"): False,
    (_LOINC, "LA33-6"): True,
    (_LOINC, "LA32-8"): False,
    (_LOINC, "LA9633-4"): True,
    (_LOINC, "LA9634-2"): False,
    **{(system, "Y"): True for system in _YES_NO},
    **{(system, "N"): False for system in _YES_NO},
}

_INTERPRETATIONS: Mapping[str, bool] = {"POS": True, "DET": True, "NEG": False, "ND": False}
"""Codes of Observation.interpretation (v3-ObservationInterpretation, v2-0078 before it)."""
_WORDS: Mapping[str, bool] = {
    **dict.fromkeys(("yes", "y", "present", "true", "positive", "pos", "detected"), True),
    **dict.fromkeys(("no", "n", "absent", "false", "negative", "neg", "not detected"), False),
    **dict.fromkeys(("ja", "oui", "sí", "si", "sì", "sim"), True),
    **dict.fromkeys(("nein", "non", "nee", "nej", "não"), False),
}
_OF_RESULTS = frozenset({"positive", "pos", "detected", "negative", "neg", "not detected"})
_YES = frozenset(word for word, is_yes in _WORDS.items() if is_yes) - _OF_RESULTS
_NO = _WORDS.keys() - _YES - _OF_RESULTS | {"none", "nil", "not present", "not found"}
"""Words which say of anything that it is not there."""
_YES_AND_MORE = re.compile(r"(?:yes|ja|oui|sí|sì|sim)\s*[,;:.(\u2013-]")

ANSWERED = ("Observation", "QuestionnaireResponse")
"""The resource types that answer a question rather than state a fact."""
IN_WORDS = dict.fromkeys(("valueCodeableConcept", "valueCoding", "valueString")).keys()
"""Elements that hold an answer in words."""


def answer_of(code_match: CodeMatch, source: FactSource, index: CodeIndex) -> bool | None:
    """What a code match answers: True for yes, False for no, None when it holds no answer that can be read."""
    answer = _read(code_match, source, index)
    if source.inverted:
        return False if answer is True else None
    return answer


def _read(code_match: CodeMatch, source: FactSource, index: CodeIndex) -> bool | None:
    if code_match.chosen:
        return True
    if code_match.entry.type == "Observation":
        return _answer(code_match.holder, source, index)
    answers = [_answer(item, source, index) for item in as_objects(code_match.holder.get("answer"))]
    if True in answers:
        return True
    return False if False in answers else None


def is_answered(code_match: CodeMatch) -> bool:
    """Whether anything was answered. A result without a value may be a finding that is there."""
    return code_match.entry.type == "Observation" or bool(code_match.holder.get("answer"))


def stated_date(code_match: CodeMatch) -> When | None:
    """The date a code match gives as its answer; None when it gives none."""
    holders = (
        [code_match.holder] if code_match.entry.type == "Observation" else as_objects(code_match.holder.get("answer"))
    )
    dates = [parse(holder.get(name)) for holder in holders for name in ("valueDateTime", "valueDate")]
    return earliest(*dates)


def _answer(holder: Mapping[str, Any], source: FactSource, index: CodeIndex) -> bool | None:
    boolean = holder.get("valueBoolean")
    if isinstance(boolean, bool):
        return boolean
    for name in ("valueCodeableConcept", "valueCoding"):
        if name in holder:
            said = holder[name]
            # The answer of an item is a coding, of which there may be words alone.
            is_coding = isinstance(said, dict) and said.keys().isdisjoint(("coding", "text"))
            return _coded({"coding": [said]} if is_coding else said, source, index)
    words = holder.get("valueString")
    if isinstance(words, str):
        return _coded({"text": words}, source, index)
    return _interpreted(holder) if not any(key.startswith("value") for key in holder) else None


def said_in_words(holder: Mapping[str, Any]) -> Iterator[object]:
    """What an observation, a component or an item answers in words, each as a concept."""
    for name in IN_WORDS:
        value = holder.get(name)
        if value is not None:
            yield {"text": value} if isinstance(value, str) else value


def is_affirmed(holder: Mapping[str, Any]) -> bool:
    """Whether an answer is a bare yes, whatever it is about; a positive result is none."""
    if holder.get("valueBoolean") is True:
        return True
    said = next(said_in_words(holder), None)
    return said is not None and _means(said, _YES, is_yes=True)


def says_no(holder: Mapping[str, Any]) -> bool:
    """Whether an answer is a bare no, or says that what is asked for is not there; a negative result is none."""
    if holder.get("valueBoolean") is False:
        return True
    return any(_means(said, _NO, is_yes=False) for said in said_in_words(holder))


def _means(said: object, words: AbstractSet[str], *, is_yes: bool) -> bool:
    if any(text.rstrip(" .!").casefold() in words for text in wordings(said)):
        return True
    return any(_CODES.get((coding.system, coding.code)) is is_yes for coding in codings(said))


def is_yes_or_no(concept: object) -> bool:
    """Whether an answer is a bare yes or no, by its code or its words."""
    words = (text.rstrip(".!").casefold() for text in wordings(concept))
    return any(word in _WORDS for word in words) or any((one.system, one.code) in _CODES for one in codings(concept))


def _interpreted(holder: Mapping[str, Any]) -> bool | None:
    """What the interpretation says of a result that gives no value."""
    said = {coding.code.upper() for concept in as_objects(holder.get("interpretation")) for coding in codings(concept)}
    answers = {_INTERPRETATIONS[code] for code in said if code in _INTERPRETATIONS}
    return True in answers if answers else None


def _coded(concept: object, source: FactSource, index: CodeIndex) -> bool | None:
    """The site's own yes and no first, then the codes everybody uses, then the bare words where none contradicts."""
    match = index.match(concept)
    if not match.sets.isdisjoint(source.yes):
        return True
    if not match.sets.isdisjoint(source.no) and not match.by_text:
        return False
    known = {_CODES[key] for coding in codings(concept) if (key := (coding.system, coding.code)) in _CODES}
    if known:
        return True in known
    said = list(wordings(concept)) or [coding.code for coding in codings(concept)]
    answers = {_in_words(words, source) for words in said}
    if answers == {False}:
        return False
    return True if True in answers and False not in answers else None


def _in_words(words: str, source: FactSource) -> bool | None:
    """A bare yes or no; a yes also where it goes on ("yes, since Monday"), if it is the yes that alarms.

    Of what excuses something, which counts with its date only, the rest may take back what the yes says ("yes, except
    the bladder").
    """
    bare = words.rstrip(".!").casefold()
    excuses = source.inverted or not source.undated or not source.by_category
    if bare not in _WORDS and not excuses and _YES_AND_MORE.match(bare):
        return True
    return _WORDS.get(bare)
