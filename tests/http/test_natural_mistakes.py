"""Mistakes that people make when they begin: each is answered with one sentence by which they can go on."""

from __future__ import annotations

import base64
import json
import socket
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry
from prometheus_client.registry import Collector

from service.cli.main import group
from service.errors import KnowledgeError, SettingsError, StoreError
from service.review.signatures import trusted_keys
from service.store.database import Database, store_url
from service.store.keys import read_keyring
from service.web.metrics import serve
from tests.store.service import SMALL_RULES

CHART = json.dumps(
    {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {"resourceType": "Patient", "id": "p"}}]}
).encode()
CALL: dict[str, Any] = {
    "hook": "patient-view",
    "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
    "context": {"userId": "Practitioner/1", "patientId": "p"},
}


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/cds-services/sciatica-patient-view", CHART, 400, "POST a FHIR Bundle to /evaluate"),
        ("/evaluate", json.dumps(CALL).encode(), 400, "a CDS Hooks call goes to /cds-services/{id}"),
        ("/cds-services/order-sign", b"{}", 404, "did you mean /cds-services/sciatica-order-sign?"),
        ("/cds-services/sciatica-ordersign", b"{}", 404, "did you mean /cds-services/sciatica-order-sign?"),
        ("/cds-services/canary", b"{}", 404, "GET /cds-services lists what is"),
        ("/evaluate", CHART.replace(b'"Bundle"', b'"bundle"'), 400, "did you mean Bundle? Letter case counts"),
        ("/evaluate", b'{"resourceType": "Patient"}\n{"resourceType": "Condition"}', 400, "is NDJSON"),
        ("/evaluate", b"\x1f\x8b\x08\x00abc", 400, "is packed (gzip) (unpack it first)"),
        ("/evaluate", base64.b64encode(CHART), 400, "looks base64-encoded (send the JSON itself"),
        ("/evaluate", b'"' + base64.b64encode(CHART) + b'"', 400, "looks base64-encoded (send the JSON itself"),
        ("/evaluate", json.dumps(CHART.decode()).encode(), 400, "is JSON within a text (it was encoded twice"),
        ("/evaluate", str(json.loads(CHART)).encode(), 400, "is written with single quotes"),
        ("/evaluate", b"%PDF-1.7 abc", 400, "is a PDF (the data behind it"),
        ("/evaluate", b"MSH|^~\\&|LAB|H|||2026||ORU^R01|1|P|2.5\r", 400, "is an HL7 version 2 message"),
        ("/evaluate", b"patient,code\np,canary\n", 400, "is a table (CSV)"),
        (
            "/cds-services/sciatica-patient-view",
            json.dumps(CALL | {"context": {"user": "Practitioner/1", "patient": "canary"}}).encode(),
            400,
            "context.userId: is missing (user was sent)",
        ),
        ("/evaluate", b"<!DOCTYPE html><html>", 400, "is HTML"),
        ("/openapi.yaml", b"{}", 404, "did you mean /openapi.json?"),
        ("/evaluate", b'<Bundle xmlns="http://hl7.org/fhir"/>', 400, "is XML"),
        ("/evaluate", CHART.decode().encode("utf-16"), 400, "save it as UTF-8"),
        ("/evaluate", CHART.decode().encode("utf-16-be"), 400, "save it as UTF-8"),
        ("/evaluate?now=24.11.2026", CHART, 400, "for example 2026-11-24T10:00:00Z"),
        ("/evaluate?hook=order-sing", CHART, 400, "did you mean order-sign?"),
        ("/evaluate?complete=observations", CHART, 400, "did you mean Observation?"),
        ("/evaluate?nwo=2026-11-24", CHART, 400, "did you mean now?"),
        ("/evaluate", b'{"resourceType": "Parameters"}', 400, "send the Bundle itself"),
        ("/cds-service/sciatica-patient-view", b"{}", 404, "did you mean /cds-services/{id}?"),
        ("/feedback", b"{}", 404, "goes to /cds-services/{id}/feedback"),
        ("/metrics", b"{}", 404, "SCIATICA_CDS_METRICS_BIND"),
        ("/healthz", b"{}", 404, "did you mean /health?"),
        ("/canary", b"{}", 404, "GET /cds-services lists what is"),
        ("/cds-services", b"{}", 405, "GET is; a call is a POST to /cds-services/{id}"),
        ("/health", b"{}", 405, "GET is"),
    ],
)
def test_a_mistake_is_answered_with_what_to_do(
    client: FlaskClient, path: str, body: bytes, status: int, said: str
) -> None:
    answer = client.post(path, data=body, content_type="application/json")
    assert answer.status_code == status
    result = " ".join(issue["details"]["text"] for issue in answer.get_json()["issue"])
    assert said in result
    assert "canary" not in result


def test_an_order_call_without_any_content_names_the_usual_causes(client: FlaskClient) -> None:
    bare = CALL | {"hook": "order-sign"}
    (issue,) = client.post("/cds-services/sciatica-order-sign", json=bare).get_json()["issue"]
    assert (
        "is the URL exactly the registered one, and the scope for unsigned orders granted?" in issue["details"]["text"]
    )
    with_prefetch = bare | {"prefetch": {"patient": {"resourceType": "Patient", "id": "p"}}}
    (issue,) = client.post("/cds-services/sciatica-order-sign", json=with_prefetch).get_json()["issue"]
    assert issue["details"]["text"] == "context.draftOrders: is missing"


