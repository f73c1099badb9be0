"""What the context of a call brings, as leniently as real clients need (RQ-10, ST-7, ST-8)."""

from __future__ import annotations

from typing import Any

import pytest

from service.errors import RequestError
from service.protocol.context import Brought, read_context
from service.protocol.request_schemas import read_call
from tests.unit.protocol.test_request_schemas import context

IBUPROFEN = {
    "resourceType": "MedicationRequest",
    "id": "m1",
    "status": "draft",
    "subject": {"reference": "Patient/123"},
}
MRI = {"resourceType": "ServiceRequest", "id": "s1", "status": "draft", "subject": {"reference": "Patient/123"}}


def brought(hook: str, **given: Any) -> Brought:
    return read_context(read_call(context(hook, **given), hook=hook))


def orders(got: Brought) -> tuple[Any, ...]:
    return tuple(piece.resource for piece in got.orders.pieces)


def beside(got: Brought) -> tuple[Any, ...]:
    return tuple(piece.resource for piece in got.beside.pieces)


def result(got: Brought) -> list[str]:
    return [problem.path for problem in got.orders.problems]


def bundle(*resources: Any, **members: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "entry": [{"resource": resource} for resource in resources]} | members


def test_every_draft_of_order_sign_is_checked() -> None:
    assert orders(brought("order-sign", draftOrders=bundle(IBUPROFEN, MRI))) == (IBUPROFEN, MRI)


@pytest.mark.requirement("ST-8")
def test_st_8_order_select_checks_what_is_selected_and_knows_the_rest() -> None:
    got = brought("order-select", draftOrders=bundle(IBUPROFEN, MRI), selections=["MedicationRequest/m1"])
    assert orders(got) == (IBUPROFEN,)
    assert beside(got) == (MRI,)


@pytest.mark.parametrize(
    ("drafts", "selections", "missing"),
    [
        ([], ["MedicationRequest/m1"], ["context.selections[0]"]),
        ([IBUPROFEN], ["MedicationRequest/m1", "ServiceRequest/s1"], ["context.selections[1]"]),
        ([IBUPROFEN, MRI], ["MedicationRequest/m1", "ServiceRequest/s1"], []),
    ],
)
def test_an_order_that_is_selected_and_did_not_come_is_a_problem(
    drafts: list[dict[str, Any]], selections: list[str], missing: list[str]
) -> None:
    got = brought("order-select", draftOrders=bundle(*drafts), selections=selections)
    assert result(got) == missing
    assert all(problem.unread for problem in got.orders.problems)


def test_a_selection_may_be_named_by_its_full_url() -> None:
    entry = {
        "fullUrl": "https://ehr.example/fhir/ServiceRequest/s9",
        "resource": {key: MRI[key] for key in MRI if key != "id"},
    }
    drafts = {"resourceType": "Bundle", "entry": [entry, {"resource": IBUPROFEN}]}
    assert [
        order["resourceType"]
        for order in orders(brought("order-select", draftOrders=drafts, selections=["ServiceRequest/s9"]))
    ] == ["ServiceRequest"]


@pytest.mark.parametrize("selections", [[], ["MedicationRequest/other"]])
def test_selections_that_name_no_draft_leave_no_order_unchecked(selections: list[str]) -> None:
    got = brought("order-select", draftOrders=bundle(IBUPROFEN, MRI), selections=selections)
    assert orders(got) == (IBUPROFEN, MRI)
    assert result(got) == ["context.selections"]


@pytest.mark.requirement("ST-7")
@pytest.mark.parametrize("status", ["draft", "active", None, "on-hold"])
def test_st_7_an_order_need_not_be_a_draft(status: str | None) -> None:
    assert orders(brought("order-sign", draftOrders=bundle(IBUPROFEN | {"status": status})))


@pytest.mark.requirement("RQ-10")
def test_rq_10_a_bundle_without_type_and_a_single_resource_are_read() -> None:
    assert orders(brought("order-sign", draftOrders={"entry": [{"resource": IBUPROFEN}]})) == (IBUPROFEN,)
    assert orders(brought("order-sign", draftOrders=IBUPROFEN)) == (IBUPROFEN,)


@pytest.mark.parametrize(
    "entry", [None, 7, "x", [], {}, {"resource": None}, {"resource": {}}, {"resource": {"resourceType": 7}}]
)
def test_a_bad_entry_costs_only_itself(entry: Any) -> None:
    got = brought("order-sign", draftOrders={"resourceType": "Bundle", "entry": [entry, {"resource": IBUPROFEN}]})
    assert orders(got) == (IBUPROFEN,)
    (path,) = result(got)
    assert path.startswith("context.draftOrders.entry[0]")


def test_an_entry_that_is_an_object_or_lacks_its_wrapping_is_read_all_the_same() -> None:
    assert orders(brought("order-sign", draftOrders={"resourceType": "Bundle", "entry": {"resource": IBUPROFEN}}))
    assert orders(brought("order-sign", draftOrders={"resourceType": "Bundle", "entry": [IBUPROFEN]}))


@pytest.mark.parametrize("drafts", [{"MedicationRequest": IBUPROFEN}, {"id": "x"}, {}])
def test_drafts_that_are_no_bundle_are_refused_with_the_path(drafts: dict[str, Any]) -> None:
    with pytest.raises(RequestError) as refusal:
        brought("order-sign", draftOrders=drafts)
    assert [fault.path for fault in refusal.value.issues] == ["context.draftOrders"]


@pytest.mark.parametrize("entry", [None, 7, {}, {"resource": {"resourceType": "medicationRequest"}}])
def test_drafts_of_which_none_can_be_read_are_refused_with_the_path(entry: Any) -> None:
    with pytest.raises(RequestError) as refusal:
        brought("order-sign", draftOrders={"resourceType": "Bundle", "entry": [entry]})
    assert refusal.value.issues[0].path.startswith("context.draftOrders.entry[0]")


@pytest.mark.requirement("RQ-13")
def test_rq_13_a_missing_subject_means_the_patient_of_the_call() -> None:
    bare = {"resourceType": "MedicationRequest", "id": "m1"}
    (order,) = orders(brought("order-sign", draftOrders=bundle(bare)))
    assert order["subject"] == {"reference": "Patient/123"}


def test_a_new_problem_and_a_new_allergy_join_the_record() -> None:
    problem = {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/123"}}
    assert beside(brought("problem-list-item-create", conditions=bundle(problem))) == (problem,)
    allergy = {"resourceType": "AllergyIntolerance", "id": "a1"}
    (entry,) = beside(brought("allergyintolerance-create", allergyIntolerance=allergy))
    assert entry["patient"] == {"reference": "Patient/123"}


def test_a_refill_is_an_order() -> None:
    assert orders(brought("medication-refill", medications=bundle(IBUPROFEN))) == (IBUPROFEN,)
