"""What vendors' clients send, input by input (T1 to T26), and the defaults by which all of them work (D1 to D25).

All invented, nobody's record. Inputs that are a token or a profile of an issuer are tests of their own; ``ELSEWHERE``
names them, and a test holds that they are there.
"""

from __future__ import annotations

import copy
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service import create_app
from service.cards.client_profiles import adapted, profile
from service.config import Settings
from service.finding import Status
from service.protocol.evaluation import Wanted, answer_call
from service.security.issuers import Issuer
from tests.conftest import PROJECT
from tests.http.test_client_profiles import LONG, PATIENT, SCIATICA, WARFARIN, epic_call, searchset
from tests.shipped import shipped_services

Json = dict[str, Any]
SIGN, VIEW, SELECT = (f"/cds-services/sciatica-{hook}" for hook in ("order-sign", "patient-view", "order-select"))
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
U = "00000000-0000-4000-8000-000000000000"

ELSEWHERE = {
    "D1": "test_epic_is_recognised_by_its_extension_and_answered_in_its_shape",
    "D3": "test_t6_t7_t8_what_a_server_left_out_is_told_apart_from_nothing_found",
    "D4": "test_t1_an_order_of_epic_is_answered_in_its_shape",
    "D5": "test_every_golden_answer_is_one_that_the_client_takes",
    "D6": "test_every_golden_answer_is_one_that_the_client_takes",
    "D7": "test_t11_t12_t13_the_reason_of_an_override_is_kept_in_every_shape",
    "D8": "test_jw6_further_audiences_are_configured_per_issuer",
    "D10": "test_t10_a_call_without_content_names_the_usual_causes",
    "D12": "test_t9_keys_typed_by_hand_are_named_and_used_for_findings_only",
    "D13": "test_d13_other_types_in_a_prefetched_bundle_are_welcome",
    "D14": "test_t19_null_under_a_key_with_more_than_the_patient_in_it_is_unknown",
    "D16": "test_t20_the_first_page_of_a_list_proves_no_absence",
    "D17": "test_t21_an_order_for_a_device_is_reviewed_like_any_other",
    "D18": "test_t25_the_same_hook_instance_twice_is_answered_twice",
    "D24": "test_what_the_client_cannot_carry_out_stands_in_the_text_of_the_card",
    "D2": "test_t2_t3_t4_one_dose_said_three_times_is_one_dose",
    "D9": "test_where_nothing_looks_like_smart_the_server_decides",
    "D19": "test_d19_an_issuer_may_be_let_sign_otherwise_than_the_service_allows_and_no_other_one",
    "D21": "test_fa5_a_token_is_not_used_in_its_last_five_seconds",
    "D22": "test_t22_a_hook_of_before_is_answered_only_where_the_operator_lets_it_be",
    "D23": "test_t23_a_subject_named_by_its_identifier_is_used_or_set_aside_and_said",
    "D25": "test_a_rule_is_marked_when_nearly_all_of_enough_cards_are_overridden",
    "T14": "test_where_nothing_looks_like_smart_the_server_decides",
    "T15": "test_fb12_feedback_takes_the_feedback_url_or_that_of_its_service_and_no_other",
    "T16": "test_jw6_further_audiences_are_configured_per_issuer",
    "T17": "test_t17_t18_clients_that_take_less_get_less",
}


def send(client: FlaskClient, path: str, body: Json) -> list[Json]:
    answer = client.post(path, json=body)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    cards: list[Json] = answer.get_json()["cards"]
    return cards


def said_by_check(client: FlaskClient, body: Json) -> str:
    return " | ".join(one["details"]["text"] for one in client.post("/check", json=body).get_json()["issue"])


def finding_of(body: Json, name: str) -> Any:
    services = shipped_services()
    service = next(one for one in services.offered.values() if one.hook == body["hook"])
    return answer_call(services, service, body, NOW, wanted=Wanted()).decision.findings[name]


