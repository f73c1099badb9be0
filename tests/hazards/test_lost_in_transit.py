"""What a sender mangles is read or named: codes without words, orders without a status, parts that failed."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.hazards.answers import ask, call, details, signing, speaking, status_of, value_of, visiting
from tests.hazards.charts import (
    CYCLOBENZAPRINE,
    IBUPROFEN,
    ICD,
    LOINC,
    WARFARIN,
    Json,
    drug,
    measured,
    ordered,
    person,
    problem,
    sciatica,
)
from tests.http.calls import searchset

SITE = "urn:oid:1.2.276.0.76.3.1.999.5"
RESIDUAL = "rf-pvr-200-or-more"
NOT_READ = "1 entry could not be read: Observation"
NO_ORDER = "1 of 1 order could not be checked"


def result(code: Json, value: float | bool, unit: str | None, day: str = "2026-11-24", **content: Any) -> Json:
    return {**measured("x", 0, unit, day, **content), "code": code} | (
        {"valueQuantity": {"value": value} | ({"unit": unit, "code": unit} if unit else {})}
        if not isinstance(value, bool)
        else {"valueBoolean": value, "valueQuantity": None}
    )


def site(code: str, display: str | None = None) -> Json:
    return {"coding": [{"system": SITE, "code": code} | ({"display": display} if display else {})]}


@pytest.mark.parametrize(
    "unread",
    [
        result(site("L1"), 400, "mL"),
        result(site("K-17", "K-17"), 400, "mL"),
        result({"coding": [{"system": "http://www.whocc.no/atc", "code": "Z99ZZ99"}]}, 25, "mL/min/{1.73_m2}"),
        result(site("L2", "Мочевой пузырь"), 400, "mL"),
        result({"coding": [{"system": ICD, "code": "Z99.9"}]}, 400, "mL"),
        result(site("L6", "Qx vornak"), 25, "mL/min/{1.73_m2}"),
        result({"text": "TMPX"}, 101.3, "[degF]"),
    ],
)
def test_a_result_of_which_nothing_tells_what_was_measured_is_named_beside_a_back_problem(
    client: FlaskClient, unread: Json
) -> None:
    seen = ask(client, [person(), sciatica(), unread])
    signed = signing(client, unread)
    assert NOT_READ in details(seen)
    assert NOT_READ in details(signed)


@pytest.mark.parametrize(
    "known",
    [
        result(site("L1", "Post-void residual volume"), 60, "mL"),
        result(site("L3", "Haemoglobin"), 13.1, "g/dL"),
        result({"coding": [{"system": LOINC, "code": "718-7"}]}, 13.1, "g/dL"),
        result(site("L4", "Körpergröße"), 181, "cm"),
        result(site("L5"), value=False, unit=None),
        result(site("L7", "MCV"), 90, "fL"),
        result(site("L8", "WBC"), 8.1, "10*3/uL"),
        result(site("L9", "Urine volume"), 400, "mL"),
        result(site("L10", "Qx vornak"), 8.1, "10*3/uL"),
        result({"text": "TMPX"}, 101.3, "mg/dL"),
    ],
)
def test_a_result_that_is_told_or_cannot_be_a_danger_is_not_named(client: FlaskClient, known: Json) -> None:
    assert "could not be read" not in details(ask(client, [person(), sciatica(), known]))


def test_a_result_that_cannot_be_read_costs_nobody_a_card_without_a_back_problem(client: FlaskClient) -> None:
    cold = problem("J00", "Acute nasopharyngitis")
    assert not ask(client, [person(), cold, result(site("L1"), 400, "mL")])["cards"]


@pytest.mark.parametrize(
    "mangled",
    [
        {"status": ["draft"]},
        {"status": None},
        {"status": "  "},
        {"status": {"a": 1}},
        {"status": "quite new"},
        {"resourceType": "medicationRequest"},
        {"resourceType": "MEDICATIONREQUEST", "status": None},
    ],
)
def test_what_may_be_the_order_of_a_bundle_is_named_where_its_status_or_type_cannot_be_read(
    client: FlaskClient, mangled: Json
) -> None:
    order = {**ordered(*IBUPROFEN), **mangled}
    answered = ask(client, [person(), sciatica(), drug(*WARFARIN), order], "order-sign", complete="all")
    assert NO_ORDER in details(answered)


@pytest.mark.parametrize("mangled", [{"status": "on-hold"}, {"status": "active", "resourceType": "medicationRequest"}])
def test_what_is_no_draft_by_its_status_is_no_order_of_a_bundle(client: FlaskClient, mangled: Json) -> None:
    order = {**ordered(*IBUPROFEN), **mangled}
    answered = ask(client, [person(), sciatica(), order], "order-sign", complete="all")
    assert "order could not be checked" not in details(answered)


@pytest.mark.parametrize(
    "entry",
    [
        {"response": {"status": "403 Forbidden"}},
        {"resource": {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "forbidden"}]}},
        {"request": {"method": "POST", "url": "MedicationRequest"}},
    ],
)
def test_a_context_whose_one_entry_brings_no_order_is_refused_with_its_path(client: FlaskClient, entry: Json) -> None:
    drafts = {"resourceType": "Bundle", "entry": [entry]}
    answered = call(client, "order-sign", draftOrders=drafts)
    assert answered.status_code == 400
    assert answered.get_json()["issue"][0]["expression"][0].startswith("context.draftOrders.entry[0]")


def test_a_draft_that_came_in_the_prefetch_alone_is_named_while_orders_are_signed(client: FlaskClient) -> None:
    lists = {"medications": searchset(ordered(*IBUPROFEN))}
    none = {"resourceType": "Bundle", "entry": []}
    assert NO_ORDER in details(call(client, "order-sign", lists=lists, draftOrders=none).get_json())
    assert "could not be checked" not in details(call(client, "patient-view", lists=lists).get_json())
    signed = call(client, "order-sign", lists=lists, draftOrders=searchset(ordered(*CYCLOBENZAPRINE))).get_json()
    assert "order could not be checked" not in details(signed)


def test_a_context_that_says_only_that_there_is_no_order_is_no_fault(client: FlaskClient) -> None:
    none = {"resourceType": "OperationOutcome", "issue": [{"severity": "information", "code": "informational"}]}
    drafts = {"resourceType": "Bundle", "entry": [{"resource": none}]}
    assert call(client, "order-sign", draftOrders=drafts).status_code == 200


def paper(content_type: str) -> Json:
    data = base64.b64encode(json.dumps(problem("I50.9", "Heart failure")).encode()).decode()
    paper = {"contentType": content_type, "data": data}
    return {"resource": {"resourceType": "DocumentReference", "status": "current", "content": [{"attachment": paper}]}}


@pytest.mark.parametrize(
    "failed",
    [
        {"response": {"status": "403"}},
        {"response": {"status": 500, "outcome": {"resourceType": "OperationOutcome", "issue": []}}},
        {"response": {"status": "200", "outcome": problem("I50.9", "Heart failure")}},
        {"resource": {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "suppressed"}]}},
        paper("application/fhir+json"),
    ],
)
def test_a_part_of_a_bundle_that_failed_or_is_closed_makes_no_danger_absent(client: FlaskClient, failed: Json) -> None:
    entries = [{"resource": one} for one in (person(), sciatica(), ordered(*IBUPROFEN))]
    bundle = {"resourceType": "Bundle", "type": "batch-response", "entry": [*entries, failed]}
    answered = client.post("/evaluate?hook=order-sign&now=2026-11-24T09:00:00Z&complete=all", json=bundle).get_json()
    assert status_of(answered, "heart-failure") == "unknown"
    assert "could not be read" in details(answered)


@pytest.mark.parametrize("harmless", [{"response": {"status": "201 Created", "location": "x"}}, paper("text/plain")])
def test_the_word_that_a_part_was_stored_and_a_letter_take_nothing_from_a_list(
    client: FlaskClient, harmless: Json
) -> None:
    entries = [{"resource": one} for one in (person(), sciatica(), ordered(*IBUPROFEN))]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [*entries, harmless]}
    answered = client.post("/evaluate?hook=order-sign&now=2026-11-24T09:00:00Z&complete=all", json=bundle).get_json()
    assert status_of(answered, "heart-failure") == "absent"


def warned(code: str) -> Json:
    return {"resource": {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": code}]}}


@pytest.mark.parametrize(
    ("medications", "is_whole"),
    [
        ({"entry": [], "total": 1e30}, False),
        ({"entry": [], "total": 2.0}, False),
        ({"entry": [warned("odd")]}, False),
        ({"entry": [warned("processing")]}, True),
        ({"entry": [], "total": 0.0}, True),
    ],
)
def test_a_list_that_may_be_cut_is_not_taken_for_an_empty_one(
    client: FlaskClient, medications: Json, is_whole: bool
) -> None:
    lists = {"medications": {"resourceType": "Bundle", "type": "searchset", **medications}}
    answered = call(client, "order-sign", lists=lists, draftOrders=searchset(ordered(*IBUPROFEN))).get_json()
    is_said = any(text in details(answered) for text in ("Received in part: medication", "Not received: medication"))
    assert is_said is not is_whole


def test_a_drug_of_the_list_under_the_id_of_the_order_is_named_unless_it_is_that_order(client: FlaskClient) -> None:
    order = {**ordered(*IBUPROFEN), "id": "1"}
    other, same = {**drug(*WARFARIN), "id": "1"}, {**drug(*IBUPROFEN), "id": "1"}
    for listed, is_named in ((other, True), (same, False)):
        lists = {"medications": searchset(listed)}
        answered = call(client, "order-sign", lists=lists, draftOrders=searchset(order)).get_json()
        assert ("1 entry could not be read: MedicationRequest" in details(answered)) is is_named


@pytest.mark.parametrize("day", ["2026-11-24T23:30:00-12:00", "2026-11-25T08:00:00Z", "2026-11-25"])
def test_a_result_of_today_in_a_zone_far_west_is_of_today(client: FlaskClient, day: str) -> None:
    residual = result(site("L1", "Post-void residual volume"), 400, "mL", day=day)
    assert RESIDUAL in speaking(ask(client, [person(), sciatica(), residual]), "critical")


def test_a_period_that_ends_before_it_begins_makes_nothing_old(client: FlaskClient) -> None:
    period = {"start": "2026-11-24", "end": "2001-01-01"}
    residual = result(site("L1", "Post-void residual volume"), 400, "mL", effectivePeriod=period)
    del residual["effectiveDateTime"]
    assert RESIDUAL in speaking(ask(client, [person(), sciatica(), residual]), "critical")
    pain = sciatica(None) | {"onsetPeriod": {"start": "2026-11-14", "end": "2001-01-01"}}
    assert value_of(ask(client, [person(), pain]), "symptom-duration") == 10


def test_a_problem_dated_in_the_future_is_named_where_a_warning_hangs_on_its_date(client: FlaskClient) -> None:
    fall = problem("W11.XXXA", "Fall on and from ladder, initial encounter", "2031-01-01")
    assert "1 entry could not be read: Condition" in details(ask(client, [person(), sciatica(), fall]))
    fall["onsetDateTime"] = "2026-11-23"
    answered = ask(client, [person(), sciatica(), fall])
    assert "rf-major-trauma" in speaking(answered, "critical")
    assert "could not be read" not in details(answered)


def test_a_running_drug_dated_in_the_future_is_not_absent_and_is_named(client: FlaskClient) -> None:
    relaxant = drug(*CYCLOBENZAPRINE)
    relaxant["authoredOn"] = "2031-01-01"
    answered = ask(client, [person(), sciatica(), relaxant, ordered(*CYCLOBENZAPRINE)], "order-sign", complete="all")
    assert status_of(answered, "relaxant-days") == "unknown"
    assert "1 entry could not be read: MedicationRequest" in details(answered)
    relaxant["authoredOn"] = "2026-11-04"
    assert status_of(visiting(client, relaxant), "relaxant-days") == "present"
