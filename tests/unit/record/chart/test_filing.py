"""What a concept means for a type is the same whether it was met before or not, and whether it names a result."""

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


@pytest.mark.parametrize(
    ("code", "is_named"),
    [
        ({"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}, True),
        ({"coding": [{"system": "http://loinc.org", "code": "8867-5"}]}, False),
        ({"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "X12"}]}, False),
        ({"coding": [{"system": "urn:site", "code": "X12"}]}, False),
        ({"coding": [{"system": "urn:site", "code": "X12"}], "text": "eGFR"}, True),
        ({"text": "Restharn"}, True),
        ({"text": "X12"}, False),
    ],
)
def test_a_result_is_named_by_a_sound_code_of_a_public_system_or_by_a_value_set(
    matcher: Matcher, code: dict[str, Any], is_named: bool
) -> None:
    residual = {"resourceType": "Observation", "code": code, "valueQuantity": {"value": 400, "unit": "mL"}}
    for _ in range(2):
        assert matcher.names_result(code) is is_named
        assert is_unread_result(residual, matcher.names_result, matcher.units) is not is_named
