"""A plain Bundle in, the same cards and the decision behind them out."""

from __future__ import annotations

import random
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conftest import PROJECT
from tests.http.calls import IBUPROFEN, PATIENT, SCIATICA, WARFARIN, searchset

URL = "/evaluate?now=2026-11-24T10:00:00Z"
DECISION = {"id", "hook", "now", "ruleset", "findings", "rules", "problems", "notRecorded", "notAssessed"}


def ask(client: FlaskClient, *resources: dict[str, Any], query: str = "") -> dict[str, Any]:
    answer = client.post(URL + query, json=searchset(*resources))
    assert answer.status_code == 200, answer.text
    return answer.json


def result(answer: dict[str, Any]) -> dict[str, Any]:
    return answer["extension"]["sciatica-cds.decision"]


def test_the_answer_has_cards_and_the_decision_behind_them(small: FlaskClient) -> None:
    answer = ask(small, PATIENT, SCIATICA)
    assert [card["summary"] for card in answer["cards"]] == ["Advise usual activity as tolerated."]
    decision = result(answer)
    assert set(decision) == DECISION
    assert set(decision["ruleset"]) == {"version", "digest"}
    assert decision["now"] == "2026-11-24T10:00:00+00:00"


def test_a_finding_tells_status_and_evidence_with_date(small: FlaskClient) -> None:
    findings = {finding["name"]: finding for finding in result(ask(small, PATIENT, SCIATICA))["findings"]}
    assert findings["sciatica-active"]["status"] == "present"
    (evidence,) = findings["sciatica-active"]["evidence"]
    assert evidence["resource"] == "Condition/c1"
    assert evidence["date"] == "2026-10-01"


def test_every_rule_says_what_became_of_it(small: FlaskClient) -> None:
    rules = {rule["id"]: rule for rule in result(ask(small, PATIENT, SCIATICA))["rules"]}
    assert rules["fl-stay-active"]["outcome"] == "fired"
    asthma = SCIATICA | {"code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "J45.909"}]}}
    rules = {rule["id"]: rule for rule in result(ask(small, PATIENT, asthma))["rules"]}
    assert rules["fl-stay-active"]["outcome"] == "not-met"
    assert rules["fl-stay-active"]["stoppedBy"] == ["sciatica-active present"]


def test_with_an_order_hook_the_drafts_of_the_bundle_are_the_orders(small: FlaskClient) -> None:
    answer = ask(small, PATIENT, SCIATICA, WARFARIN, IBUPROFEN, query="&hook=order-sign")
    assert answer["cards"][0]["indicator"] == "critical"
    assert answer["cards"][0]["suggestions"][0]["actions"][0]["resourceId"] == "MedicationRequest/draft-1"


def test_the_same_question_gives_the_same_bytes_whatever_the_order_of_entries(small: FlaskClient) -> None:
    resources = [PATIENT, SCIATICA, WARFARIN, IBUPROFEN]
    answers = set()
    for seed in range(6):
        random.Random(seed).shuffle(resources)
        answers.add(small.post(f"{URL}&hook=order-sign", json=searchset(*resources)).data)
    assert len(answers) == 1


def test_a_list_of_resources_and_a_bundle_without_type_are_read(small: FlaskClient) -> None:
    for document in (
        [PATIENT, SCIATICA],
        {"resourceType": "Bundle", "entry": [{"resource": PATIENT}, {"resource": SCIATICA}]},
    ):
        assert small.post(URL, json=document).json["cards"]


@pytest.mark.parametrize(
    "now", ["2026-11-24T10:00:00Z", "2026-11-24T10:00:00+00:00", "2026-11-24T10:00:00", "2026-11-24"]
)
def test_a_time_is_read_with_or_without_zone_and_with_an_unencoded_plus(small: FlaskClient, now: str) -> None:
    answer = small.post(f"/evaluate?now={now}", json=searchset(PATIENT, SCIATICA))
    assert result(answer.json)["now"].startswith("2026-11-24T")


def test_without_a_time_the_present_is_meant(small: FlaskClient) -> None:
    assert small.post("/evaluate", json=searchset(PATIENT, SCIATICA)).json["cards"]


@pytest.mark.parametrize("query", ["hook=unknown", "hook=order-dispatch", "now=yesterday", "patiant=1"])
def test_a_wrong_query_is_refused_by_the_name_of_the_parameter(small: FlaskClient, query: str) -> None:
    answer = small.post(f"/evaluate?{query}", json=searchset(PATIENT))
    assert answer.status_code == 400
    assert answer.json["issue"][0]["expression"][0].startswith("query")


def test_two_patients_are_refused_unless_one_is_picked(small: FlaskClient) -> None:
    other = {"resourceType": "Patient", "id": "p2"}
    assert small.post(URL, json=searchset(PATIENT, other, SCIATICA)).status_code == 400
    assert ask(small, PATIENT, other, SCIATICA, query="&patient=p1")["cards"]


def test_a_type_that_does_not_occur_was_not_sent_unless_the_caller_says_so(small: FlaskClient) -> None:
    names = [entry["finding"] for entry in result(ask(small, PATIENT, IBUPROFEN | {"status": "active"}))["notAssessed"]]
    findings = {f["name"]: f["status"] for f in result(ask(small, PATIENT))["findings"]}
    assert findings["sciatica-active"] == "unknown"
    findings = {f["name"]: f["status"] for f in result(ask(small, PATIENT, query="&complete=all"))["findings"]}
    assert findings["sciatica-active"] == "absent"
    findings = {f["name"]: f["status"] for f in result(ask(small, PATIENT, query="&complete=Condition"))["findings"]}
    assert findings["sciatica-active"] == "absent"
    assert isinstance(names, list)


def test_orders_in_a_bundle_are_judged_although_nobody_named_a_hook(client: FlaskClient) -> None:
    chart = (PROJECT / "fhir_examples" / "egfr-25-and-ibuprofen" / "bundle.json").read_bytes()

    def ask(query: str) -> dict[str, Any]:
        path = f"/evaluate?now=2026-11-24T09:00:00Z{query}"
        answer: dict[str, Any] = client.post(path, data=chart, content_type="application/json").get_json()
        return answer

    both, signing, visit = ask(""), ask("&hook=order-sign"), ask("&hook=patient-view")
    assert both["cards"][0]["indicator"] == "critical"
    assert both["extension"]["sciatica-cds.hooks"] == ["order-sign", "patient-view"]
    assert both["extension"]["sciatica-cds.decision"] == signing["extension"]["sciatica-cds.decision"]
    assert both["extension"]["sciatica-cds.decision.patient-view"] == visit["extension"]["sciatica-cds.decision"]
    result = [card["source"]["topic"]["code"] for card in both["cards"]]
    assert len(result) == len(set(result)), "what both hooks show is shown once"
    assert {card["source"]["topic"]["code"] for card in (*signing["cards"], *visit["cards"])} == set(result)


def test_without_orders_the_default_is_the_visit(client: FlaskClient) -> None:
    chart = (PROJECT / "fhir_examples" / "first-visit-with-spasm" / "bundle.json").read_bytes()
    path = "/evaluate?now=2026-11-24T09:00:00Z"
    default = client.post(path, data=chart, content_type="application/json").data
    assert default == client.post(f"{path}&hook=patient-view", data=chart, content_type="application/json").data
