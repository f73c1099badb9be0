"""Traces: a span for a request and each part of a call, nothing of a patient in them, and nothing at all when off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from service import spans
from service.web.tracing import traced
from tests.conftest import PROJECT

CHART = (PROJECT / "fhir_examples" / "egfr-25-and-ibuprofen" / "bundle.json").read_bytes()
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def exported(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(client.application, "wsgi_app", traced(client.application.wsgi_app, provider))
    yield exporter
    spans.trace_with(None)
    provider.shutdown()


def ask(client: FlaskClient, body: bytes = CHART) -> Any:
    headers = {"traceparent": PARENT, "Content-Type": "application/json"}
    return client.post("/evaluate?hook=order-sign&now=2026-11-24T09:00:00Z", data=body, headers=headers)


def by_name(exported: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in exported.get_finished_spans()}


def test_a_call_is_a_span_with_its_parts_below_it_in_the_trace_of_the_client(
    client: FlaskClient, exported: InMemorySpanExporter
) -> None:
    assert ask(client).status_code == 200
    found = by_name(exported)
    assert set(found) == {"call", "reading", "engines", "cards"}
    call = found.pop("call")
    assert call.parent is not None
    assert f"{call.parent.trace_id:032x}" == PARENT.split("-")[1]
    assert {part.parent.span_id for part in found.values() if part.parent} == {call.context.span_id}
    assert call.attributes is not None
    assert call.attributes["http.route"] == "/evaluate"
    assert call.attributes["http.response.status_code"] == 200
    assert call.attributes["sciatica_cds.hook"] == "order-sign"


def test_a_hook_call_also_says_how_long_fetching_took(client: FlaskClient, exported: InMemorySpanExporter) -> None:
    call = {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": "canary"},
        "prefetch": {"patient": {"resourceType": "Patient", "id": "canary"}},
    }
    assert client.post("/cds-services/sciatica-patient-view", json=call).status_code == 200
    assert set(by_name(exported)) == {"call", "reading", "fetching", "engines", "cards"}


def test_spans_hold_keys_of_a_closed_list_and_nothing_of_the_chart(
    client: FlaskClient, exported: InMemorySpanExporter
) -> None:
    ask(client, CHART.replace(b'"resourceType"', b'"canary": "canary", "resourceType"'))
    ask(client, b'{"canary":')
    client.get("/rules/canary")
    result = exported.get_finished_spans()
    assert {key for span in result for key in span.attributes or {}} <= spans.ALLOWED
    assert "canary" not in json.dumps([span.to_json() for span in result])
    assert not [event for span in result for event in span.events]


def test_off_a_span_is_one_object_that_does_nothing() -> None:
    assert spans.span("reading") is spans.span("cards") is spans.NOTHING
    spans.note("sciatica_cds.cards", 1)