def amounts(ordered: int, calculated: int = 800, *, typed: bool = True) -> list[Json]:
    system = "http://epic.com/CodeSystem/dose-rate-type"

    def entry(code: str, value: float, unit: str) -> Json:
        quantity = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
        return ({"type": {"coding": [{"system": system, "code": code}]}} if typed else {}) | {"doseQuantity": quantity}

    whole = [entry("calculated", calculated, "mg"), entry("admin-amount", 1, "{tbl}"), entry("ordered", ordered, "mg")]
    return whole if typed else [whole[0], whole[2]]


def dosed(doses: list[Json]) -> Json:
    timing = {"repeat": {"frequency": 1, "period": 6, "periodUnit": "h"}}
    return epic_call(dosageInstruction=[{"timing": timing, "doseAndRate": doses}])


def visit(**prefetch: Any) -> Json:
    patient = {"resourceType": "Patient", "id": PATIENT, "gender": "male", "birthDate": "1970-01-01"}
    return {
        "hook": "patient-view",
        "hookInstance": U,
        "context": {"userId": "Practitioner/1", "patientId": PATIENT},
        "prefetch": {"patient": patient, "conditions": searchset(SCIATICA)} | prefetch,
    }


def left_out(code: str, number: str, *found: Json) -> Json:
    details = {"coding": [{"system": "urn:oid:1.2.840.114350.1.13.5.2.7.2.657369", "code": number}]}
    issue = {"severity": "warning", "code": code, "details": details}
    result = searchset(*found)
    outcome = {"resource": {"resourceType": "OperationOutcome", "issue": [issue]}, "search": {"mode": "outcome"}}
    return result | {"total": len(found), "entry": [*result["entry"], outcome]}


def test_t1_an_order_of_epic_is_answered_in_its_shape(client: FlaskClient) -> None:
    cards = send(client, SIGN, epic_call())
    suggested = [(card, each) for card in cards for each in card.get("suggestions", [])]
    assert suggested
    for card, suggestion in suggested:
        assert card["selectionBehavior"] == "any"
        assert len(suggestion["actions"]) == 1
    deletes = {a["resourceId"] for _, each in suggested for a in each["actions"] if a["type"] == "delete"}
    assert deletes == {f"MedicationRequest/{LONG}"}
    assert all(re.fullmatch("[A-Za-z0-9]{1,100}", card["source"]["topic"]["code"]) for card in cards)


def test_t2_t3_t4_one_dose_said_three_times_is_one_dose() -> None:
    once = finding_of(dosed(amounts(800)), "ibuprofen-daily-dose")
    assert (once.low, once.high) == (3200, 3200)
    apart = finding_of(dosed(amounts(400)), "ibuprofen-daily-dose")
    assert apart.high == 3200, "a ceiling counts the most that may be taken; the interval: test_dosage_words.py"
    untyped = finding_of(dosed(amounts(800, 400, typed=False)), "ibuprofen-daily-dose")
    assert untyped.value is None


def test_t5_a_drug_without_its_medication_entry_is_recognised_by_its_words(client: FlaskClient) -> None:
    call = epic_call()
    call["context"]["draftOrders"]["entry"].pop()
    assert send(client, SIGN, call)[0]["indicator"] == "critical"


def test_t6_t7_t8_what_a_server_left_out_is_told_apart_from_nothing_found(client: FlaskClient) -> None:
    assert send(client, VIEW, visit(conditions=left_out("suppressed", "59204"))), "not [], which reads as all clear"
    assert send(client, VIEW, visit(conditions=left_out("processing", "4101"))) == []
    body = dosed(amounts(800))
    body["prefetch"]["medications"] = left_out("processing", "4119", WARFARIN)
    assert finding_of(body, "anticoagulant-active").status is Status.PRESENT
    assert "prefetch.medications: is a part only" not in said_by_check(client, body)


def test_t9_keys_typed_by_hand_are_named_and_used_for_findings_only(client: FlaskClient) -> None:
    body = visit()
    sent = body.pop("prefetch")
    failed = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "forbidden"}]}
    body["prefetch"] = {"item1": sent["patient"], "item2": sent["conditions"], "item3": failed}
    assert send(client, VIEW, body)
    result = said_by_check(client, body)
    for key in ("item1", "item2", "item3"):
        assert f"prefetch.{key}: was not asked for here" in result


