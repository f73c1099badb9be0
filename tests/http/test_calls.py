"""Service calls: what an EHR sends and what it gets (chapters 4, 5, 8 of the protocol reference)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.http.calls import IBUPROFEN, INSTANCE, PATIENT, SCIATICA, WARFARIN, order_sign, patient_view, searchset
from tests.unit.cards.test_cards import empties

VIEW = "/cds-services/small-patient-view"
SIGN = "/cds-services/small-order-sign"


def post(client: FlaskClient, body: dict[str, Any]) -> TestResponse:
    return client.post(VIEW if body["hook"] == "patient-view" else SIGN, json=body)


def cards(client: FlaskClient, body: dict[str, Any]) -> list[dict[str, Any]]:
    answer = post(client, body)
    assert answer.status_code == 200, answer.text
    assert empties(answer.json["cards"]) == []  # TR-3 to TR-5
    return answer.json["cards"]


def summaries(client: FlaskClient, body: dict[str, Any]) -> list[str]:
    return [card["summary"] for card in cards(client, body)]


def without_ids(found: Any) -> Any:
    """Cards without their uuids and the id of the decision, which are new on every call."""
    text = json.dumps(found)
    for card in found:
        for name in (card["uuid"], card.get("extension", {}).get("sciatica-cds.why", {}).get("decision", "-")):
            text = text.replace(name, "")
        for suggestion in card.get("suggestions", []):
            text = text.replace(suggestion["uuid"], "")
    return text


@pytest.mark.requirement("SC-1", "RS-1")
def test_sc_1_rs_1_a_patient_with_sciatica_gets_advice(small: FlaskClient) -> None:
    assert summaries(small, patient_view()) == ["Advise usual activity as tolerated."]


@pytest.mark.requirement("RS-2")
def test_rs_2_a_patient_without_a_back_problem_gets_no_card(small: FlaskClient) -> None:
    other = SCIATICA | {"code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "J45.909"}]}}
    body = patient_view(prefetch={"patient": PATIENT, "conditions": searchset(other)})
    assert post(small, body).json == {"cards": []}


def test_an_ibuprofen_order_on_warfarin_is_questioned_and_can_be_removed(small: FlaskClient) -> None:
    card = cards(small, order_sign())[0]
    assert card["indicator"] == "critical"
    assert card["suggestions"][0]["actions"][0]["resourceId"] == "MedicationRequest/draft-1"


@pytest.mark.requirement("RQ-15", "CA-7")
def test_rq_15_ca_7_the_same_call_gives_the_same_cards_under_new_uuids(small: FlaskClient) -> None:
    first, second = cards(small, order_sign()), cards(small, order_sign())
    assert without_ids(first) == without_ids(second)
    assert not {card["uuid"] for card in first} & {card["uuid"] for card in second}


@pytest.mark.requirement("RQ-9")
def test_rq_9_unknown_keys_change_nothing(small: FlaskClient) -> None:
    body = order_sign()
    body["foo"] = {"bar": [1]}
    body["context"]["foo"] = "bar"
    body["prefetch"]["foo"] = {"resourceType": "Patient", "id": "other"}  # RP-7
    assert without_ids(cards(small, body)) == without_ids(cards(small, order_sign()))


@pytest.mark.requirement("RQ-11")
def test_rq_11_a_type_prefix_on_the_patient_changes_nothing(small: FlaskClient) -> None:
    body = order_sign()
    body["context"]["patientId"] = "Patient/p1"
    assert without_ids(cards(small, body)) == without_ids(cards(small, order_sign()))


@pytest.mark.requirement("RQ-12")
@pytest.mark.parametrize("name", ["fhirServer", "fhirAuthorization", "extension"])
def test_rq_12_null_for_an_optional_member_is_absent(small: FlaskClient, name: str) -> None:
    assert summaries(small, patient_view(**{name: None})) == ["Advise usual activity as tolerated."]


@pytest.mark.requirement("RQ-13")
@pytest.mark.parametrize("prefix", ["", "Patient/"])
def test_rq_13_data_of_another_patient_than_the_contexts_is_refused(small: FlaskClient, prefix: str) -> None:
    body = patient_view()
    body["context"]["patientId"] = f"{prefix}someone-else"
    answer = post(small, body)
    assert answer.status_code == 400
    assert answer.json["resourceType"] == "OperationOutcome"


@pytest.mark.requirement("RQ-14")
def test_rq_14_dstu2_is_refused_with_422(small: FlaskClient) -> None:
    order = {"resourceType": "MedicationOrder", "id": "m", "patient": {"reference": "Patient/p1"}, "status": "draft"}
    answer = post(small, order_sign(order))
    assert answer.status_code == 422
    assert answer.json["resourceType"] == "OperationOutcome"


@pytest.mark.requirement("SC-2", "RP-2")
def test_sc_2_rp_2_without_patient_and_problem_list_nothing_useful_can_be_said(small: FlaskClient) -> None:
    for prefetch in ({}, None, {"other": {}}, {"patient": None, "conditions": {"resourceType": "OperationOutcome"}}):
        answer = post(small, patient_view(prefetch=prefetch))
        assert answer.status_code == 412, prefetch
        assert [issue["expression"] for issue in answer.json["issue"]] == [
            ["prefetch.patient"],
            ["prefetch.conditions"],
        ]


@pytest.mark.requirement("RP-5", "RP-6")
def test_rp_5_rp_6_null_and_an_empty_bundle_mean_nothing_there(small: FlaskClient) -> None:
    for nothing in (None, searchset(), {"resourceType": "Bundle", "type": "searchset", "total": 0}):
        assert post(small, patient_view(prefetch={"patient": PATIENT, "conditions": nothing})).json == {"cards": []}


@pytest.mark.requirement("RP-3", "RP-4", "RP-8", "SC-5")
@pytest.mark.parametrize(
    "medications",
    [
        "left out",
        {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]},
        {"resourceType": "Bundle", "link": [{"relation": "next", "url": "https://ehr.example/p2"}], "entry": []},
        {},
        [],
        "text",
    ],
)
def test_rp_3_rp_4_rp_8_sc_5_what_is_not_known_is_said_and_not_taken_for_nothing(
    small: FlaskClient, medications: Any
) -> None:
    body = order_sign(medications=medications)
    if medications == "left out":
        del body["prefetch"]["medications"]
    (card,) = cards(small, body)
    assert card["summary"].startswith("Not assessed")
    assert "current anticoagulants" in card["detail"]


def ordered(code: str, display: str) -> dict[str, Any]:
    coding = {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": code, "display": display}
    return IBUPROFEN | {"medicationCodeableConcept": {"coding": [coding]}}


def test_an_order_of_another_drug_gets_no_card(small: FlaskClient) -> None:
    assert post(small, order_sign(ordered("161", "acetaminophen"))).json == {"cards": []}


def test_an_order_that_is_not_recognised_is_said_to_be_unchecked(small: FlaskClient) -> None:
    (card,) = cards(small, order_sign(ordered("99999999", "something new")))
    assert card["summary"].startswith("Not assessed")
    assert "whether the order is an NSAID" in card["detail"]


@pytest.mark.requirement("PF-5")
def test_pf_5_each_key_missing_in_turn_still_answers(small: FlaskClient) -> None:
    for body in (patient_view(), order_sign()):
        for key in list(body["prefetch"]):
            left = {name: value for name, value in body["prefetch"].items() if name != key}
            assert post(small, body | {"prefetch": left}).status_code == 200, key


def test_a_patient_reads_plain_words(small: FlaskClient) -> None:
    body = patient_view(context={"userId": "Patient/p1", "patientId": "p1"})
    (card,) = cards(small, body)
    assert card["summary"] == "Keep moving as far as you can."
    assert "suggestions" not in card


def test_the_why_extension_can_be_switched_off(small_client: Callable[..., FlaskClient]) -> None:
    assert "extension" not in cards(small_client(why_extension=False), patient_view())[0]


@pytest.mark.requirement("RQ-3")
def test_rq_3_strict_mode_refuses_an_instance_that_is_no_uuid(small_client: Callable[..., FlaskClient]) -> None:
    body = patient_view(hookInstance="req-1")
    assert post(small_client(), body).status_code == 200
    assert post(small_client(strict=True), body).status_code == 400


@pytest.mark.requirement("TR-7")
def test_tr_7_letters_of_any_language_survive(small: FlaskClient) -> None:
    condition = SCIATICA | {"code": SCIATICA["code"] | {"text": "Ischias, links, schmerzt ≥ 5 µ 坐骨神经痛"}}
    answer = post(small, patient_view(prefetch={"patient": PATIENT, "conditions": searchset(condition)}))
    assert "坐骨神经痛".encode() in answer.data
    assert not answer.data.startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("path", [f"{VIEW}/", f"{VIEW}?x=1"])
def test_a_trailing_slash_or_a_query_changes_nothing(small: FlaskClient, path: str) -> None:
    assert small.post(path, json=patient_view()).json["cards"]


def test_a_malformed_entry_costs_only_itself(small: FlaskClient) -> None:
    bad = [
        None,
        7,
        {},
        {"resource": None},
        {"resource": {"resourceType": 7}},
        {"resource": {"resourceType": "Condition"}},
    ]
    bundle = searchset(SCIATICA)
    bundle["entry"] = [*bad, *bundle["entry"]]
    body = patient_view(prefetch={"patient": PATIENT, "conditions": bundle})
    assert "Advise usual activity as tolerated." in summaries(small, body)


def test_every_uuid_of_a_thousand_calls_is_new(small: FlaskClient) -> None:
    seen = [card["uuid"] for _ in range(200) for card in cards(small, order_sign())]
    assert len(set(seen)) == len(seen)


def test_the_call_does_not_depend_on_the_order_of_entries(small: FlaskClient) -> None:
    other = WARFARIN | {"id": "a0"}
    one, two = (order_sign(medications=searchset(*pair)) for pair in ((WARFARIN, other), (other, WARFARIN)))
    assert without_ids(cards(small, one)) == without_ids(cards(small, two))


def test_hook_instance_is_accepted_in_upper_case(small_client: Callable[..., FlaskClient]) -> None:
    assert post(small_client(strict=True), patient_view(hookInstance=INSTANCE.upper())).status_code == 200
