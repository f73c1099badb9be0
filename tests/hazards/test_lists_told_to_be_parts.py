"""A list of which the document itself says that it is not whole proves nothing, and the answer says so (H-08)."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.hazards.answers import NOW, details, status_of
from tests.hazards.charts import IBUPROFEN, Json, drug, ordered, person, sciatica

LOINC = "http://loinc.org"
WARNING = "https://fhir.hl7.org.uk/STU3/StructureDefinition/Extension-CareConnect-GPC-ListWarningCode-1"
METFORMIN = ("6809", "metformin")
PART = "received in part"


def asked(client: FlaskClient, *more: Json, hook: str = "order-sign", **bundle: Any) -> Json:
    """The answer about ibuprofen for somebody with sciatica, of a Bundle that says more of itself."""
    entries = [person(), sciatica(), drug(*METFORMIN), ordered(*IBUPROFEN), *more]
    document = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in entries]}
    answered = client.post(f"/evaluate?hook={hook}&now={NOW}&complete=all", json=document | bundle)
    assert answered.status_code == 200
    content: Json = answered.get_json()
    return content


def listed(**content: Any) -> Json:
    code = {"coding": [{"system": LOINC, "code": "10160-0"}]}
    subject = {"reference": "Patient/p"}
    return {"resourceType": "List", "id": "l", "status": "current", "subject": subject, "code": code, **content}


@pytest.mark.parametrize(
    "bundle",
    [
        {"link": [{"relation": "next", "url": "https://ehr.example.org/fhir?page=2"}]},
        {"total": 99},
        {"issues": {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "incomplete"}]}},
    ],
)
@pytest.mark.parametrize("hook", ["order-sign", "patient-view"])
def test_a_bundle_that_holds_a_part_is_never_answered_as_whole(client: FlaskClient, bundle: Json, hook: str) -> None:
    answered = asked(client, hook=hook, **bundle)
    assert status_of(answered, "anticoagulant-active") == "unknown"
    assert PART in details(answered).casefold() or PART in str(answered["cards"])


@pytest.mark.parametrize(
    "less",
    [
        listed(emptyReason={"coding": [{"code": "withheld"}]}),
        listed(extension=[{"url": WARNING, "valueCode": "confidential-items"}]),
        listed(code={"text": "Medications"}, note=[{"text": "Information not available"}]),
        listed(code=None, title="Current medication", emptyReason={"coding": [{"code": "unavailable"}]}),
    ],
)
def test_a_list_that_says_that_it_is_not_whole_leaves_drugs_unknown(client: FlaskClient, less: Json) -> None:
    answered = asked(client, less)
    assert status_of(answered, "anticoagulant-active") == "unknown"
    assert PART in str(answered["cards"])


def test_a_list_that_names_an_entry_which_is_not_there_is_named(client: FlaskClient) -> None:
    answered = asked(client, listed(entry=[{"item": {"reference": "MedicationRequest/elsewhere"}}]))
    assert "could not be read: MedicationRequest" in str(answered["cards"])


@pytest.mark.parametrize(
    "whole",
    [
        listed(emptyReason={"coding": [{"code": "nilknown"}]}),
        listed(entry=[{"item": {"reference": "MedicationRequest/m-active-6809"}}]),
        listed(entry=[{"item": {"reference": "MedicationRequest/gone"}, "deleted": True}]),
        listed(status="entered-in-error", emptyReason={"coding": [{"code": "withheld"}]}),
        listed(code={"text": "Shopping"}, note=[{"text": "Milk not available"}]),
    ],
)
def test_a_list_that_is_whole_changes_nothing(client: FlaskClient, whole: Json) -> None:
    answered = asked(client, whole)
    assert status_of(answered, "anticoagulant-active") == "absent"
    assert PART not in str(answered["cards"])


@pytest.mark.parametrize("bundle", [{}, {"total": 4}, {"total": 99, "type": "collection"}])
def test_a_bundle_that_is_whole_is_one(client: FlaskClient, bundle: Json) -> None:
    answered = asked(client, **bundle)
    assert status_of(answered, "anticoagulant-active") == "absent"
    assert PART not in str(answered["cards"])
