"""Figures for Prometheus: counted by closed sets, told at an address of their own, added up over workers."""

from __future__ import annotations

import json
import re
import socket
import urllib.request
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from service import create_app
from service.config import Settings
from service.errors import EngineError
from tests.conftest import PROJECT
from tests.store.processes import asked, gunicorn

CHART = (PROJECT / "fhir_examples" / "egfr-25-and-ibuprofen" / "bundle.json").read_text(encoding="utf-8")
ASKED = "/evaluate?hook=order-sign&now=2026-11-24T09:00:00Z"
# What a Prometheus server adds to the name of a counter or histogram.
NAME = re.compile(r"sciatica_cds_[a-z_]+")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def counting() -> Any:
    return create_app(Settings(metrics_bind="127.0.0.1:0", log_level="error"))


def result(app: Any) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = generate_latest(app.extensions["sciatica-cds.observer"].registry).decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_calls_cards_and_refusals_are_counted_by_service_and_rule(counting: Any) -> None:
    client = counting.test_client()
    assert client.post(ASKED, data=CHART, content_type="application/json").status_code == 200
    assert client.post("/evaluate", data="{", content_type="application/json").status_code == 400
    assert client.post("/cds-services/canary", json={}).status_code == 404
    found = result(counting)
    assert found["sciatica_cds_calls_total", (("service", "evaluate"), ("status", "200"))] == 1
    assert found["sciatica_cds_calls_total", (("service", "evaluate"), ("status", "400"))] == 1
    assert found["sciatica_cds_call_seconds_count", (("service", "evaluate"),)] == 1
    cards = {dict(labels)["rule"]: dict(labels) for name, labels in found if name == "sciatica_cds_cards_total"}
    assert cards["sf-nsaid-egfr-below-30"]["indicator"] == "critical"
    assert "canary" not in str(found), "what a request names becomes no label"


def test_an_engine_disagreement_is_counted(counting: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def disagree(*_arguments: Any, **_named: Any) -> None:
        raise EngineError("decision x: the two engines disagree on y")

    monkeypatch.setattr("service.web.routes.answer_bundle", disagree)
    assert counting.test_client().post(ASKED, data=CHART, content_type="application/json").status_code == 500
    assert result(counting)["sciatica_cds_engine_disagreements_total", ()] == 1


def test_a_real_server_tells_the_figures_of_all_its_workers_at_an_address_of_their_own(tmp_path: Path) -> None:
    port = free_port()
    settings = {"SCIATICA_CDS_DATA": str(tmp_path), "SCIATICA_CDS_METRICS_BIND": f"127.0.0.1:{port}"}
    with gunicorn(settings, workers=2) as (service, _):
        for _ in range(6):
            assert asked(service, "POST", ASKED, CHART)[0] == 200
        assert asked(service, "GET", "/metrics")[0] == 404, "figures are not told where clients call"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
    assert 'sciatica_cds_calls_total{service="evaluate",status="200"} 6.0' in text
    assert "sciatica_cds_rules_approved 0.0" in text
    build = r'sciatica_cds_build\{digest="[0-9a-f]{12}",mode="development",ruleset="[^"]+",version="[^"]+"\} 1'
    assert re.search(build, text)


def known_names(app: Any) -> set[str]:
    from service.web.metrics import StateCollector

    services = app.extensions["sciatica-cds.services"]
    state = StateCollector(services, lambda: 0, lambda: date(2026, 11, 29), "1")
    families = {family.name for family in state.collect()}
    for metric in app.extensions["sciatica-cds.observer"].registry.collect():
        families |= {metric.name, f"{metric.name}_total", f"{metric.name}_bucket", f"{metric.name}_count"}
    return families


def test_alerts_and_dashboard_name_only_figures_that_are_told(counting: Any) -> None:
    alerts = yaml.safe_load((PROJECT / "deploy" / "prometheus-alerts.yaml").read_text(encoding="utf-8"))
    dashboard = json.loads((PROJECT / "deploy" / "grafana-dashboard.json").read_text(encoding="utf-8"))
    asked_for = [rule["expr"] for group in alerts["groups"] for rule in group["rules"]]
    asked_for += [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    named = {name for expression in asked_for for name in NAME.findall(expression)}
    assert len(named) > 8
    assert named - known_names(counting) == set()
