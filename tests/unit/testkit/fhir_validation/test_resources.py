"""What is wrong with a FHIR resource is told in one pass, each fault with its exact place, and nothing else is told."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.errors import Severity
from service.record.releases.fhir_classes import Release
from service.testkit.fhir_validation.resources import check_resources
from tests.http.calls import IBUPROFEN, PATIENT, SCIATICA, WARFARIN, searchset


def faults(resource: Any, release: Release = Release.R4, where: str = "x") -> dict[str, str]:
    """The errors by place."""
    return {
        issue.path: issue.text
        for issue in check_resources(resource, where, release)
        if issue.severity is Severity.ERROR
    }


def changed(resource: dict[str, Any], **members: Any) -> dict[str, Any]:
    return copy.deepcopy(resource) | members


@pytest.mark.parametrize("resource", [PATIENT, SCIATICA, WARFARIN, IBUPROFEN, searchset(PATIENT, SCIATICA)])
def test_what_is_right_is_not_complained_about(resource: dict[str, Any]) -> None:
    assert faults(resource) == {}


@pytest.mark.parametrize(
    ("resource", "place", "result"),
    [
        (changed(PATIENT, gender="M"), "x.gender", "required value set: female, male, other, unknown"),
        (changed(PATIENT, birthDate="03.02.1970"), "x.birthDate", "must be a date"),
        (changed(PATIENT, birthDate="1970-02"), None, ""),
        (changed(PATIENT, birthdate="1970"), "x.birthdate", "did you mean birthDate?"),
        (changed(PATIENT, name={"family": "A"}), "x.name", "must be an array, is an object"),
        (changed(PATIENT, name=[{"family": "A", "use": "work"}]), "x.name[0].use", "required value set"),
        (changed(PATIENT, active="true"), "x.active", "must be true or false, is a string"),
        (changed(PATIENT, multipleBirthInteger=1.5), "x.multipleBirthInteger", "must be a whole number"),
        (changed(PATIENT, deceasedBoolean=True, deceasedDateTime="2020"), "x", "only one deceased[x]"),
        (changed(PATIENT, telecom=[]), "x.telecom", "left out instead of empty"),
        (changed(PATIENT, maritalStatus={}), "x.maritalStatus", "left out instead of empty"),
        (changed(PATIENT, maritalStatus=None), "x.maritalStatus", "left out instead of null"),
        (changed(PATIENT, maritalStatus="married"), "x.maritalStatus", "must be an object, is a string"),
        (changed(PATIENT, id="a_b"), "x.id", "must be an id"),
        (changed(PATIENT, contact=[{"period": {"start": "2021", "end": "2020"}}]), "x.contact[0].period", "per-1"),
        (changed(PATIENT, _birthDate={"extension": [{"url": "u"}]}), "x._birthDate.extension[0]", "ext-1"),
        (changed(PATIENT, _name=[{"id": "1"}]), "x._name", "no such element"),
        (changed(SCIATICA, subject=None), "x.subject", "null"),
        (changed(SCIATICA, subject={"reference": "Practitioner/1"}), "x.subject.reference", "another type than"),
        (changed(SCIATICA, subject={"reference": "urn:uuid:1"}), None, ""),
        (changed(SCIATICA, clinicalStatus={"coding": [{"code": "on"}]}), "x.clinicalStatus", "required value set"),
        (changed(SCIATICA, clinicalStatus={"text": "active"}), "x.clinicalStatus", "needs a coding"),
        (changed(SCIATICA, abatementDateTime="2026"), "x", "con-4"),
        (changed(IBUPROFEN, status="drafted"), "x.status", "required value set"),
        (changed(IBUPROFEN, _status={"id": "s"}), None, ""),
        (changed(WARFARIN, dosageInstruction=[{"doseAndRate": [{"doseQuantity": {"value": "5"}}]}]),
         "x.dosageInstruction[0].doseAndRate[0].doseQuantity.value", "must be a number, is a string"),
        (changed(IBUPROFEN, contained=[{"resourceType": "Patient", "gender": 1}]), "x.contained[0].gender", "string"),
        ({"resourceType": "Observation"}, "x.code", "is required"),
        ({"resourceType": "Observation"}, "x.status", "is required"),
        ({"resourceType": "MedicationRequest", "status": "draft", "intent": "order", "subject": {"display": "A"}},
         "x", "one of medicationCodeableConcept, medicationReference is required"),
        ({"resourceType": "MedicationOrder"}, "x.resourceType", "no such resource type"),
        ({"resourceType": "Immunization", "status": "done"}, "x.vaccineCode", "is required"),
        ({"type": "searchset"}, "x.resourceType", "is required"),
        ("text", "x", "must be a FHIR resource, is a string"),
    ],
)  # fmt: skip
def test_one_fault_is_told_at_its_place(resource: Any, place: str | None, result: str) -> None:
    found = faults(resource)
    if place is None:
        assert found == {}
    else:
        assert result in found[place]


def test_a_fault_inside_a_bundle_has_the_path_from_its_top() -> None:
    lab = {"resourceType": "Observation", "status": "final", "code": {"text": "Hb"}, "valueQuantity": {"value": "7.5"}}
    assert list(faults(searchset(PATIENT, lab), where="Bundle")) == ["Bundle.entry[1].resource.valueQuantity.value"]


def test_faults_come_all_at_once_and_each_once() -> None:
    wrong = {"resourceType": "MedicationRequest", "status": "x", "subject": "p", "colour": 1, "reasonCode": {}}
    issues = list(check_resources(wrong, "x", Release.R4))
    assert len(issues) == len(set(issues))
    places = [issue.path for issue in issues if issue.path != "x.reasonCode"]
    assert places == ["x.status", "x.subject", "x.colour", "x.intent", "x"]


def test_no_remark_quotes_a_value() -> None:
    canary = "Canary Smith"
    wrong = changed(PATIENT, gender=canary, birthDate=canary, id=canary, name=canary, active=canary)
    wrong |= {"contact": [{"name": {"use": canary}, "period": {"start": canary}}], "generalPractitioner": [canary]}
    for release in Release:
        assert not [issue for issue in check_resources(wrong, "x", release) if canary in issue.text]


def test_an_r5_order_is_held_against_r5() -> None:
    order = {
        "resourceType": "MedicationRequest",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "medication": {"concept": {"text": "ibuprofen"}},
    }
    assert faults(order) == {}
    assert "x.medication.concept.code" in faults(changed(order, medication={"concept": {"code": "5640"}}))
    assert "medication" in " ".join(faults(changed(IBUPROFEN), Release.R5))


def test_nesting_and_foreign_types_end_in_a_remark_and_not_in_an_error() -> None:
    deep: dict[str, Any] = {"resourceType": "Basic"}
    for _ in range(60):
        deep = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": deep}]}
    assert any("nested too deeply" in text for text in faults(deep).values())
    extension: dict[str, Any] = {"url": "u", "valueString": "x"}
    for _ in range(90):
        extension = {"url": "u", "extension": [extension]}
    assert faults(changed(PATIENT, extension=[extension])) in ({}, {"x": "is not what R4 allows here"})
    assert faults({"resourceType": "Os", "id": "1"})
    assert faults({"resourceType": "../orders", "id": "1"})


def documents(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    with gzip.open(folder / "fhir" / f"{name}.ndjson.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


@pytest.mark.corpus
@pytest.mark.parametrize("name", ["examples-r4-spec", "examples-r4-uscore", "examples-r4-au"])
def test_the_published_examples_of_r4_are_found_right(test_data: Path, name: str) -> None:
    wrong = {document["id"]: found for document in documents(test_data, name) if (found := faults(document, where="x"))}
    assert wrong == {}


@pytest.mark.corpus
def test_any_odd_file_gives_a_report(test_data: Path) -> None:
    for name in ("odd-server-tests", "odd-validator-cases"):
        for envelope in documents(test_data, name):
            try:
                document = json.loads(envelope["raw"])
            except (ValueError, RecursionError):
                continue
            list(check_resources(document, "x", Release.R4))
