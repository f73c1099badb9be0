"""What a concept means for a type is the same whether it was met before or not, and never hides a nameless result."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from service.knowledge.model import Knowledge
from service.record.chart.matcher import Matcher
from service.record.chart.unread_results import is_unread_result

SYSTEMS = ("http://loinc.org", "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10", "urn:site", None)
CODES = ("98979-8", "98979-9", "8867-4", "23056005", "M54.3", "X12", "", None)
WORDS = ("eGFR", "Heart rate", "Restharn", "X12", "sciatica", "no sciatica", "", None)
VALUES: tuple[dict[str, Any], ...] = (
    {},
    {"valueQuantity": {"value": 5, "unit": "mL"}},
    {"valueQuantity": {"value": 54, "unit": "mL/min/{1.73_m2}"}},
    {"valueString": "ja"},
    {"valueBoolean": False},
)


def concepts() -> list[Any]:
    coded = [
        {"coding": [{"system": system, "code": code, "display": words}], "text": text}
        for system, code, words, text in product(SYSTEMS, CODES, WORDS, ("eGFR", None))
    ]
    return [*coded, {"text": "eGFR"}, {"text": "Restharn"}, {}, {"coding": []}, [coded[0]], "eGFR", 5, None]


@pytest.fixture(scope="module")
def matcher(knowledge: Knowledge) -> Matcher:
    return Matcher(knowledge, [("Observation", "obs-egfr"), ("Procedure", "proc-lumbar-surgery")])


@pytest.mark.parametrize("type_", ["Observation", "Condition", "Procedure"])
def test_a_concept_means_the_same_when_it_is_met_again(matcher: Matcher, type_: str) -> None:
    filed = matcher.filings[type_]
    first = [filed.read(one) for one in concepts()]
    assert [filed.read(one) for one in concepts()] == first
    # Met alone, without any that were met before.
    assert [matcher.filings[type_]._work_out(one) for one in concepts()] == first


def test_a_result_that_its_code_names_is_never_one_of_which_nothing_tells_what_was_measured(matcher: Matcher) -> None:
    named = [one for one in concepts() if matcher.filings["Observation"].read(one).is_named]
    results = [{"resourceType": "Observation", "code": code, **value} for code, value in product(named, VALUES)]
    assert len(named) > 100
    assert [one for one in results if is_unread_result(one, matcher.names_result, matcher.units)] == []