def test_t10_a_call_without_content_names_the_usual_causes(client: FlaskClient) -> None:
    body = epic_call()
    del body["context"]["draftOrders"], body["prefetch"]
    answer = client.post(SIGN, json=body)
    assert answer.status_code == 400
    assert "is the URL exactly the registered one, and the scope for unsigned orders granted?" in answer.text


def test_t11_t12_t13_the_reason_of_an_override_is_kept_in_every_shape() -> None:
    from service.protocol.feedback import Reported, read_feedback

    def reasons(**item: Any) -> Any:
        base = {"card": U, "outcome": "overridden", "outcomeTimestamp": "2026-11-29T10:00:00Z"}
        (read,) = read_feedback({"feedback": [base | item]}, Reported("s", NOW, None, None), keep_comments=True)
        return read

    plural = {"reason": {"code": "notnow", "system": "x", "display": "Not now"}, "userComment": "c"}
    assert "notnow" in str(reasons(overrideReasons=plural))
    epic = "com.epic.cdshooks.feedback.overrideReason."
    own = {"extension": {f"{epic}reasonTitle": "Does not apply", f"{epic}reasonCategory": "7"}}
    assert "Does not apply" in str(reasons(overrideReasons=own))
    accepted = {"outcome": "accepted", "acceptedSuggestions": [{"id": "not-a-uuid"}], "card": "123456"}
    assert "not-a-uuid" in str(reasons(**accepted))


def test_t17_t18_clients_that_take_less_get_less() -> None:
    oracle = profile("oracle")
    assert (oracle.suggestions, oracle.link_hosts, oracle.override_reasons) == (False, (), False)
    assert oracle.detail_characters <= 600
    assert profile("epic").selection_behavior == "any"
    old = profile("hooks-1.0")
    (card,) = adapted(
        [
            {
                "summary": "s",
                "overrideReasons": [{"code": "x"}],
                "extension": {"sciatica-cds.why": {}},
                "selectionBehavior": "any",
                "suggestions": [
                    {"label": "l", "uuid": U, "actions": [{"type": "delete", "description": "d", "resourceId": "M/1"}]}
                ],
            }
        ],
        old,
    )
    assert card["selectionBehavior"] == "at-most-one"
    assert card["suggestions"][0]["actions"] == [{"type": "delete", "description": "d", "resource": "M/1"}]
    assert not {"overrideReasons", "extension"} & set(card)


def test_t19_null_under_a_key_with_more_than_the_patient_in_it_is_unknown() -> None:
    from service.record.input.prefetch_states import State, classify
    from service.record.input.prefetch_templates import Template

    recent = Template(
        "recent-labs", "Observation?patient={{context.patientId}}&date=ge{{today() - 90 days}}", ("Observation",)
    )
    whole = Template("labs", "Observation?patient={{context.patientId}}", ("Observation",))
    assert (recent.is_about_patient_only, whole.is_about_patient_only) == (False, True)
    # The call itself: null says "none" only of the list that the patient's id alone could bring.
    services = shipped_services()
    service = next(one for one in services.offered.values() if one.hook == "patient-view")
    narrowed = tuple(
        replace(one, query=f"{one.query}&encounter={{{{context.encounterId}}}}") if one.key == "conditions" else one
        for one in services.templates[service.id]
    )
    body = visit(conditions=None)
    usual = answer_call(services, service, body, NOW, wanted=Wanted())
    with_token = replace(services, templates={**services.templates, service.id: narrowed})
    open_ = answer_call(with_token, service, body, NOW, wanted=Wanted())
    assert (usual.states["conditions"], open_.states["conditions"]) == (State.NULL, State.NOT_SENT)
    assert classify("labs", None, sent=True).state is State.NULL


def test_t20_the_first_page_of_a_list_proves_no_absence(client: FlaskClient) -> None:
    page = searchset(*({"resourceType": "Observation", "id": f"o{number}"} for number in range(50)))
    page["link"] = [{"relation": "next", "url": "https://ehr.example.org/api/FHIR/R4/Observation?page=2"}]
    body = visit(labs=page)
    assert "prefetch.labs: is a part only" in said_by_check(client, body)
    assert "no eGFR" not in json.dumps(send(client, VIEW, body))


