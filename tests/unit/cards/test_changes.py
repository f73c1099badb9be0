"""Update actions: the client's own draft, whole, with a stop date and nothing else changed (AC-4)."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from service.cards.changes import limited
from service.record.model import Entry
from service.record.releases.fhir_classes import Release

DRAFT: dict[str, Any] = {
    "resourceType": "MedicationRequest",
    "id": "draft-1",
    "meta": {"tag": [{"system": "urn:clinic", "code": "kept"}]},
    "extension": [{"url": "urn:clinic:row", "valueString": "kept"}],
    "status": "draft",
    "intent": "order",
    "subject": {"reference": "Patient/1"},
    "medicationCodeableConcept": {"text": "Cyclobenzaprine 5 mg"},
    "dosageInstruction": [
        {
            "text": "5 mg three times daily",
            "timing": {
                "repeat": {"frequency": 3, "period": 1, "periodUnit": "d", "boundsPeriod": {"end": "2027-01-01"}}
            },
        }
    ],
    "dispenseRequest": {"quantity": {"value": 90}, "numberOfRepeatsAllowed": 2},
}


def entry(resource: dict[str, Any]) -> Entry:
    return Entry(resource, resource["resourceType"], resource.get("id"), "draftOrders.entry[0]")


@pytest.mark.requirement("AC-4")
def test_ac_4_only_the_length_of_the_order_changes() -> None:
    changed = limited(entry(DRAFT), 14, Release.R4)
    assert changed is not None
    days = {"value": 14, "unit": "days", "system": "http://unitsofmeasure.org", "code": "d"}
    expected = copy.deepcopy(DRAFT)
    expected["dispenseRequest"]["expectedSupplyDuration"] = days
    repeat = expected["dosageInstruction"][0]["timing"]["repeat"]
    del repeat["boundsPeriod"]
    repeat["boundsDuration"] = days
    assert changed == expected


def test_the_order_of_the_client_is_left_as_it_was() -> None:
    before = copy.deepcopy(DRAFT)
    limited(entry(DRAFT), 14, Release.R4)
    assert before == DRAFT


def test_an_order_without_instructions_gets_its_length_all_the_same() -> None:
    bare = {key: value for key, value in DRAFT.items() if key not in {"dosageInstruction", "dispenseRequest"}}
    changed = limited(entry(bare), 14, Release.R4)
    assert changed is not None
    assert changed["dispenseRequest"]["expectedSupplyDuration"]["value"] == 14


@pytest.mark.parametrize(
    ("order", "release"),
    [
        (DRAFT, Release.R5),
        ({**DRAFT, "resourceType": "ServiceRequest"}, Release.R4),
        ({**DRAFT, "dosageInstruction": [{"timing": "daily"}]}, Release.R4),
        ({key: value for key, value in DRAFT.items() if key != "id"}, Release.R4),
        ({**DRAFT, "unknownMember": True}, Release.R4),
    ],
    ids=["another release", "no medication", "an invalid timing", "no id to update", "not valid R4 as it came"],
)
def test_what_cannot_be_changed_safely_is_not_changed(order: dict[str, Any], release: Release) -> None:
    assert limited(entry(order), 14, release) is None