def test_orders_in_a_list_are_told_to_belong_into_a_bundle(client: FlaskClient) -> None:
    call = CALL | {"hook": "order-sign", "context": CALL["context"] | {"draftOrders": []}, "prefetch": {"x": {}}}
    (issue,) = client.post("/cds-services/sciatica-order-sign", json=call).get_json()["issue"]
    assert "context.draftOrders: must be a Bundle of orders" in issue["details"]["text"]


def test_a_get_where_a_post_is_meant_and_a_compressed_body_say_what_would_be_right(client: FlaskClient) -> None:
    (issue,) = client.get("/cds-services/sciatica-patient-view").get_json()["issue"]
    assert "(POST is)" in issue["details"]["text"]
    packed = client.post(
        "/evaluate", data=b"x", headers={"Content-Encoding": "gzip", "Content-Type": "application/json"}
    )
    assert "(send it as it is)" in packed.get_json()["issue"][0]["details"]["text"]


def test_a_page_that_is_not_there_names_those_with_nearly_its_name(client: FlaskClient) -> None:
    result = client.get("/rules/sf-nsaid-anticoagulent.json")
    assert result.status_code == 404
    assert "sf-nsaid-anticoagulant" in result.get_json()["near"]


def test_a_resource_sent_as_a_text_is_told_apart_from_one_that_is_none(client: FlaskClient) -> None:
    call = CALL | {"prefetch": {"patient": json.dumps({"resourceType": "Patient", "id": "p"}), "conditions": []}}
    result = client.post("/check", json=call).get_data(as_text=True)
    assert "a text: the resource itself is meant, not JSON within a text" in result
    assert "a list: a Bundle is meant" in result


def test_a_misspelt_prefetch_key_is_told_by_the_check(client: FlaskClient) -> None:
    call = CALL | {"prefetch": {"pateint": {"resourceType": "Patient", "id": "p"}}}
    result = client.post("/check", json=call).get_data(as_text=True)
    assert "was not asked for here (did you mean patient?)" in result


@pytest.mark.parametrize(
    ("content", "options", "code", "said"),
    [
        (b"<Bundle/>", [], 1, "is XML"),
        (CHART.decode().encode("utf-16"), [], 1, "save it as UTF-8"),
        (b'{"resourceType": "bundle"}', [], 1, "did you mean Bundle?"),
        (CHART, ["--complete", "observations"], 2, "did you mean Observation?"),
    ],
)
def test_the_command_line_says_the_same_and_ends_with_a_code(
    tmp_path: Any, content: bytes, options: list[str], code: int, said: str
) -> None:
    file = tmp_path / "chart.json"
    file.write_bytes(content)
    done = CliRunner().invoke(group, ["evaluate", str(file), *options])
    result = done.output + str(getattr(done.exception, "issues", ""))
    assert done.exit_code == code
    assert said in result


def test_the_shipped_stories_are_not_asked_of_another_rule_set() -> None:
    done = CliRunner().invoke(group, ["test", "--rules", str(SMALL_RULES)])
    assert done.exit_code == 0
    assert "the shipped ones are for the rule set sciatica-cds (--stories names others)" in done.output
    assert "0 stories, 0 differing" in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["prove", "--invariant", "no-hiden-conflict"], "there is no invariant no-hiden-conflict"),
        (["propose-examples", "sf-nsaid-egfr-below-3"], "did you mean sf-nsaid-egfr-below-30"),
        (["request", "--rule", "sf-nsaid-egfr-below-3"], "did you mean sf-nsaid-egfr-below-30"),
        (["check", "reqest", "x"], "Did you mean"),
        (["evaluat", "x"], "Did you mean evaluate"),
        (["show", "sf-nsaid-egfr-below-3"], "did you mean sf-nsaid-egfr-below-30"),
        (["approve", "sf-nsaid-anticoagulant", "--by", "Jane"], "name and role are meant"),
        (["recall", "--patient", "p", "--since", "2026-03-02", "--until", "2026-03-01"], "it lies after --since"),
        (["radar", "--days", "0"], "is not in the range"),
        (["recall", "canary"], "what it takes has a name: --patient ID, --decision ID"),
        (["store", "expire"], "say either --older-than DAYS or --before DAY"),
        (["check", "service", "ftp://x"], "must be an http or https address"),
    ],
)
def test_a_word_that_is_wrong_ends_with_2_and_says_what_would_be_right(words: list[str], said: str) -> None:
    done = CliRunner().invoke(group, words)
    assert done.exit_code == 2
    assert said in done.output


def test_a_database_that_cannot_be_reached_says_where_to_look_and_not_what_was_asked() -> None:
    database = Database(store_url("postgresql://canary@127.0.0.1:1/none"), wait_seconds=1)
    with pytest.raises(StoreError) as refused, database.reading():
        pass
    assert "PostgreSQL cannot be reached or lets nobody in: see SCIATICA_CDS_STORE_URL" in str(refused.value)
    assert "canary" not in str(refused.value)


def test_an_address_for_figures_that_is_taken_is_told_with_its_setting() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(SettingsError, match=f"SCIATICA_CDS_METRICS_BIND is {address}: Address already in use"):
            serve(address, Nothing(), CollectorRegistry())


def test_files_of_keys_say_what_belongs_into_them(tmp_path: Path) -> None:
    trusted, own = tmp_path / "trusted", tmp_path / "store-keys.json"
    trusted.write_text("-----BEGIN PUBLIC KEY-----", encoding="utf-8")
    own.write_text("{}", encoding="utf-8")
    with pytest.raises(KnowledgeError, match="needs lines of a name and a key"):
        trusted_keys(trusted)
    with pytest.raises(StoreError, match="does not hold what was written there: put its backup back"):
        read_keyring(own)


class Nothing(Collector):
    def collect(self) -> list[Any]:
        return []
