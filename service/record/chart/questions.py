"""Questions: what is asked, and which answers may tell of a danger and are read by no fact.

A yes to a question in words that nothing here understands ("Night sweats": yes), a lack told as a no ("Is your bladder
working normally?": no), a denial that is denied ("No saddle numbness": false), a number where facts read numbers from
observations alone. They are named, and leave the list of problems unanswered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from service.record.chart.answers import is_affirmed, says_no
from service.record.chart.concepts import answered_items, asked_in_words
from service.record.chart.elsewhere import GOOD, lack_of
from service.record.model import Entry, Resource
from service.record.values.coding import CodeIndex
from service.record.values.concept import as_objects, codings, concept_text, wordings

_BODY = re.compile(
    r"\b(?:bladder|bowels?|urin\w*|pee|wee|void\w*|pass (?:water|urine|stool)|stools?|wip\w+|toilet|feel\w*"
    r"|sensation\w*|saddle|genital\w*|perine\w+|anal|erections?|sex\w*|legs?|foot|feet|toes?|heels?|ankles?|walk\w*|stand\w*|gait"
    r"|power|strength|reflex\w*)\b",
    re.IGNORECASE,
)
"""What the nerves of the low back serve."""
_NUMBER = re.compile(r"\d")
_LONGEST = 200


def unread_answers(entry: Entry, index: CodeIndex, is_measured: Callable[[str], bool]) -> Iterator[str]:
    """The answers of an observation or a questionnaire that may tell of a danger and that no fact reads, in words.

    ``is_measured`` tells whether a question asks for a number that is read from observations alone.
    """
    if entry.type == "QuestionnaireResponse":
        for item, answer in answered_items(entry.resource):
            question = asked_in_words(item)[:_LONGEST]
            if question and (told := _told(question, answer, is_measured)):
                yield f"{question.rstrip('? :')}: {told}"
        nameless = (answer for item, answer in answered_items(entry.resource) if _is_nameless(item, index))
        if count := sum(map(_may_alarm, nameless)):
            yield f"QuestionnaireResponse: {count} {'answer' if count == 1 else 'answers'} without the question"
    elif entry.type == "Observation":
        for concept in _affirmed_in(entry.resource):
            if not index.is_entry_read("Condition", concept):
                yield concept_text(concept)


def _affirmed_in(observation: Resource) -> Iterator[object]:
    """What an observation and its components ask that is answered with a bare yes; a test of a laboratory is none."""
    if any(coding.code == "laboratory" for one in as_objects(observation.get("category")) for coding in codings(one)):
        return
    for holder in (observation, *as_objects(observation.get("component"))):
        code = holder.get("code")
        if isinstance(code, dict) and is_affirmed(holder) and not any(map(GOOD.search, wordings(code))):
            yield code


def _is_nameless(item: Mapping[str, Any], index: CodeIndex) -> bool:
    """Whether nothing tells what an item asks: no words, and a linkId that is no name of ours."""
    link = item.get("linkId")
    return not asked_in_words(item) and not (isinstance(link, str) and index.sets_of_link(link))


def _may_alarm(answer: Mapping[str, Any]) -> bool:
    """Whether an answer is a bare yes, or a code without words."""
    chosen = answer.get("valueCoding")
    return is_affirmed(answer) or (isinstance(chosen, dict) and next(wordings(chosen), None) is None)


def _told(question: str, answer: Mapping[str, Any], is_measured: Callable[[str], bool]) -> str | None:
    if says_no(answer):
        return "no" if lack_of(question) is not None and _BODY.search(question) else None
    number = _number(answer)
    return number if number is not None and is_measured(question) else None


def _number(answer: Mapping[str, Any]) -> str | None:
    quantity = answer.get("valueQuantity")
    if isinstance(quantity, dict):
        return f"{quantity.get('value', '')} {quantity.get('unit') or quantity.get('code') or ''}".strip()
    for name in ("valueDecimal", "valueInteger", "valueString"):
        value = answer.get(name)
        if isinstance(value, int | float | str) and not isinstance(value, bool) and _NUMBER.search(str(value)):
            return str(value)
    return None
