"""Bad calls: each gets the status an integrator can act on, one body shape, and never a 500 (chapter 7)."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from service import create_app
from service.config import Settings
from service.errors import EngineError, UnauthorizedError
from service.knowledge.model import Knowledge
from tests.http.calls import order_sign, patient_view
from tests.http.conftest import SMALL_RULES
from tests.thoroughness import examples

VIEW = "/cds-services/small-patient-view"
SIGN = "/cds-services/small-order-sign"


def raw(
    client: FlaskClient, body: bytes | str, content_type: str | None = "application/json", **headers: str
) -> TestResponse:
    return client.post(VIEW, data=body, content_type=content_type, headers=headers)


def assert_outcome(answer: TestResponse, status: int) -> list[dict[str, Any]]:
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/json"
    assert answer.json["resourceType"] == "OperationOutcome"
    for issue in answer.json["issue"]:
        assert issue["severity"] == "error"
        assert issue["code"]
        assert issue["details"]["text"]
    return answer.json["issue"]


@pytest.mark.requirement("SC-4")
def test_sc_4_an_error_body_is_a_valid_operation_outcome(small: FlaskClient) -> None:
    from fhir.resources.R4B.operationoutcome import OperationOutcome

    for answer in (
        raw(small, "{"),
        small.get("/nothing"),
        small.post("/health", json={}),
        raw(small, "{}", "text/plain"),
    ):
        OperationOutcome.model_validate(answer.json)


def test_404_an_unknown_service_or_path(small: FlaskClient) -> None:
    for path in ("/cds-services/unknown", "/cds-services/small-patient-view/other"):
        assert_outcome(small.post(path, json=patient_view()), 404)
    assert_outcome(small.get("/nowhere"), 404)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_405_another_method_on_a_service_names_the_right_one(small: FlaskClient, method: str) -> None:
    answer = small.open(VIEW, method=method)
    assert_outcome(answer, 405)
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("kind", [None, "text/plain", "application/xml", "application/x-www-form-urlencoded"])
def test_415_a_body_that_is_not_declared_as_json(small: FlaskClient, kind: str | None) -> None:
    assert_outcome(raw(small, json.dumps(patient_view()), kind), 415)


def test_415_a_compressed_body(small: FlaskClient) -> None:
    body = gzip.compress(json.dumps(patient_view()).encode())
    assert_outcome(raw(small, body, **{"Content-Encoding": "gzip"}), 415)


def test_413_a_body_over_the_limit_on_both_sides(small_client: Callable[..., FlaskClient]) -> None:
    body = json.dumps(patient_view()).encode()
    at_limit, below = small_client(max_body_bytes=len(body)), small_client(max_body_bytes=len(body) - 1)
    assert raw(at_limit, body).status_code == 200
    assert_outcome(raw(below, body), 413)


def test_413_twenty_megabytes(small: FlaskClient) -> None:
    assert_outcome(raw(small, b'{"a": "' + b"x" * 20_000_000 + b'"}'), 413)


@pytest.mark.requirement("TR-1")
@pytest.mark.parametrize(
    ("body", "result"),
    [
        (b"", "the body is empty"),
        (b'{"hook": "patient-view"', "ends too early"),
        (json.dumps(patient_view()).encode() + b"}", "text after the end"),
        (b'{"hook": NaN}', "not valid JSON"),
        (b'{"hook": "a", "hook": "b"}', "a key occurs twice"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a":' * 500 + b"1" + b"}" * 500, "nested deeper"),
        (b'{"a": 1e999}', "not valid JSON"),
        (b"\xff\xfe{\x00}\x00", "is text in UTF-16"),
        (b'"text"', "must be a JSON object"),
        (b"[]", "must be a JSON object"),
    ],
    ids=lambda value: value[:20].decode("latin-1") if isinstance(value, bytes) else None,
)
def test_tr_1_400_what_is_not_one_json_object(small: FlaskClient, body: bytes, result: str) -> None:
    assert result.replace("a JSON object", "an object") in assert_outcome(raw(small, body), 400)[0]["details"]["text"]


def test_a_byte_order_mark_is_accepted(small: FlaskClient) -> None:
    assert raw(small, b"\xef\xbb\xbf" + json.dumps(patient_view()).encode()).status_code == 200


@pytest.mark.requirement("RQ-2", "RQ-3", "RQ-4")
@pytest.mark.parametrize("name", ["hook", "hookInstance", "context"])
def test_rq_2_to_rq_4_400_a_missing_member_is_named(small: FlaskClient, name: str) -> None:
    body = patient_view()
    del body[name]
    (issue,) = assert_outcome(small.post(VIEW, json=body), 400)
    assert issue["expression"] == [name]


@pytest.mark.requirement("RQ-2")
def test_rq_2_400_another_hook_than_the_services(small: FlaskClient) -> None:
    (issue, *_) = assert_outcome(small.post(VIEW, json=order_sign()), 400)
    assert issue["expression"] == ["hook"]


def test_all_faults_come_at_once(small: FlaskClient) -> None:
    issues = assert_outcome(small.post(VIEW, json={"hook": 1, "context": {"userId": 2}}), 400)
    assert [issue["expression"][0] for issue in issues] == [
        "hook",
        "hookInstance",
        "context.userId",
        "context.patientId",
    ]


def test_401_names_the_check_that_failed_whatever_was_asked(small_knowledge: Knowledge) -> None:
    def refuse(authorization: str | None, _path: str, _now: Any) -> None:
        raise UnauthorizedError("exp" if authorization else "iss")

    app = create_app(Settings(rules=SMALL_RULES, log_level="error"), small_knowledge, authenticate=refuse)
    client = app.test_client()
    answers = [
        client.get("/cds-services"),
        client.post(VIEW, json=patient_view()),
        client.post(VIEW, json=patient_view(), headers={"Authorization": "Bearer x"}),
        client.post("/evaluate", json={}),
        client.post(VIEW, data="not json"),
    ]
    for answer in answers:
        assert answer.status_code == 401
        assert_outcome(answer, 401)
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert client.get("/health").status_code == 200


def test_500_an_engine_error_says_nothing_but_where_to_look(
    small_knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise EngineError("decision 1: the two engines disagree on fl-stay-active")

    app = create_app(Settings(rules=SMALL_RULES, log_level="error"), small_knowledge)
    monkeypatch.setattr("service.protocol.evaluation.decide", broken)
    answer = app.test_client().post(VIEW, json=patient_view())
    (issue,) = assert_outcome(answer, 500)
    assert answer.headers["X-Request-Id"] in issue["details"]["text"]
    assert "fl-stay-active" not in answer.text
    assert "fl-stay-active" in capfd.readouterr().err


def test_500_an_unexpected_error_leaks_nothing(
    small_knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ValueError("canary")

    app = create_app(Settings(rules=SMALL_RULES, log_level="error"), small_knowledge)
    monkeypatch.setattr("service.protocol.evaluation.decide", broken)
    answer = app.test_client().post(VIEW, json=patient_view())
    assert_outcome(answer, 500)
    assert "canary" not in answer.text
    assert "canary" not in capfd.readouterr().err


def test_503_too_many_calls_at_once_are_told_to_come_back(
    small_client: Callable[..., FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = small_client(max_concurrent=1)
    started, release = threading.Event(), threading.Event()
    from service.protocol import evaluation

    plain = evaluation.decide

    def slow(*args: Any, **options: Any) -> Any:
        started.set()
        release.wait(5)
        return plain(*args, **options)

    monkeypatch.setattr("service.protocol.evaluation.decide", slow)
    first = threading.Thread(target=lambda: client.application.test_client().post(VIEW, json=patient_view()))
    first.start()
    started.wait(5)
    answer = client.post(VIEW, json=patient_view())
    release.set()
    first.join()
    assert_outcome(answer, 503)
    assert answer.headers["Retry-After"] == "1"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["hook", "hookInstance", "context", "prefetch", "patientId", "userId", "entry", "resource", "id"]
            )
            | st.text(max_size=6),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(150))
@given(JSON)
def test_any_json_at_all_is_answered_and_never_with_500(small: FlaskClient, document: Any) -> None:
    for path in (VIEW, SIGN, "/evaluate"):
        answer = small.post(path, data=json.dumps(document), content_type="application/json")
        assert answer.status_code in {200, 400, 412, 422}, path


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(150))
@given(st.sampled_from(["context", "prefetch"]), st.data())
def test_any_json_in_place_of_a_part_is_answered_and_never_with_500(
    small: FlaskClient, part: str, data: st.DataObject
) -> None:
    for body, path in ((patient_view(), VIEW), (order_sign(), SIGN)):
        key = data.draw(st.sampled_from(sorted(body[part])))
        body[part][key] = data.draw(JSON)
        assert small.post(path, json=body).status_code in {200, 400, 412, 422}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(100))
@given(st.binary(max_size=60))
def test_any_bytes_at_all_are_answered_and_never_with_500(small: FlaskClient, body: bytes) -> None:
    assert raw(small, body).status_code == 400 or raw(small, body).status_code == 200


def test_no_error_quotes_the_request(small: FlaskClient) -> None:
    body = patient_view(hook="Canary", hookInstance=["Canary"], Canary=1)
    body["context"] |= {"userId": "Canary", "patientId": "Can/ary"}
    answers = [
        small.post(VIEW, json=body),
        raw(small, json.dumps(body) + "Canary"),
        small.post("/cds-services/Canary", json=body),
        small.get("/Canary"),
        small.post("/evaluate?now=Canary&hook=Canary&Canary=1", json=[]),
        small.post("/evaluate", json={"resourceType": "Canary"}),
    ]
    for answer in answers:
        assert answer.status_code >= 400 or not answer.json["cards"]
        assert "Canary" not in answer.text
