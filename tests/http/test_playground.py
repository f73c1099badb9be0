"""The playground: a chart in the browser, the cards with their reasons, and nothing of it anywhere else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.testkit.smallest_charts import smallest_call
from tests.http.test_rule_book import Page

NOW = "2026-11-24T10:00:00Z"
HOSTILE = "<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=alert(1)>"


def chart(egfr: int = 24, drug: str = "Ibuprofen 400 mg tablet") -> dict[str, Any]:
    subject = {"reference": "Patient/a"}
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"resource": one}
            for one in (
                {"resourceType": "Patient", "id": "a", "birthDate": "1970-01-01", "gender": "male"},
                {
                    "resourceType": "Condition",
                    "id": "c",
                    "subject": subject,
                    "clinicalStatus": {"coding": [{"code": "active"}]},
                    "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M54.41"}]},
                },
                {
                    "resourceType": "Observation",
                    "id": "e",
                    "status": "final",
                    "subject": subject,
                    "effectiveDateTime": "2026-11-04",
                    "code": {"coding": [{"system": "http://loinc.org", "code": "62238-1"}]},
                    "valueQuantity": {
                        "value": egfr,
                        "unit": "mL/min/1.73m2",
                        "system": "http://unitsofmeasure.org",
                        "code": "mL/min/{1.73_m2}",
                    },
                },
                {
                    "resourceType": "MedicationRequest",
                    "id": "m",
                    "status": "draft",
                    "intent": "order",
                    "subject": subject,
                    "medicationCodeableConcept": {
                        "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "5640"}],
                        "text": drug,
                    },
                },
            )
        ],
    }


def decided(client: FlaskClient, document: Any, *, status: int = 200, **headers: str) -> Any:
    form = {"chart": json.dumps(document), "hook": "order-sign", "now": NOW}
    answer = client.post("/", data=form, headers={"Accept": "application/json"} | headers)
    assert answer.status_code == status, answer.text[:300]
    return answer.json


def test_the_cards_are_those_of_the_service_with_the_reason_for_each(client: FlaskClient) -> None:
    answer = decided(client, chart())["answer"]
    service = client.post(f"/evaluate?hook=order-sign&now={NOW}", json=chart()).json
    assert [card["summary"] for card in answer["cards"]] == [card["summary"] for card in service["cards"]]
    card = next(card for card in answer["cards"] if "eGFR 24" in card["summary"])
    assert card["indicator"] == "critical"
    (rule,) = [one for one in card["rules"] if one["id"] == "sf-nsaid-egfr-below-30"]
    tests = [test for part in rule["when"]["parts"] for test in part.get("parts", [part])]
    (egfr,) = [test for test in tests if test.get("id") == "egfr"]
    assert (egfr["says"], egfr["has"], egfr["holds"]) == ("below 30 mL/min/1.73 m²", "24 mL/min/1.73 m²", "yes")
    assert rule["change"] == (
        "It would not fire if eGFR were 30 mL/min/1.73 m² or more "
        "or if “A systemic NSAID is being ordered” were ruled out."
    )


def test_another_value_gives_another_card(client: FlaskClient) -> None:
    answer = decided(client, chart(egfr=90))["answer"]
    assert not [card for card in answer["cards"] if "eGFR" in card["summary"]]
    (near,) = [rule for rule in answer["nearly"] if rule["id"] == "sf-nsaid-egfr-30-59"]
    assert near["has"] == "90 mL/min/1.73 m²"


def test_the_page_shows_what_its_data_says_without_anything_inline(client: FlaskClient) -> None:
    form = {"chart": json.dumps(chart()), "hook": "order-sign", "now": NOW}
    answer = client.post("/", data=form)
    shown = Page(answer.text)
    text = " ".join(shown.text.split())
    assert answer.headers["Cache-Control"] == "no-store"
    for card in decided(client, chart())["answer"]["cards"]:
        assert card["summary"] in text
        assert all(suggestion["label"] in text for suggestion in card["suggestions"])
    assert "24 mL/min/1.73 m²" in text
    assert "What would change it:" in text
    assert not [tag for tag, attrs in shown.tags if tag == "style" or "style" in attrs]
    assert all(attrs["src"].startswith("/static/") for tag, attrs in shown.tags if tag == "script")


def result(client: FlaskClient, **form: str) -> Any:
    """The answer to a form that says more than a chart and a question."""
    sent = {"chart": json.dumps(chart()), "hook": "order-sign", "now": NOW} | form
    answer = client.post("/", data=sent, headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.text[:300]
    return answer.json


def test_a_fact_said_otherwise_gives_the_card_of_that_fact(client: FlaskClient) -> None:
    answer = result(client, **{"fact.egfr": "45"})["answer"]
    assert answer["isChanged"]
    assert [card["indicator"] for card in answer["cards"] if "eGFR 45" in card["summary"]] == ["warning"]
    (egfr,) = [fact for fact in answer["changeable"] if fact["id"] == "egfr"]
    assert (egfr["value"], egfr["is"]) == ("45", "45 mL/min/1.73 m²")
    unknown = result(client, **{"fact.egfr": "unknown"})["answer"]
    # The alarm is gone; that the last value was low is still told.
    assert [card["indicator"] for card in unknown["cards"] if "eGFR 24" in card["summary"]] == ["info"]


def test_a_number_can_be_taken_as_not_known(client: FlaskClient) -> None:
    answer = result(client, **{"fact.egfr": "Not known"})["answer"]
    assert [card["indicator"] for card in answer["cards"] if "eGFR 24" in card["summary"]] == ["info"]
    (egfr,) = [fact for fact in answer["changeable"] if fact["id"] == "egfr"]
    assert (egfr["is"], egfr["value"]) == ("not known", "not known")


def test_a_check_names_facts_in_words(client: FlaskClient) -> None:
    remarks = [one["text"] for one in result(client, do="check")["report"]["remarks"]]
    assert "post-void residual volume is not known, so a warning could not be decided" in remarks
    assert not [one for one in remarks if "post-void-residual" in one]


def test_a_call_of_an_ehr_can_be_asked_what_if_and_its_suggestions_taken(client: FlaskClient) -> None:
    call = smallest_call("order-sign")
    sent = {"chart": json.dumps(call)}
    answer = result(client, **sent)["answer"]
    assert "eGFR 24" in answer["cards"][0]["summary"]
    assert answer["curl"].endswith("/cds-services/sciatica-order-sign")
    other = result(client, **sent, **{"fact.egfr": "45"})["answer"]
    assert [card["indicator"] for card in other["cards"] if "eGFR 45" in card["summary"]] == ["warning"]
    (removal,) = [one for one in answer["cards"][0]["suggestions"] if one["recommended"]]
    after = result(client, **sent, accept=removal["uuid"])
    assert after["answer"]["accepted"] == "Remove the NSAID order"
    assert json.loads(after["asked"]["chart"])["context"]["draftOrders"]["entry"] == []
    assert not [card for card in after["answer"]["cards"] if "eGFR" in card["summary"]]


def test_every_kind_of_rule_has_an_example_patient_of_whom_it_holds(client: FlaskClient) -> None:
    for name in ("sf-nsaid-egfr-below-30", "rf-cauda-equina-suspected", "nsaid-contraindicated"):
        shown = client.get(f"/playground.json?rule={name}").json
        assert (shown["answer"]["example"]["id"], shown["answer"]["example"]["outcome"]) == (name, "fired")
        assert f'href="/?rule={name}"' in client.get(f"/rules/{name}").text
    assert client.get("/?rule=no-such-rule").status_code == 404


def test_the_twin_of_the_playground_has_an_address(client: FlaskClient) -> None:
    story = "story=egfr-25-and-ibuprofen"
    page = client.get(f"/?{story}")
    assert f'href="/playground.json?{story}"' in page.text
    twin = client.get(f"/playground.json?{story}").json
    assert all(card["summary"] in " ".join(Page(page.text).text.split()) for card in twin["answer"]["cards"])
    form = {"chart": json.dumps(chart()), "hook": "order-sign", "now": NOW}
    assert client.post("/playground.json", data=form).json == decided(client, chart())
    assert client.get("/questionnaire.json").json["questions"]


def test_a_fact_that_is_no_number_is_said_and_the_chart_is_decided_as_it_is(client: FlaskClient) -> None:
    data = result(client, **{"fact.egfr": "plenty", "fact.nothing-like-it": "1"})
    assert data["faults"] == ["eGFR: a number is meant, such as 25 or 2.5, or “not known”"]
    assert [card for card in data["answer"]["cards"] if "eGFR 24" in card["summary"]]


def test_an_accepted_suggestion_changes_the_chart_as_a_record_system_would(client: FlaskClient) -> None:
    before = result(client)["answer"]
    (card,) = [card for card in before["cards"] if "eGFR 24" in card["summary"]]
    after = result(client, accept=card["suggestions"][0]["uuid"])
    assert after["answer"]["accepted"] == card["suggestions"][0]["label"]
    left = [entry["resource"]["resourceType"] for entry in json.loads(after["asked"]["chart"])["entry"]]
    assert left == ["Patient", "Condition", "Observation"]
    assert not [one for one in after["answer"]["cards"] if "eGFR 24" in one["summary"]]
    assert result(client, accept="not one of them")["answer"]["accepted"] is None


def test_a_card_that_was_set_aside_stays_so_until_it_is_wanted_again(client: FlaskClient) -> None:
    (card,) = [one for one in result(client)["answer"]["cards"] if "eGFR 24" in one["summary"]]
    reason = card["overrideReasons"][0]
    aside = result(client, dismiss=f"{card['key']}|{reason['code']}")
    assert [one["dismissed"] for one in aside["answer"]["cards"] if one["key"] == card["key"]] == [reason["display"]]
    carried = " ".join(aside["asked"]["dismissed"])
    still = result(client, dismissed=carried)["answer"]["cards"]
    again = result(client, dismissed=carried, restore=card["key"])["answer"]["cards"]
    assert [one["dismissed"] for one in still if one["key"] == card["key"]] == [reason["display"]]
    assert [one["dismissed"] for one in again if one["key"] == card["key"]] == [None]


def test_a_chart_is_drawn_in_time_with_how_far_back_is_looked(client: FlaskClient) -> None:
    drawn = result(client)["answer"]["timeline"]
    days = {entry["resource"]: entry["day"] for lane in drawn["lanes"] for entry in lane["entries"]}
    assert days["Observation/e"] == "2026-11-04"
    assert {"title": "eGFR", "days": 365} in drawn["windows"]


def test_a_chart_can_be_checked_as_a_request(client: FlaskClient) -> None:
    data = result(client, do="check")
    assert data["answer"] is None
    assert data["report"]["errors"] == 0
    assert data["report"]["remarks"]


def test_while_somebody_types_line_and_column_of_a_mistake_are_told(client: FlaskClient) -> None:
    wrong = client.post("/validate", data={"chart": '{"a": 1,\n  oops}'}).json
    assert (wrong["valid"], wrong["line"]) == (False, 2)
    assert "oops" not in wrong["text"]
    assert client.post("/validate", data={"chart": json.dumps(chart())}).json == {"valid": True, "text": "4 resources"}
    assert client.post("/validate", data={"chart": "{}"}, headers={"Origin": "https://evil.example"}).status_code == 403


def test_who_asks_too_often_is_asked_to_wait(small_client: Callable[..., FlaskClient]) -> None:
    client = small_client()
    answers = [client.post("/validate", data={"chart": "{}"}) for _ in range(64)]
    assert {answer.status_code for answer in answers[:60]} == {200}
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) >= 1


def test_a_hostile_chart_stays_text(client: FlaskClient) -> None:
    form = {"chart": json.dumps(chart(drug=HOSTILE)), "hook": "order-sign", "now": HOSTILE, "complete": HOSTILE}
    for sent in (form, form | {"now": NOW, "complete": ""}, form | {"chart": f"</textarea>{HOSTILE}"}):
        shown = Page(client.post("/", data=sent).text)
        assert not [tag for tag, attrs in shown.tags if tag == "img" or (tag == "script" and not attrs.get("src"))]
        assert not [link for link in shown.links if link.lower().startswith("javascript")]
        assert not [name for _, attrs in shown.tags for name in attrs if name.startswith("on")]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
    ],
)
def test_a_form_on_the_page_of_somebody_else_is_refused(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.post("/", data={"chart": "{}"}, headers=headers).status_code == 403


def test_the_form_of_the_page_itself_is_taken(client: FlaskClient) -> None:
    decided(client, chart(), **{"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"})
    assert client.get("/").headers["Referrer-Policy"] == "same-origin"


def test_a_chart_of_two_megabytes_is_taken_and_a_larger_one_is_not(client: FlaskClient) -> None:
    most = 2 * 1024 * 1024
    empty = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": []})
    form = {"hook": "patient-view", "now": NOW}
    assert client.post("/", data=form | {"chart": empty.ljust(most)}).status_code == 200
    assert client.post("/", data=form | {"chart": empty.ljust(most + 1)}).status_code == 413
    assert (
        client.post(
            "/", data=urlencode(form | {"chart": "{" * 2 * most}), content_type="application/x-www-form-urlencoded"
        ).status_code
        == 413
    )


def test_files_are_not_taken_since_they_would_be_written_to_a_disk(client: FlaskClient) -> None:
    assert client.post("/", data={"chart": "{}"}, content_type="multipart/form-data").status_code == 415


def test_what_is_wrong_with_a_chart_is_said_with_line_and_column(client: FlaskClient) -> None:
    answer = client.post("/", data={"chart": '{"resourceType": "Bundle",\n oops}', "hook": "patient-view", "now": NOW})
    assert answer.status_code == 400
    assert "line 2 column" in answer.text
    assert "oops}" in answer.text


def test_nothing_of_a_chart_is_recorded(app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    decided(client, chart(drug="Zanzibarfen 1 mg"))
    assert app.extensions["sciatica-cds.decision-log"] is None
    assert "Zanzibarfen" not in caplog.text


def test_a_request_makes_no_call_to_the_server_it_names(
    small_client: Callable[..., FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    def called(*_: Any, **__: Any) -> None:
        raise AssertionError("a FHIR server was asked")

    monkeypatch.setattr("service.protocol.fetching.step.FetchStep.__call__", called)
    client = small_client(fetch_servers=("https://fhir.example",), fetch_open_servers=True)
    document = {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "fhirServer": "https://fhir.example",
        "context": {"userId": "Practitioner/p", "patientId": "a"},
        "prefetch": {"patient": chart()["entry"][0]["resource"]},
    }
    assert decided(client, document)["answer"]["hook"] == "patient-view"


def test_every_story_can_be_told_by_its_address(client: FlaskClient) -> None:
    begin = Page(client.get("/").text)
    stories = [attrs["value"] for tag, attrs in begin.tags if tag == "option" and "value" in attrs]
    assert len(stories) > 50
    answer = client.get("/?story=egfr-25-and-ibuprofen")
    assert answer.status_code == 200
    assert "Ibuprofen with eGFR 25" in answer.text


@pytest.mark.parametrize("pages", ["rules", "off"])
def test_the_playground_is_there_only_where_it_is_wanted(small_client: Callable[..., FlaskClient], pages: str) -> None:
    client = small_client(pages=pages)
    assert client.post("/", data={"chart": "{}"}).status_code in {404, 405}
    if pages == "rules":
        assert client.get("/").headers["Location"].endswith("/rules")
        assert "Playground" not in client.get("/rules").text
