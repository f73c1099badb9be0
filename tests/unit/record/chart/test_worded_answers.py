"""An answer in words is known again by its concept; what stands beside it is looked at each time."""

from __future__ import annotations

from typing import Any

import pytest

from service.record.chart.worded_answers import in_words

DECREASED: dict[str, Any] = {
    "coding": [{"system": "http://snomed.info/sct", "code": "1250004", "display": "Decreased"}]
}


@pytest.mark.parametrize(
    "beside", [{"valueBoolean": True}, {"valueQuantity": {"value": 3, "unit": "cm"}}, {"valueInteger": 4}]
)
def test_a_yes_or_a_number_beside_a_known_answer_is_seen(beside: dict[str, Any]) -> None:
    assert in_words({"valueCodeableConcept": DECREASED}) is DECREASED
    assert in_words({"valueCodeableConcept": DECREASED} | beside) is None
    again = dict(DECREASED)
    assert in_words({"valueCodeableConcept": again}) is again


@pytest.mark.parametrize("said", ["normal", "intact", "yes", "7", "4/5"])
def test_what_tells_nothing_in_words_is_none_each_time(said: str) -> None:
    concept = {"coding": [{"code": "x", "display": said}], "text": said}
    assert in_words({"valueCodeableConcept": concept}) is None
    assert in_words({"valueCodeableConcept": dict(concept)}) is None


def test_an_answer_of_no_concept_is_none() -> None:
    assert in_words({"valueCodeableConcept": None}) is None
    assert in_words({"valueString": "decreased"}) == {"text": "decreased"}