def test_t21_an_order_for_a_device_is_reviewed_like_any_other(client: FlaskClient) -> None:
    def cards_for(kind: str, name: str) -> list[str]:
        order = {"resourceType": kind, "id": "d1", "status": "draft", "intent": "order", name: {"text": "TENS unit"}}
        order["subject"] = {"reference": f"Patient/{PATIENT}"}
        body = visit() | {"hook": "order-select"}
        body["context"] = body["context"] | {"selections": [f"{kind}/d1"], "draftOrders": searchset(order)}
        return [card["summary"] for card in send(client, SELECT, body)]

    assert cards_for("DeviceRequest", "codeCodeableConcept") == cards_for("ServiceRequest", "code") != []


@pytest.fixture(scope="module")
def older() -> Flask:
    return create_app(Settings(older_hooks=True, log_level="error"))


def prescribing(**order: Any) -> Json:
    """As the module of OpenMRS sends it: no user, no Bundle type, a resource without id, status and subject."""
    drug = {"coding": [{"system": "http://snomed.info/sct", "code": "387207008", "display": "Ibuprofen"}]}
    resource = {"resourceType": "MedicationRequest", "medicationCodeableConcept": drug} | order
    context = {"patientId": PATIENT, "medications": {"resourceType": "Bundle", "entry": [{"resource": resource}]}}
    sent = visit(medications=searchset(WARFARIN))["prefetch"]
    return {"hook": "medication-prescribe", "hookInstance": U, "context": context, "prefetch": sent}


def test_t22_a_hook_of_before_is_answered_only_where_the_operator_lets_it_be(older: Flask, client: FlaskClient) -> None:
    cards = send(older.test_client(), SELECT, prescribing())
    assert cards[0]["indicator"] == "critical", "ibuprofen on warfarin"
    reviewed = prescribing()
    reviewed["hook"] = "order-review"
    reviewed["context"]["orders"] = reviewed["context"].pop("medications")
    assert [card["summary"] for card in send(older.test_client(), SELECT, reviewed)] == [c["summary"] for c in cards]
    refused = client.post(SELECT, json=prescribing())
    assert refused.status_code == 400
    assert "it answers order-select" in refused.text


@pytest.mark.parametrize("context", [None, [], {"medications": 7}, {"medications": {"entry": [7, {"resource": []}]}}])
def test_an_odd_call_of_a_hook_of_before_is_refused_and_no_error_of_ours(older: Flask, context: Any) -> None:
    body = prescribing() | {"context": context}
    assert older.test_client().post(SELECT, json=body).status_code in (400, 412)


def test_t23_a_subject_named_by_its_identifier_is_used_or_set_aside_and_said(client: FlaskClient) -> None:
    own = {"system": "urn:example:kvnr", "value": "X000000001"}
    body = epic_call()
    body["prefetch"]["patient"]["identifier"] = [own]
    body["prefetch"]["medications"] = searchset(WARFARIN | {"subject": {"identifier": own}})
    assert finding_of(body, "anticoagulant-active").status is Status.PRESENT
    other = copy.deepcopy(body)
    (entry,) = other["prefetch"]["medications"]["entry"]
    entry["resource"]["subject"] = {"identifier": own | {"value": "Y000000002"}}
    assert finding_of(other, "anticoagulant-active").status is not Status.PRESENT
    assert "another patient" in said_by_check(client, other)


def test_t24_a_procedure_request_of_stu3_is_read_as_an_imaging_order(client: FlaskClient) -> None:
    code = {"coding": [{"system": "http://loinc.org", "code": "24968-8"}], "text": "MRI lumbar spine"}
    draft = {"resourceType": "ProcedureRequest", "id": "m1", "status": "draft", "intent": "proposal", "code": code}
    body = epic_call()
    body["context"]["draftOrders"] = searchset(draft | {"subject": {"reference": f"Patient/{PATIENT}"}})
    assert any("MRI" in card["summary"] or "imaging" in card["summary"].lower() for card in send(client, SIGN, body))


def test_t25_the_same_hook_instance_twice_is_answered_twice(client: FlaskClient) -> None:
    first, second = (send(client, SIGN, epic_call()) for _ in range(2))
    assert [card["summary"] for card in first] == [card["summary"] for card in second] != []


