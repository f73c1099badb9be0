"""References: contained, then fullUrl, then type and id; never another server."""

from __future__ import annotations

import pytest

from service.record.values.references import References, parse_literal

OWN = "https://ehr.example/fhir"
MEDICATION = {"resourceType": "Medication", "id": "m1"}
URN = "urn:uuid:5e6fa0f1-8d1a-4f6e-b2a3-0f6b6d2b7c11"
HERE = References(
    [(f"{OWN}/Medication/m1", "Medication", "m1", MEDICATION), (URN, "Medication", None, {"id": None})], OWN
)


@pytest.mark.parametrize(
    "reference",
    [
        {"reference": "Medication/m1"},
        {"reference": "Medication/m1/_history/3"},
        {"reference": f"{OWN}/Medication/m1"},
        {"reference": "http://EHR.example/fhir/Medication/m1"},
        "Medication/m1",
    ],
)
def test_one_resource_has_many_addresses(reference: object) -> None:
    assert HERE.resolve(reference) is MEDICATION


def test_a_contained_resource_comes_first() -> None:
    inner = {"resourceType": "Medication", "id": "m1"}
    assert HERE.resolve({"reference": "#m1"}, {"contained": [None, inner]}) is inner
    assert HERE.resolve({"reference": "#m2"}, {"contained": [inner]}) is None
    assert HERE.resolve({"reference": "#m1"}, None) is None


def test_a_urn_is_found_by_full_url_or_by_the_id_it_holds() -> None:
    assert HERE.resolve({"reference": URN}) == {"id": None}
    uuid = URN.removeprefix("urn:uuid:")
    by_id = References([(None, "Medication", uuid, MEDICATION)])
    assert by_id.resolve({"reference": URN}) is MEDICATION


def test_an_id_that_two_types_share_is_not_found_by_urn() -> None:
    both = References([(None, "Medication", "x", {}), (None, "Patient", "x", {})])
    assert both.resolve("urn:uuid:x") is None


@pytest.mark.parametrize(
    "reference",
    [
        {"reference": "https://other.example/fhir/Medication/m1"},
        {"reference": "Medication/m2"},
        {"reference": "Patient/m1"},
        {"reference": "Medication?identifier=1"},
        {"reference": ""},
        {"reference": 5},
        {"display": "ibuprofen"},
        None,
        [],
    ],
)
def test_what_is_not_here_is_none(reference: object) -> None:
    assert HERE.resolve(reference) is None


@pytest.mark.parametrize("text", ["m1", "/m1", "medication/m1", "", "Medication/", "#m1", "urn:uuid:x"])
def test_what_is_no_literal_reference_is_none(text: str) -> None:
    assert parse_literal(text) is None
