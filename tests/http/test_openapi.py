"""The OpenAPI description is valid, tells the truth about calls and answers, and finds no fault in the service."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from tests.http.calls import SCIATICA, order_sign, patient_view, searchset

Json = dict[str, Any]


@pytest.fixture(scope="module")
def described(app: Flask) -> Json:
    return app.test_client().get("/openapi.json").json


def faults(described: Json, name: str, value: Any) -> list[str]:
    """What a schema of the description says against a value."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": described["components"]}
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(value)]


def test_every_endpoint_of_the_protocol_is_described(described: Json, client: FlaskClient) -> None:
    assert described["openapi"].startswith("3.1")
    for service in client.get("/cds-services").json["services"]:
        assert f"/cds-services/{service['id']}" in described["paths"]
        assert f"/cds-services/{service['id']}/feedback" in described["paths"]
    assert {"/evaluate", "/check", "/health", "/cds-services"} <= set(described["paths"])


def test_calls_and_answers_are_as_described(described: Json, client: FlaskClient) -> None:
    assert faults(described, "Discovery", client.get("/cds-services").json) == []
    assert faults(described, "PatientViewCall", patient_view()) == []
    assert faults(described, "OrderSignCall", order_sign()) == []
    assert faults(described, "OrderSignCall", patient_view())
    for body, path in ((patient_view(), "patient-view"), (order_sign(), "order-sign")):
        answer = client.post(f"/cds-services/sciatica-{path}", json=body)
        assert answer.json["cards"]
        assert faults(described, "Answer", answer.json) == []
    assert faults(described, "Evaluation", client.post("/evaluate", json=searchset(SCIATICA)).json) == []
    assert faults(described, "Outcome", client.post("/check", json=patient_view()).json) == []
    assert faults(described, "Outcome", client.post("/check", json={}).json) == []
    refused = client.post("/cds-services/sciatica-patient-view", json={})
    assert faults(described, "Outcome", refused.json) == []


MOST_BYTES = 60_000


def test_every_endpoint_has_a_light_page_that_loads_nothing_from_elsewhere(
    described: Json, client: FlaskClient
) -> None:
    index = client.get("/docs")
    names = [one["operationId"] for path in described["paths"].values() for one in path.values()]
    for path in described["paths"]:
        assert f"<code>{path}</code>" in index.text
    shapes = client.get("/docs/shapes")
    for name in described["components"]["schemas"]:
        assert f'id="{name}"' in shapes.text
    for page in (index, shapes, *(client.get(f"/docs/{name}") for name in names)):
        assert (page.status_code, page.mimetype) == (200, "text/html")
        assert len(page.data) <= MOST_BYTES
        assert "<script" not in page.text
        assert "style-src 'self'" in page.headers["Content-Security-Policy"]
        led = {one.partition("#")[0] for one in re.findall(r'(?:href|src)="(/[^"]*)', page.text)} - {"/", "/docs/"}
        assert led <= {"/docs", "/docs/shapes", "/docs/style.css", "/openapi.json", "/start", "/rules"} | {
            f"/docs/{name}{file}" for name in names for file in ("", "/body.json", "/answer.json")
        }
    assert client.get("/docs/style.css").mimetype == "text/css"
    assert client.get("/docs/evaluation").status_code == 404


def test_links_to_shapes_lead_to_them(described: Json, client: FlaskClient) -> None:
    page = client.get("/docs/shapes").text + client.get("/docs/evaluate").text
    assert set(re.findall(r'href="/docs/shapes#([^"]+)', page)) <= set(described["components"]["schemas"])


def test_an_example_of_the_pages_can_be_sent_as_it_is(client: FlaskClient) -> None:
    body = client.get("/docs/evaluate/body.json")
    page = unescape(client.get("/docs/evaluate").text)
    (target,) = re.findall(r"curl .* '?http://localhost(/evaluate[^'<]*)'?<", page)
    answer = client.post(target, data=body.data, content_type="application/json")
    assert answer.json["cards"]
    assert client.get("/docs/evaluate/answer.json").json.keys() == answer.json.keys()
    assert client.get("/docs/health/body.json").status_code == 404


IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def lasting(value: Any) -> Any:
    """An answer without what is new each time: ids, times, and the text made of them."""
    if isinstance(value, dict):
        return {name: lasting(one) for name, one in value.items() if name not in ("id", "authoredOn", "now")}
    if isinstance(value, list):
        return [lasting(one) for one in value]
    return IDS.sub("", value) if isinstance(value, str) else value


def test_every_example_of_the_description_is_answered_as_it_says(described: Json, client: FlaskClient) -> None:
    sent = []
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            values = {one["name"]: one["example"] for one in operation.get("parameters", []) if "example" in one}
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            assert method == "get" or body is not None
            answer = client.open(path.format(**values), method=method, json=None if body is None else body["example"])
            assert answer.status_code == 200, (path, answer.get_data(as_text=True))
            (shown, *_) = operation["responses"]["200"]["content"].values()
            if "example" in shown and path != "/cds-services":
                assert lasting(answer.get_json()) == lasting(shown["example"]), path
            sent.append(operation["operationId"])
    assert len(sent) == len(set(sent))
    assert len(sent) >= 24


def test_examples_bring_a_card_and_keep_to_their_schemas(described: Json) -> None:
    for path, operations in described["paths"].items():
        body = operations.get("post", {}).get("requestBody", {}).get("content", {}).get("application/json", {})
        if "$ref" in body.get("schema", {}):
            assert faults(described, body["schema"]["$ref"].split("/")[-1], body["example"]) == [], path
    for path in ("/cds-services/sciatica-patient-view", "/evaluate"):
        answer = described["paths"][path]["post"]["responses"]["200"]
        assert answer["content"]["application/json"]["example"]["cards"]


def test_the_server_of_the_description_is_the_public_one(described: Json) -> None:
    from service import create_app
    from service.config import Settings

    assert described["servers"] == [{"url": "/"}]
    app = create_app(Settings(public_url="https://cds.example.org/sciatica/", log_level="error"))
    assert app.test_client().get("/openapi.json").json["servers"] == [{"url": "https://cds.example.org/sciatica"}]
