"""Releases: R5 and STU3 are read as R4, and R4 is left alone."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from service.record.releases.fhir_classes import Release
from service.record.releases.reading import dstu2_sign, normalise

CONCEPT = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "5640"}]}
REFERENCE = {"reference": "Condition/1"}


def as_r4(**resource: Any) -> tuple[dict[str, Any], Release | None]:
    before = copy.deepcopy(resource)
    after, release = normalise(resource)
    assert resource == before, "the input was changed"
    return dict(after), release


def test_r4_is_returned_as_it_is() -> None:
    order = {
        "resourceType": "MedicationRequest",
        "medicationCodeableConcept": CONCEPT,
        "dosageInstruction": [{"text": "x"}],
    }
    assert normalise(order) == (order, None)
    assert normalise(order)[0] is order


def test_an_r5_medication_request() -> None:
    after, release = as_r4(
        resourceType="MedicationRequest",
        medication={"concept": CONCEPT},
        reason=[{"concept": CONCEPT}, {"reference": REFERENCE}],
        dosageInstruction=[{"asNeeded": True, "doseAndRate": [{"doseQuantity": {"value": 1}}]}],
    )
    assert release is Release.R5
    assert after["medicationCodeableConcept"] == CONCEPT
    assert after["reasonCode"] == [CONCEPT]
    assert after["reasonReference"] == [REFERENCE]
    assert after["dosageInstruction"][0]["asNeededBoolean"] is True
    assert "medication" not in after


def test_an_r5_medication_may_be_a_reference() -> None:
    after, _ = as_r4(resourceType="MedicationRequest", medication={"reference": {"reference": "Medication/1"}})
    assert after["medicationReference"] == {"reference": "Medication/1"}


def test_an_r5_service_request() -> None:
    after, release = as_r4(
        resourceType="ServiceRequest",
        code={"concept": CONCEPT},
        orderDetail=[{"parameter": [{"valueCodeableConcept": CONCEPT}, {"valueString": "with contrast"}]}],
    )
    assert release is Release.R5
    assert after["code"] == CONCEPT
    assert after["orderDetail"] == [CONCEPT, {"text": "with contrast"}]


def test_an_r5_procedure_and_encounter() -> None:
    procedure, _ = as_r4(resourceType="Procedure", occurrenceDateTime="2024", reason=[{"concept": CONCEPT}])
    assert procedure["performedDateTime"] == "2024"
    encounter, release = as_r4(
        resourceType="Encounter",
        status="completed",
        actualPeriod={"start": "2024"},
        **{"class": [{"coding": [{"code": "AMB"}]}]},
        reason=[{"value": [{"concept": CONCEPT}]}],
    )
    assert release is Release.R5
    assert encounter["class"] == {"code": "AMB"}
    assert encounter["period"] == {"start": "2024"}
    assert encounter["status"] == "finished"
    assert encounter["reasonCode"] == [CONCEPT]


def test_an_stu3_condition() -> None:
    after, release = as_r4(
        resourceType="Condition",
        clinicalStatus="active",
        verificationStatus="confirmed",
        assertedDate="2019-01-01",
        context={"reference": "Encounter/1"},
    )
    assert release is Release.STU3
    assert after["clinicalStatus"] == {"coding": [{"code": "active"}]}
    assert after["recordedDate"] == "2019-01-01"
    assert after["encounter"] == {"reference": "Encounter/1"}


def test_an_stu3_procedure_request_is_a_service_request() -> None:
    after, release = as_r4(resourceType="ProcedureRequest", code=CONCEPT, status="draft")
    assert (after["resourceType"], release) == ("ServiceRequest", Release.STU3)


def test_an_stu3_referral_keeps_what_was_asked_for() -> None:
    after, _ = as_r4(resourceType="ReferralRequest", serviceRequested=[CONCEPT, {"text": "spine surgery"}])
    assert after["code"] == {"coding": CONCEPT["coding"], "text": "spine surgery"}


def test_an_stu3_dosage() -> None:
    after, release = as_r4(
        resourceType="MedicationRequest", dosageInstruction=[{"doseQuantity": {"value": 1}, "text": "x"}]
    )
    assert release is Release.STU3
    assert after["dosageInstruction"] == [{"text": "x", "doseAndRate": [{"doseQuantity": {"value": 1}}]}]


def test_what_is_not_taken_is_not_taken_in_any_release() -> None:
    stu3, _ = as_r4(resourceType="MedicationStatement", status="active", taken="n")
    r5, _ = as_r4(
        resourceType="MedicationStatement", status="recorded", adherence={"code": {"coding": [{"code": "not-taking"}]}}
    )
    assert stu3["status"] == r5["status"] == "not-taken"


def test_the_context_of_an_r4_administration_tells_no_release() -> None:
    after, release = as_r4(resourceType="MedicationAdministration", context={"reference": "Encounter/1"})
    assert release is None
    assert after["encounter"] == {"reference": "Encounter/1"}


def test_an_r5_device_usage() -> None:
    after, _ = as_r4(resourceType="DeviceUsage", patient={"reference": "Patient/1"}, device={"concept": CONCEPT})
    assert after["resourceType"] == "DeviceUseStatement"
    assert after["subject"] == {"reference": "Patient/1"}
    assert after["type"] == CONCEPT


@pytest.mark.parametrize(
    ("resource", "is_sure"),
    [
        ({"resourceType": "MedicationOrder"}, True),
        ({"resourceType": "Condition", "patient": {}, "dateRecorded": "2014"}, True),
        ({"resourceType": "Condition", "patient": {}}, False),
        ({"resourceType": "AllergyIntolerance", "substance": {}}, True),
        ({"resourceType": "MedicationStatement", "patient": {}}, False),
    ],
)
def test_dstu2_shows(resource: dict[str, Any], is_sure: bool) -> None:
    sign = dstu2_sign(resource)
    assert sign is not None
    assert sign[1] is is_sure


@pytest.mark.parametrize("name", ["Condition", "AllergyIntolerance", "MedicationStatement", "Procedure", "Observation"])
def test_an_r4_resource_shows_no_dstu2(name: str) -> None:
    assert dstu2_sign({"resourceType": name, "subject": {"reference": "Patient/1"}, "code": CONCEPT}) is None
