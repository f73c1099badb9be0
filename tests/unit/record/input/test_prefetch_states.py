"""Prefetch states: what arrived is told apart from what did not, in all its shapes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.record.input.prefetch_states import State, classify

CONDITION = {"resourceType": "Condition", "id": "1"}
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}
REMARK = {"resourceType": "OperationOutcome", "issue": [{"severity": "information"}]}


def warning(**members: object) -> dict[str, object]:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "processing"} | members]}


def bundle(*resources: object, **members: object) -> dict[str, object]:
    return {"resourceType": "Bundle", "entry": [{"resource": resource} for resource in resources], **members}


@pytest.mark.parametrize(
    ("value", "state"),
    [
        (None, State.NULL),
        ({"resourceType": "Bundle", "type": "searchset", "total": 0}, State.NULL),
        (bundle(), State.NULL),
        (bundle(REMARK), State.NULL),
        (CONDITION, State.SENT),
        (bundle(CONDITION), State.SENT),
        (bundle(CONDITION, REMARK), State.SENT),
        ({"entry": [{"resource": CONDITION}]}, State.SENT),
        ({"resourceType": "Bundle", "entry": {"resource": CONDITION}}, State.SENT),
        ({"response": {"status": "200 OK"}, "resource": CONDITION}, State.SENT),
        ({"response": {"status": "200"}, "resource": bundle(CONDITION)}, State.SENT),
        ({"response": {"status": 200}, "resource": None}, State.NULL),
        ({}, State.NOT_SENT),
        (OUTCOME, State.FAILED),
        (bundle(OUTCOME), State.FAILED),
        ({"response": {"status": "404 Not Found"}, "resource": CONDITION}, State.FAILED),
        ({"response": {"status": "200 OK"}}, State.FAILED),
        ({"resourceType": "Bundle", "entry": "none"}, State.FAILED),
        ("Condition/1", State.FAILED),
        ([CONDITION], State.FAILED),
        ({"id": "1"}, State.FAILED),
        (bundle(CONDITION, OUTCOME), State.FIRST_PAGE),
        (bundle(CONDITION, link=[{"relation": "next", "url": "https://ehr.example/fhir?page=2"}]), State.FIRST_PAGE),
        (bundle(link=[{"relation": "next"}]), State.FIRST_PAGE),
        (bundle(CONDITION, total=2), State.FIRST_PAGE),
        ({"resourceType": "Bundle", "total": 5}, State.FIRST_PAGE),
        (bundle(CONDITION, total=1), State.SENT),
        (bundle(CONDITION, total="25"), State.FIRST_PAGE),
        (bundle(CONDITION, total="1"), State.SENT),
        (bundle(CONDITION, total="9" * 5000), State.SENT),
        (bundle(CONDITION, link=[{"relation": "Next", "url": "https://ehr.example/fhir?page=2"}]), State.FIRST_PAGE),
        (bundle(CONDITION, issues=warning(code="suppressed")), State.FIRST_PAGE),
        (bundle(CONDITION, issues=warning(code="informational")), State.SENT),
        (bundle(CONDITION, contained=[warning(code="incomplete")]), State.FIRST_PAGE),
        (bundle(CONDITION, warning(diagnostics="Results truncated to 1 of 12 rows")), State.FIRST_PAGE),
        (bundle(warning(details={"text": "Resource request returns no results."})), State.NULL),
        (bundle(CONDITION, meta={"security": [{"code": "REDACTED"}]}), State.FIRST_PAGE),
        (bundle(CONDITION, meta={"tag": [{"code": "SUBSETTED"}]}), State.FIRST_PAGE),
        (bundle(CONDITION, meta={"security": {"code": "R"}}), State.SENT),
        ({"resourceType": "Bundle", "Entry": [{"resource": CONDITION}]}, State.FIRST_PAGE),
        ({"resourceType": "Bundle", "resources": [CONDITION]}, State.FIRST_PAGE),
        (bundle(CONDITION, note="sent by hand"), State.SENT),
        (bundle(meta={"security": [{"code": "REDACTED"}]}), State.FIRST_PAGE),
        (bundle(total="7"), State.FIRST_PAGE),
        (bundle(issues=warning(code="suppressed")), State.FIRST_PAGE),
    ],
)
def test_every_shape_has_its_state(value: object, state: State) -> None:
    assert classify("conditions", value).state is state


def test_an_omitted_key_is_not_a_null() -> None:
    assert classify("conditions", None, sent=False).state is State.NOT_SENT


def test_the_next_page_is_told() -> None:
    found = classify("labs", bundle(CONDITION, link=[{"relation": "self"}, {"relation": "next", "url": "https://x/2"}]))
    assert found.next_url == "https://x/2"
    assert found.resources == (CONDITION,)


def test_included_resources_do_not_make_up_for_matches_that_are_missing() -> None:
    value = {
        "resourceType": "Bundle",
        "total": 2,
        "entry": [{"resource": CONDITION}, {"resource": {"resourceType": "Medication"}, "search": {"mode": "include"}}],
    }
    assert classify("medications", value).state is State.FIRST_PAGE


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    ["resourceType", "entry", "resource", "response", "status", "link", "relation", "total"]
                ),
                inner,
            )
        ),
    )
)
def test_nothing_raises(value: object) -> None:
    assert classify("k", value).state in State
