"""Statuses: which instances count, and as what."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.note import Note, NoteCode
from service.record.values.status_table import STATUS_TABLE
from service.record.values.statuses import Counts, judged, status_class


def concept(code: str) -> dict[str, Any]:
    return {"coding": [{"code": code}]}


def condition(clinical: str | None = None, verification: str | None = None, **more: object) -> dict[str, Any]:
    resource: dict[str, Any] = {"resourceType": "Condition", **more}
    if clinical:
        resource["clinicalStatus"] = concept(clinical)
    if verification:
        resource["verificationStatus"] = concept(verification)
    return resource


@pytest.mark.parametrize(
    ("resource", "counts"),
    [
        (condition("active", "confirmed"), Counts.PRESENT),
        (condition("recurrence"), Counts.PRESENT),
        (condition("relapse"), Counts.PRESENT),
        (condition("inactive"), Counts.HISTORY),
        (condition("remission"), Counts.HISTORY),
        (condition("resolved"), Counts.HISTORY),
        (condition("active", "refuted"), Counts.ANSWERED_NO),
        (condition("active", "entered-in-error"), Counts.NEVER),
        (condition(), Counts.PRESENT),
        (condition(abatementDateTime="2024"), Counts.HISTORY),
        (condition("413322009"), Counts.HISTORY),
        ({"resourceType": "AllergyIntolerance"}, Counts.PRESENT),
        ({"resourceType": "AllergyIntolerance", "clinicalStatus": concept("inactive")}, Counts.HISTORY),
        ({"resourceType": "AllergyIntolerance", "clinicalStatus": concept("resolved")}, Counts.HISTORY),
        ({"resourceType": "AllergyIntolerance", "verificationStatus": concept("refuted")}, Counts.ANSWERED_NO),
        ({"resourceType": "MedicationRequest", "status": "active", "intent": "order"}, Counts.PRESENT),
        ({"resourceType": "MedicationRequest", "status": "on-hold"}, Counts.PRESENT),
        ({"resourceType": "MedicationRequest", "status": "stopped"}, Counts.HISTORY),
        ({"resourceType": "MedicationRequest", "status": "draft"}, Counts.NEVER),
        ({"resourceType": "MedicationRequest", "status": "cancelled"}, Counts.NEVER),
        ({"resourceType": "MedicationRequest", "status": "active", "doNotPerform": True}, Counts.NEVER),
        ({"resourceType": "MedicationRequest", "status": "active", "intent": "proposal"}, Counts.NEVER),
        ({"resourceType": "MedicationStatement", "status": "not-taken"}, Counts.NEVER),
        ({"resourceType": "MedicationStatement", "status": "intended"}, Counts.PRESENT),
        ({"resourceType": "Observation", "status": "final", "valueInteger": 1}, Counts.PRESENT),
        ({"resourceType": "Observation", "status": "cancelled"}, Counts.NEVER),
        ({"resourceType": "Observation", "status": "final", "dataAbsentReason": concept("unknown")}, Counts.NEVER),
        ({"resourceType": "Procedure", "status": "completed"}, Counts.PRESENT),
        ({"resourceType": "Procedure", "status": "not-done"}, Counts.NEVER),
        ({"resourceType": "ServiceRequest", "status": "draft"}, Counts.PRESENT),
        ({"resourceType": "ServiceRequest", "status": "completed"}, Counts.HISTORY),
        ({"resourceType": "ServiceRequest", "status": "revoked"}, Counts.NEVER),
        ({"resourceType": "Goal", "lifecycleStatus": "active"}, Counts.PRESENT),
    ],
)
def test_the_table_decides(resource: dict[str, Any], counts: Counts) -> None:
    assert status_class(resource).counts is counts


def test_a_missing_clinical_status_is_active_and_said() -> None:
    assert status_class(condition()).note == Note(NoteCode.STATUS_NOT_GIVEN)
    assert status_class(condition("81323004")).note == Note(NoteCode.STATUS_NOT_UNDERSTOOD)
    assert status_class(condition("active")).note is None


@pytest.mark.parametrize("verification", ["provisional", "differential", "unconfirmed"])
def test_what_is_not_confirmed_is_provisional(verification: str) -> None:
    found = status_class(condition("active", verification))
    assert found.provisional
    assert found.note == Note(NoteCode(verification))
    assert not status_class(condition("active", "confirmed")).provisional


@pytest.mark.parametrize("status", ["preliminary", "registered", None, "something"])
def test_a_result_that_is_not_final_is_provisional(status: str | None) -> None:
    found = status_class({"resourceType": "Observation", "status": status, "valueInteger": 1})
    assert found.counts is Counts.PRESENT
    assert found.provisional


def test_a_panel_without_value_but_with_components_counts() -> None:
    panel = {"resourceType": "Observation", "status": "final", "dataAbsentReason": concept("x"), "component": [{}]}
    assert status_class(panel).counts is Counts.PRESENT


def test_active_with_an_end_is_active_and_said() -> None:
    found = status_class(condition("active", abatementDateTime="2024-05-01"))
    assert found.counts is Counts.PRESENT
    assert found.note == Note(NoteCode.ACTIVE_BUT_ENDED)
    assert status_class(condition(abatementBoolean=False)).counts is Counts.PRESENT


@pytest.mark.parametrize("name", sorted(STATUS_TABLE))
def test_an_error_never_counts(name: str) -> None:
    member = "lifecycleStatus" if name == "Goal" else "status"
    assert status_class({"resourceType": name, member: "entered-in-error"}).counts is Counts.NEVER


@given(
    st.sampled_from([*sorted(STATUS_TABLE), "Condition", "AllergyIntolerance", "Patient", "Odd", None]),
    st.dictionaries(
        st.sampled_from(
            ["status", "clinicalStatus", "verificationStatus", "intent", "abatementString", "doNotPerform"]
        ),
        st.recursive(
            st.none() | st.booleans() | st.text() | st.integers(),
            lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["coding", "code", "text"]), inner),
        ),
    ),
)
def test_odd_statuses_never_raise(name: str | None, members: dict[str, Any]) -> None:
    assert status_class({"resourceType": name, **members}).counts in Counts


def _codes(*words: str, text: str | None = None) -> dict[str, Any]:
    return {"coding": [{"code": word} for word in words]} | ({"text": text} if text else {})


@pytest.mark.parametrize("type_", ["Condition", "AllergyIntolerance"])
@pytest.mark.parametrize(
    "status",
    [
        *(_codes("resolved", "active"), _codes("active", "resolved"), _codes("inactive", "active")),
        *(_codes("resolved", text="Active"), {"coding": [{"code": "resolved", "display": "Active"}]}),
    ],
)
def test_a_clinical_status_that_says_two_things_is_not_understood_and_counts(type_: str, status: Any) -> None:
    judged = status_class({"resourceType": type_, "clinicalStatus": status})
    assert judged.counts is Counts.PRESENT
    assert judged.note == Note(NoteCode.STATUS_NOT_UNDERSTOOD)


@pytest.mark.parametrize("type_", ["Condition", "AllergyIntolerance"])
@pytest.mark.parametrize(
    "status",
    [_codes("refuted", "confirmed"), _codes("confirmed", "refuted"), _codes("entered-in-error", text="Confirmed")],
)
def test_a_verification_that_says_two_things_is_not_sure(type_: str, status: Any) -> None:
    judged = status_class({"resourceType": type_, "clinicalStatus": _codes("active"), "verificationStatus": status})
    assert (judged.counts, judged.provisional) == (Counts.PRESENT, True)


def test_parts_of_a_status_that_agree_say_one_thing() -> None:
    clinical = _codes("resolved", "413322009", text="Resolved")
    assert status_class({"resourceType": "Condition", "clinicalStatus": clinical}).counts is Counts.HISTORY
    local = {"resourceType": "Condition", "clinicalStatus": _codes("2", "resolved")}
    assert status_class(local).counts is Counts.HISTORY
    refuted = {"resourceType": "Condition", "verificationStatus": _codes("refuted", text="Refuted")}
    assert status_class(refuted).counts is Counts.ANSWERED_NO


BESIDE: tuple[dict[str, Any], ...] = (
    {},
    *({"intent": intent} for intent in ("order", "plan", "proposal", "option", "ORDER", None, ["order"], 1)),
    *({"intent": "order", "doNotPerform": value} for value in (True, False, None)),
    *({"dataAbsentReason": {"text": "unknown"}, **value} for value in ({}, {"valueInteger": 1}, {"component": []})),
    *({name: "The scan was aborted."} for name in ("conclusion", "description")),
    {"note": [{"text": "The scan was aborted."}]},
    {"lifecycleStatus": "active"},
    {"lifecycleStatus": "rejected"},
)


@pytest.mark.parametrize("type_", [*STATUS_TABLE, "Medication", "Appointment"])
def test_a_status_that_is_told_at_a_glance_is_the_one_that_is_judged(type_: str) -> None:
    words = {word for table in STATUS_TABLE.values() for word in table}
    odd: list[Any] = ["entered-in-error", "Final", " final", "", None, 1, ["final"], {"coding": [{"code": "final"}]}]
    for status, beside in product([*sorted(words), *odd], BESIDE):
        resource = {"resourceType": type_, "status": status, **beside}
        assert status_class(resource) == judged(type_, resource), resource
