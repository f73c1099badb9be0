"""What is taken as usual at one glance has no flaw when it is looked through; and what is usual is taken so."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.bodies import measured, prescription, problem
from service.record.input.shapes import flaws, looked_through
from service.record.input.usual_shapes import is_usual

CODE = {"coding": [{"system": "http://snomed.info/sct", "code": "23056005"}], "text": "Sciatica"}
USUAL: list[dict[str, Any]] = [
    measured(0),
    measured(2),
    problem(0),
    prescription(0),
    {"resourceType": "AllergyIntolerance", "code": CODE, "reaction": [{"manifestation": [CODE], "severity": "mild"}]},
    {"resourceType": "Procedure", "status": "completed", "code": CODE, "performedPeriod": {"start": "2026-02-03"}},
    {"resourceType": "MedicationDispense", "medicationReference": {"reference": "#1"}, "daysSupply": {"value": 30}},
    {"resourceType": "Goal", "lifecycleStatus": "active", "startDate": "2026-01"},
    {"resourceType": "Patient", "birthDate": "1979-03-02", "gender": "female", "deceasedBoolean": False},
]
ODD: list[Any] = [
    *(None, "", " ", "x", "active", "entered-in-error", "Active ", "2026-02-30", "2026-02-30T08:00:00Z", "20260201"),
    *(0, -1, 5.5, 1e300, True, False, [], {}, [None], [[]], [{}], ["x"], [5], {"coding": {}}, {"coding": [None]}),
    *({"coding": [{"code": 5}]}, {"coding": [{"code": " "}]}, {"text": 5}, {"value": "5"}, {"value": "five"}),
    *({"start": "yesterday"}, {"reference": 5}, {"reference": " "}, CODE, [CODE, CODE], {"low": {"value": []}}),
]


def changed(resource: Any) -> Iterator[Any]:
    """The resource with each element, at any depth, taken away or replaced by each odd value."""
    for name in list(resource) if isinstance(resource, dict) else range(len(resource)):
        for odd in ODD:
            yield _with(resource, name, odd)
        if isinstance(resource, dict):
            yield {key: value for key, value in resource.items() if key != name}
        if isinstance(resource[name], dict | list):
            yield from (_with(resource, name, inner) for inner in changed(resource[name]))


def _with(whole: Any, name: Any, part: Any) -> Any:
    made = copy.copy(whole)
    made[name] = part
    return made


@pytest.mark.parametrize("resource", USUAL, ids=lambda resource: str(resource["resourceType"]))
def test_usual_and_looked_through_say_the_same_of_anything(resource: dict[str, Any]) -> None:
    type_ = resource["resourceType"]
    assert is_usual(resource, type_)
    for one in changed(resource):
        assert flaws(one, type_) == looked_through(one, type_), one
