"""Decisions and statistics as pages: for auditors only, all that is stored, and whether it is as it was written."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text

from service import create_app
from service.config import Settings
from service.errors import SettingsError
from service.security.auditors import auditor_line
from service.testkit.smallest_charts import smallest_call
from tests.http.test_rule_book import Page
from tests.shipped import shipped_knowledge

# Wrong passwords from one address make it wait; the auditor asks from another.
ELSEWHERE = {"REMOTE_ADDR": "192.0.2.7"}
PASSWORD = "correct horse battery"
AUDITOR = {"Authorization": "Basic " + base64.b64encode(f"anna:{PASSWORD}".encode()).decode(), "Accept": "text/html"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def app(folder: Path) -> Iterator[Flask]:
    """A service over a store with two decisions, of which one card was set aside."""
    (folder / "auditors").write_text(auditor_line("anna", PASSWORD) + "\n", encoding="utf-8")
    made = create_app(
        Settings(log_level="error", store="on", data=folder, auditors=folder / "auditors"), shipped_knowledge()
    )
    client = made.test_client()
    client.post("/cds-services/sciatica-patient-view", json=smallest_call("patient-view"))
    cards = client.post("/cds-services/sciatica-order-sign", json=smallest_call("order-sign")).json["cards"]
    card = next(one for one in cards if "eGFR 24" in one["summary"])
    report = {
        "card": card["uuid"],
        "outcome": "overridden",
        "outcomeTimestamp": "2026-11-24T10:00:00Z",
        "overrideReason": {"reason": card["overrideReasons"][0]},
    }
    client.post("/cds-services/sciatica-order-sign/feedback", json={"feedback": [report]})
    store = made.extensions["sciatica-cds.decision-log"].store
    store.drain()
    yield made
    store.close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def listed(client: FlaskClient, query: str = "") -> list[dict[str, Any]]:
    return client.get(f"/decisions.json{query}", headers=AUDITOR).json["decisions"]


@pytest.mark.parametrize("path", ["/decisions", "/decisions.json", "/decisions/x", "/decisions/x.json", "/stats.json"])
def test_kept_decisions_are_for_auditors_only(client: FlaskClient, path: str) -> None:
    wrong = {"Authorization": "Basic " + base64.b64encode(b"anna:wrong password").decode()}
    for headers in ({}, wrong, {"Authorization": "Bearer x"}):
        answer = client.get(path, headers=headers, environ_base=ELSEWHERE)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_without_auditors_there_is_no_such_page(tmp_path: Path) -> None:
    made = create_app(Settings(log_level="error", store="on", data=tmp_path), shipped_knowledge())
    assert made.test_client().get("/decisions").status_code == 404
    assert "Decisions" not in made.test_client().get("/rules").text
    made.extensions["sciatica-cds.decision-log"].store.close()


def test_a_file_of_auditors_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    settings = Settings(log_level="error", store="on", data=tmp_path, auditors=tmp_path / "nobody")
    with pytest.raises(SettingsError, match="AUDITORS"):
        create_app(settings, shipped_knowledge())


def test_the_newest_decision_stands_first_with_what_became_of_its_cards(client: FlaskClient) -> None:
    newest, oldest = listed(client)
    assert (newest["hook"], oldest["hook"]) == ("order-sign", "patient-view")
    assert (newest["overridden"], oldest["overridden"]) == (1, 0)
    assert "sf-nsaid-egfr-below-30" in {rule["id"] for rule in newest["rules"]}


@pytest.mark.parametrize(
    ("query", "hooks"),
    [
        ("?hook=patient-view", ["patient-view"]),
        ("?rule=sf-nsaid-egfr-below-30", ["order-sign"]),
        ("?outcome=overridden", ["order-sign"]),
        ("?outcome=accepted", []),
        ("?until=2001-01-01", []),
        ("?since=2001-01-01", ["order-sign", "patient-view"]),
    ],
)
def test_a_filter_leaves_the_decisions_that_are_asked_for(client: FlaskClient, query: str, hooks: list[str]) -> None:
    assert [one["hook"] for one in listed(client, query)] == hooks


def test_a_decision_tells_cards_findings_reports_proof_and_replay(client: FlaskClient) -> None:
    result = client.get(f"/decisions/{listed(client)[0]['id']}.json", headers=AUDITOR).json
    card = next(card for card in result["cards"] if card["indicator"] == "critical")
    assert "eGFR 24" in card["summary"]
    assert card["feedback"][0]["outcome"] == "overridden"
    assert " " in card["feedback"][0]["reason"], "in words"
    assert result["replay"] == {"same": True, "differences": []}
    assert (result["proof"]["isWhole"], result["proof"]["follows"]) == (True, True)
    assert "24 mL/min/1.73 m²" in {found["value"] for found in result["found"]}
    shown = Page(client.get(f"/decisions/{result['id']}", headers=AUDITOR).text).text
    assert "eGFR 24" in shown
    assert "sciatica-order-sign" in shown


def test_no_word_of_the_record_and_no_name_stands_on_a_page(client: FlaskClient) -> None:
    for path in ("/decisions", f"/decisions/{listed(client)[0]['id']}"):
        shown = client.get(path, headers=AUDITOR).text
        assert "Patient/example" not in shown
        assert "1970" not in shown


def test_a_decision_that_is_not_there_is_not_found(client: FlaskClient) -> None:
    assert client.get("/decisions/nothing", headers=AUDITOR).status_code == 404


def test_statistics_count_what_was_shown_and_set_aside(client: FlaskClient) -> None:
    result = client.get("/stats.json", headers=AUDITOR).json
    (rule,) = [one for one in result["rules"] if one["id"] == "sf-nsaid-egfr-below-30"]
    assert (rule["shown"], rule["overridden"], rule["overrideRate"]) == (1, 1, 1.0)
    assert rule["reasons"][0]["times"] == 1
    (nobody,) = result["clients"]
    assert (nobody["client"], nobody["calls"], nobody["answered"]) == (None, 2, 1)
    assert result["notAssessed"]["decisions"] == 2
    assert result["notAssessed"]["facts"]
    assert "Overridden, by rule and version" in client.get("/stats", headers=AUDITOR).text
    assert client.get("/stats").json["decisions"] == 2, "programs get the counts as before"


def test_the_page_of_a_rule_counts_its_cards_for_those_who_may_see_the_counts(client: FlaskClient) -> None:
    address = "/rules/sf-nsaid-egfr-below-30"
    twin = client.get(f"{address}.json", headers=AUDITOR).json["inUse"]
    (counts,) = twin["rules"]
    assert (counts["shown"], counts["overridden"], counts["answered"]) == (1, 1, 1)
    page = Page(client.get(address, headers=AUDITOR).text)
    assert "1 of 1 of 1" in page.text
    assert counts["reasons"][0]["reason"] in page.text
    assert client.get(f"{address}.json").json["inUse"] is None
    assert "1 of 1 of 1" not in client.get(address).text
    assert client.get("/rules/rf-cauda-equina-suspected.json", headers=AUDITOR).json["inUse"]["rules"] == []


def test_a_row_that_was_changed_is_told_of(client: FlaskClient, folder: Path) -> None:
    name = listed(client)[0]["id"]
    engine = create_engine(f"sqlite:///{folder / 'store.db'}")
    with engine.begin() as connection:
        row = connection.execute(text("select writer, seq, body from ledger where body like :id"), {"id": f"%{name}%"})
        writer, seq, body = row.first()
        spoilt = body.replace("order-sign", "order-tick")
        where = {"writer": writer, "seq": seq}
        connection.execute(
            text("update ledger set body = :body where writer = :writer and seq = :seq"), where | {"body": spoilt}
        )
    result = client.get(f"/decisions/{name}.json", headers=AUDITOR)
    assert result.json["proof"]["isWhole"] is False
    with engine.begin() as connection:
        connection.execute(
            text("update ledger set body = :body where writer = :writer and seq = :seq"), where | {"body": body}
        )
    engine.dispose()
