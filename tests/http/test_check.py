"""``POST /check`` and ``check-request``: what an integrator is told about a request, right or wrong."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from service.cli.main import group
from tests.ehr.answering import OUTCOME
from tests.http.calls import IBUPROFEN, PATIENT, SCIATICA, order_sign, patient_view, searchset


def result(client: FlaskClient, body: Any, query: str = "") -> dict[str, str]:
    """The remarks by place, as ``severity: text``; what has no place under its first word."""
    answer = client.post(f"/check{query}", json=body)
    assert answer.status_code == 200, answer.text
    found = {}
    for issue in answer.json["issue"]:
        text = issue["details"]["text"]
        found[issue.get("expression", [text.split(":")[0]])[0]] = f"{issue['severity']}: {text}"
    return found


def errors(found: dict[str, str]) -> list[str]:
    return [place for place, text in found.items() if text.startswith("error")]


def test_a_good_call_has_no_error_and_is_told_what_it_would_give(small: FlaskClient) -> None:
    found = result(small, order_sign())
    assert errors(found) == []
    assert any("would be answered with 200 and" in text for text in found.values())


@pytest.mark.requirement("SC-4")
def test_the_report_is_a_valid_operation_outcome(small: FlaskClient) -> None:
    from fhir.resources.R4B.operationoutcome import OperationOutcome

    for body in (order_sign(), {}, [], {"hook": "x"}, searchset(PATIENT), {"hook": 1, "prefetch": []}):
        OperationOutcome.model_validate(small.post("/check", json=body).json)


def test_the_five_states_of_prefetch_are_told_apart(small: FlaskClient) -> None:
    paged = searchset(SCIATICA) | {"link": [{"relation": "next", "url": "https://ehr.example.org/fhir?page=2"}]}
    body = order_sign(conditions=paged, medications=OUTCOME, statements=None)
    del body["prefetch"]["patient"]
    found = result(small, body)
    assert "is a part only (more pages follow)" in found["prefetch.conditions"]
    assert "brought no data" in found["prefetch.medications"]
    assert found["prefetch.statements"].startswith("information: prefetch.statements: asked, nothing there")
    assert "was not sent" in found["prefetch.patient"]


def test_a_missing_key_that_the_fhir_server_can_give_is_told_so(small: FlaskClient) -> None:
    token = {"access_token": "t", "token_type": "Bearer", "expires_in": 300, "scope": "patient/Patient.read"}
    body = order_sign() | {"fhirServer": "https://ehr.example.org/fhir"}
    body["fhirAuthorization"] = token | {"subject": "us", "patient": "other"}
    del body["prefetch"]["patient"]
    found = result(small, body)
    assert "unless fhirServer gives it" in found["prefetch.patient"]
    assert "another patient" in found["fhirAuthorization.patient"]
    assert "the scopes do not allow" in found["fhirAuthorization.scope"]


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        ({"hook": None}, "hook", "is missing"),
        ({"hook": "order-dispatch"}, "hook", "no service is offered"),
        ({"hookInstance": "7"}, "hookInstance", "is not a UUID; tolerated"),
        ({"foo": 1}, "foo", "is no member of CDS Hooks"),
        ({"fhirAuthorization": None}, "fhirAuthorization", "null is allowed in prefetch only"),
        ({"fhirServer": "http://ehr.example.org"}, "fhirServer", "is not https"),
        ({"extension": [1]}, "extension", "must be an object"),
        ({"context": {"userId": "Practitioner/7"}}, "context.patientId", "is missing"),
        ({"context": {"userId": "Practitioner/7", "patientId": "Patient/p1"}}, "context.patientId", "bare id"),
        ({"prefetch": {"patient": {**PATIENT, "gender": "M"}}}, "prefetch.patient.gender", "required value set"),
        ({"prefetch": {"patient": PATIENT, "x": None}}, "prefetch.x", "was not asked for"),
        ({"prefetch": {"patient": {**PATIENT, "id": "p2"}}}, "prefetch.patient", "not the patient of the call"),
        ({"prefetch": {"conditions": {}}}, "prefetch.conditions", "an empty object"),
        ({"prefetch": {"conditions": {"response": {"status": "200"}, "resource": searchset(SCIATICA)}}},
         "prefetch.conditions", "before 1.0"),
        ({"prefetch": {"conditions": SCIATICA}}, "prefetch.conditions", "a single resource"),
        ({"prefetch": {"conditions": searchset(PATIENT)}}, "prefetch.conditions", "none of the types asked for"),
    ],
)  # fmt: skip
def test_what_is_unusual_is_named_with_its_place(
    small: FlaskClient, change: dict[str, Any], place: str, words: str
) -> None:
    answer = small.post("/check", json=patient_view(**change))
    texts = [issue["details"]["text"] for issue in answer.json["issue"] if issue.get("expression") == [place]]
    assert any(words in text for text in texts), answer.json


def test_a_fault_of_a_draft_order_has_its_exact_path(small: FlaskClient) -> None:
    order = copy.deepcopy(IBUPROFEN)
    order["dosageInstruction"] = [{"timing": {"repeat": {"periodUnit": "day", "period": 1}}}]
    found = result(small, order_sign(order))
    assert errors(found) == [
        "context.draftOrders.entry[0].resource.dosageInstruction[0].timing.repeat.periodUnit",
    ]


def test_selections_that_point_nowhere_are_named(client: FlaskClient) -> None:
    body = order_sign() | {"hook": "order-select"}
    body["context"]["selections"] = ["MedicationRequest/draft-1", "MedicationRequest/2"]
    found = result(client, body)
    assert "context.selections[1]" in found
    assert "context.selections[0]" not in found


def test_what_would_be_refused_is_told_with_the_status(small: FlaskClient) -> None:
    nothing = patient_view(prefetch={})
    assert any("would be answered with 412" in text for text in result(small, nothing).values())
    old = patient_view(prefetch={"patient": PATIENT, "conditions": searchset({"resourceType": "MedicationOrder"})})
    assert any("would be refused with 422" in text for text in result(small, old).values())


def test_a_plain_chart_is_checked_too(small: FlaskClient) -> None:
    found = result(small, searchset(PATIENT, {**SCIATICA, "code": {"text": 7}}))
    assert errors(found) == ["Bundle.entry[1].resource.code.text"]
    found = result(small, [PATIENT, {**SCIATICA, "code": {"text": 7}}], "?hook=order-sign")
    assert errors(found) == ["[1].code.text"]
    assert small.post("/check?hook=unknown", json={}).status_code == 400
    assert small.post("/check?hock=order-sign", json={}).status_code == 400


def test_text_is_given_to_who_asks_for_text(small: FlaskClient) -> None:
    answer = small.post("/check", json=patient_view(foo=1), headers={"Accept": "text/plain"})
    assert answer.mimetype == "text/plain"
    assert "  note    foo: is no member of CDS Hooks 2.0.1; ignored" in answer.text
    assert answer.text.splitlines()[-1].startswith("0 error(s)")


def test_what_is_no_json_is_refused_as_a_call_is(small: FlaskClient) -> None:
    assert small.post("/check", data="{", content_type="application/json").status_code == 400
    assert small.post("/check", data="{}", content_type="text/plain").status_code == 415


def test_no_report_quotes_a_value(small: FlaskClient) -> None:
    canary = "Canary Smith"
    body = order_sign({**IBUPROFEN, "status": canary, "note": [{"text": canary, "time": canary}]})
    body["context"] |= {"userId": canary, "encounterId": canary}
    body["prefetch"]["patient"] = {**PATIENT, "gender": canary, "name": [{"family": canary, "use": canary}]}
    assert canary not in small.post("/check", json=body).text


def test_check_needs_a_token_where_calls_do(small_client: Callable[..., FlaskClient], tmp_path: Path) -> None:
    issuers = tmp_path / "issuers.json"
    issuers.write_text('{"issuers": [{"iss": "https://ehr.example.org", "jku": "https://ehr.example.org/keys"}]}')
    client = small_client(
        authentication="required",
        public_url="https://cds.example.org",
        issuers=issuers,
        replay_store=tmp_path / "replay.db",
    )
    assert client.post("/check", json=patient_view()).status_code == 401


def test_the_command_says_the_same_and_ends_with_1_for_errors(tmp_path: Path) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps(patient_view()))
    good = CliRunner().invoke(group, ["check-request", str(file)])
    assert good.exit_code == 0, good.output
    assert "would be answered with 200" in good.output
    file.write_text(json.dumps(patient_view(hook=1)))
    bad = CliRunner().invoke(group, ["check-request", str(file), "--json"])
    assert bad.exit_code == 1
    assert json.loads(bad.stdout)["resourceType"] == "OperationOutcome"
    file.write_text("{")
    assert "ends too early" in CliRunner().invoke(group, ["check-request", str(file)]).output


@pytest.mark.corpus
def test_every_published_request_gets_a_report(client: FlaskClient, test_data: Path) -> None:
    for file in sorted((test_data / "fhir" / "hooks" / "request").glob("*.json")):
        answer = client.post("/check", data=file.read_bytes(), content_type="application/json")
        assert answer.status_code in {200, 400}, file.name
        assert answer.json["resourceType"] == "OperationOutcome"


def test_a_document_with_very_many_faults_does_not_take_long(small: FlaskClient) -> None:
    import time

    many = {"resourceType": "Patient", **{f"a{number}": number for number in range(50_000)}}
    listed = [{"resourceType": "Patient", **{f"a{number}": number for number in range(100)}} for _ in range(2_000)]
    for body in (many, {"resourceType": "Bundle", "entry": [{"resource": one} for one in listed]}):
        started = time.process_time()
        answer = small.post("/check", json=body)
        assert answer.status_code == 200
        assert len(answer.json["issue"]) <= 501
        assert time.process_time() - started < 5


def texts_of(client: FlaskClient, body: Any, query: str = "") -> list[str]:
    issues = client.post(f"/check{query}", json=body).get_json()["issue"]
    return [issue["details"]["text"] for issue in issues]


def test_a_chart_with_a_draft_order_is_judged_without_naming_a_hook(client: FlaskClient) -> None:
    chart = searchset(PATIENT, SCIATICA, IBUPROFEN | {"status": "draft"})
    ((order,), (visit,)) = (
        [text for text in texts_of(client, chart, query) if "would be answered with 200" in text]
        for query in ("", "?hook=patient-view")
    )
    assert order != visit


def test_a_profile_says_what_its_client_does_not_show_and_which_keys_must_be_typed(client: FlaskClient) -> None:
    body = order_sign()
    for lost in ("allergies", "answers"):
        body["prefetch"].pop(lost, None)
    epic, oracle = (" | ".join(texts_of(client, body, f"?profile={name}")) for name in ("epic", "oracle"))
    assert "client profile: epic" in epic
    assert "epic reads no discovery: an analyst types this key with AllergyIntolerance?" in epic
    assert "epic has no query for this: leave the key out" in epic
    assert "client profile: default" in " | ".join(texts_of(client, body))
    assert "oracle: no button, said in the detail instead: " in oracle
    assert "oracle: override reasons are left out" in oracle


def test_a_profile_or_hook_that_does_not_exist_is_named_with_what_was_meant(client: FlaskClient) -> None:
    wrong = {"?profile=epik": "epic", "?hook=order-sing": "order-sign", "?profil=epic": "profile"}
    for query, meant in wrong.items():
        answer = client.post(f"/check{query}", json=order_sign())
        assert answer.status_code == 400
        assert f"did you mean {meant}?" in answer.get_data(as_text=True)


def test_the_command_takes_a_profile_too(tmp_path: Path) -> None:
    file = tmp_path / "call.json"
    file.write_text(json.dumps(order_sign()), encoding="utf-8")
    done = CliRunner().invoke(group, ["check", "request", str(file), "--profile", "oracle"])
    assert "client profile: oracle" in done.output
    wrong = CliRunner().invoke(group, ["check", "request", str(file), "--profile", "orakle"])
    assert wrong.exit_code == 2
    assert "no client profile is orakle; did you mean oracle" in wrong.output