def test_t26_order_dispatch_is_not_offered_and_the_hint_says_what_is(client: FlaskClient) -> None:
    answer = client.post("/cds-services/sciatica-order-dispatch", json={"hook": "order-dispatch"})
    assert answer.status_code == 404
    assert "GET /cds-services lists what is" in answer.text or "did you mean" in answer.text


def test_d11_a_service_answers_under_a_path_of_the_operator_too() -> None:
    paths = (("epic/call", "sciatica-order-sign"),)
    client = create_app(Settings(service_paths=paths, log_level="error")).test_client()
    own, usual = (send(client, path, epic_call()) for path in ("/epic/call", SIGN))
    assert [card["summary"] for card in own] == [card["summary"] for card in usual] != []
    item = {"card": U, "outcome": "overridden", "outcomeTimestamp": "2026-11-29T10:00:00Z"}
    assert client.post("/epic/call/feedback", json={"feedback": [item]}).status_code == 200
    from service.errors import SettingsError

    with pytest.raises(SettingsError, match="there is no service sciatica-oder"):
        create_app(Settings(service_paths=(("x", "sciatica-oder"),), log_level="error"))


def test_d13_other_types_in_a_prefetched_bundle_are_welcome() -> None:
    body = epic_call()
    medication = {"resourceType": "Medication", "id": "x", "code": {"text": "warfarin"}}
    order = WARFARIN | {"medicationReference": {"reference": "Medication/x"}}
    del order["medicationCodeableConcept"]
    body["prefetch"]["medications"] = searchset(order, medication, {"resourceType": "Organization", "id": "o"})
    assert finding_of(body, "anticoagulant-active").status is Status.PRESENT


def test_d15_discovery_lists_a_short_set_where_each_query_costs(client: FlaskClient) -> None:
    from service.protocol.discovery import SHORT

    short = create_app(Settings(prefetch="short", log_level="error")).test_client()
    for few, all_ in zip(*(one.get("/cds-services").get_json()["services"] for one in (short, client)), strict=True):
        assert few["prefetch"] == {key: query for key, query in all_["prefetch"].items() if key in SHORT}
        assert {"patient", "conditions"} <= set(few["prefetch"])
    whole = visit(goals=searchset())
    assert [c["summary"] for c in send(short, VIEW, whole)] == [c["summary"] for c in send(client, VIEW, whole)]


@pytest.mark.parametrize(
    ("jku", "listed"),
    [
        ("https://ehr.example/Security/Open/PublicKeys/17", True),
        ("https://ehr.example/exact", True),
        ("https://ehr.example/Security/Open/PublicKeys/", False),
        ("https://ehr.example/Security/Open/PublicKeys/../../other", False),
        ("https://ehr.example/Security/Open/PublicKeys/x?u=https://evil.example", False),
        ("https://ehr.example/Security/Open/PublicKeys//evil.example", False),
        ("https://ehr.example.evil.example/Security/Open/PublicKeys/17", False),
        ("https://ehr.example/exact/17", False),
        (7, False),
    ],
)
def test_d20_a_url_of_keys_may_be_one_of_those_below_a_listed_one(jku: object, listed: bool) -> None:
    issuer = Issuer("i", ("https://ehr.example/Security/Open/PublicKeys/*", "https://ehr.example/exact"))
    assert issuer.lists(jku) is listed
    assert issuer.default_jku == "https://ehr.example/exact"


def test_every_default_and_every_input_has_its_test() -> None:
    files = [path.read_text(encoding="utf-8") for path in sorted((PROJECT / "tests").rglob("test_*.py"))]
    there = set(re.findall(r"def (test_\w+)", "\n".join(files)))
    assert {name: test for name, test in ELSEWHERE.items() if test not in there} == {}
    here = re.findall(r"def (test_\w+)", Path(__file__).read_text(encoding="utf-8"))
    tested = {part.upper() for name in here for part in re.findall(r"(?<=_)([td]\d+)(?=_)", name)}
    named = tested | set(ELSEWHERE)
    assert [f"D{n}" for n in range(1, 26) if f"D{n}" not in named] == []
    assert [f"T{n}" for n in range(1, 27) if f"T{n}" not in named] == []
