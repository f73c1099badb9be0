"""Odd input: whatever stands in a record, every fact gets its finding and nothing is raised."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from service.finding import Status
from service.knowledge.model import FactKind, Given
from service.record.input.reader import read_bundle
from tests.shipped import shipped_builder as builder
from tests.shipped import shipped_derivation as derivation
from tests.shipped import shipped_knowledge as rules
from tests.thoroughness import examples
from tests.unit.record.facts_in_python import NOW, record

JUNK = st.sampled_from(
    [
        *(None, True, 0, -1, 1e308, "", "x", "2026", "9999-12-31", "0001", [], {}, [[]], [None], [1, "x", {}]),
        {"coding": "x"},
        {"coding": [None, {"code": 5}]},
        [{"coding": {"code": "x"}}],
        {"value": "7"},
        {"start": 3, "end": []},
    ]
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, part in inner for found in _paths(part, (*path, key)))]


def _replaced(value: Any, path: tuple[Any, ...], junk: Any) -> Any:
    if not path:
        return junk
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _replaced(value[path[0]], path[1:], junk)
    return copy


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[list[Any], list[Any]]:
    """An example patient in which some elements have been replaced by junk."""
    facts = [one for one in rules().facts.values() if one.kind is not FactKind.SETTING]
    names = draw(st.lists(st.sampled_from([one.id for one in facts]), min_size=1, max_size=5, unique=True))
    case = builder().case({name: Given("present") for name in names}, now=NOW)
    lists = ([case.patient, *case.resources], list(case.orders))
    for resources in lists:
        for number in range(len(resources)):
            for _ in range(draw(st.integers(0, 2))):
                paths = [path for path in _paths(resources[number]) if path and path[0] not in {"resourceType", "id"}]
                if paths:
                    resources[number] = _replaced(resources[number], draw(st.sampled_from(paths)), draw(JUNK))
    return lists


@settings(max_examples=examples(400))
@given(spoilt())
def test_junk_in_any_element_is_passed_over(lists: tuple[list[Any], list[Any]]) -> None:
    resources, orders = lists
    found = derivation().findings(record(resources, orders=orders), NOW)
    assert set(found) == set(rules().facts)
    for finding in found.values():
        assert (
            finding.status is not Status.PRESENT
            or finding.low is None
            or finding.high is None
            or (finding.low <= finding.high)
        )


@settings(max_examples=examples(150))
@given(spoilt())
def test_junk_in_any_element_is_passed_over_by_the_reader_too(lists: tuple[list[Any], list[Any]]) -> None:
    resources, orders = lists
    entries = [{"resource": one} for one in [*resources, *orders]]
    document = json.loads(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    found = derivation().findings(read_bundle(document, patient="example", order_hook=True), NOW)
    assert set(found) == set(rules().facts)


HEART_FAILURE = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I50.9"}]}


def test_an_entry_whose_status_alone_cannot_be_read_may_count_as_what_it_is_and_as_nothing_else() -> None:
    def found(code: Any) -> dict[str, Status]:
        condition = {"resourceType": "Condition", "id": "c", "code": code, "clinicalStatus": 7}
        findings = derivation().findings(read_bundle([condition], complete="all"), NOW)
        return {name: findings[name].status for name in ("heart-failure", "cirrhosis")}

    assert found(HEART_FAILURE) == {"heart-failure": Status.PRESENT, "cirrhosis": Status.ABSENT}
    assert set(found({"text": "Xyzolitis qwertica"}).values()) == {Status.UNKNOWN}
