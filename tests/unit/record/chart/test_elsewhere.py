"""What a glance takes for silent says nothing when it is read: in reports, notes, answers and results."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from service.knowledge.model import Knowledge
from service.record.chart.elsewhere import TYPES, statements_of, without_silent
from service.record.chart.matcher import Matcher
from service.record.chart.questions import unread_answers
from service.record.model import Entry

YES = {"coding": [{"system": "http://snomed.info/sct", "code": "373066001"}], "text": "yes"}
ELEMENTS: dict[str, Any] = {
    "code": {"text": "saddle anaesthesia"},
    "status": "preparation",
    "valueQuantity": {"value": 3, "unit": "1"},
    "valueBoolean": True,
    "valueString": "yes",
    "valueCodeableConcept": YES,
    "valueCoding": YES["coding"][0],
    "valueInteger": 1,
    "dataAbsentReason": {"text": "unknown"},
    "component": [{"code": {"text": "saddle anaesthesia"}, "valueBoolean": True}],
    "hasMember": [{"reference": "Observation/2"}],
    "note": [{"text": "saddle anaesthesia"}],
    "reasonCode": [{"text": "saddle anaesthesia"}],
    "reason": "saddle anaesthesia",
    "diagnosis": [{"diagnosisCodeableConcept": {"text": "saddle anaesthesia"}}],
    "conclusion": "saddle anaesthesia",
    "description": "saddle anaesthesia",
    "payload": [{"contentString": "saddle anaesthesia"}],
    "complication": [{"text": "saddle anaesthesia"}],
    "evidence": [{"code": [{"text": "saddle anaesthesia"}]}],
    "item": [{"text": "Saddle anaesthesia?", "answer": [{"valueBoolean": True}]}],
}


def resources(type_: str) -> list[Entry]:
    """Resources of a type with up to three of the elements, each as it should be or of no use."""
    chosen = [names for most in range(4) for names in combinations(ELEMENTS, most)]
    whole = [{name: ELEMENTS[name] for name in names} for names in chosen]
    odd = [dict.fromkeys(names) for names in chosen if len(names) == 1]
    found = [{"resourceType": type_, **elements} for elements in (*whole, *odd)]
    return [Entry(one, type_, str(number), "") for number, one in enumerate(found)]


@pytest.fixture(scope="module")
def matcher(knowledge: Knowledge) -> Matcher:
    return Matcher(knowledge, [("Observation", "obs-pain")])


@pytest.mark.parametrize("type_", sorted(TYPES))
def test_nothing_that_says_or_answers_something_is_passed_over(matcher: Matcher, type_: str) -> None:
    entries = resources(type_)
    kept = {id(entry) for entry in without_silent(type_, entries)}
    passed_over = [entry for entry in entries if id(entry) not in kept]
    assert [entry.resource for entry in passed_over if statements_of(entry)] == []
    answered = [list(unread_answers(entry, matcher.index, matcher.is_measured_elsewhere)) for entry in passed_over]
    assert [one for one in answered if one] == []


def test_a_laboratory_value_is_passed_over() -> None:
    entry = Entry({"resourceType": "Observation", "valueQuantity": {"value": 3}}, "Observation", "1", "")
    assert list(without_silent("Observation", [entry])) == []
