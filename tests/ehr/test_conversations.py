"""Whole conversations of the simulated EHR with the service, over real HTTP: discovery, hook, fetch, card, feedback."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from werkzeug.serving import make_server

from service import create_app
from service.config import Settings
from service.knowledge.loader import load
from service.protocol.feedback import InMemoryFeedback
from tests.conftest import PROJECT
from tests.ehr.answering import ACCESS_TOKEN, Fault
from tests.ehr.server import SimulatedEhr
from tests.http.calls import PATIENT, SCIATICA, WARFARIN, order_sign

PUBLIC = "https://cds.example.org/api"
RULES = PROJECT / "tests" / "rules_valid"


@dataclass
class Service:
    """The service as the EHR reaches it, and the feedback that arrived."""

    ehr: SimulatedEhr
    address: str
    feedback: InMemoryFeedback

    def send(self, method: str, path: str, body: Any = None, token: str | None = None) -> httpx2.Response:
        """One call with a token for exactly this endpoint, unless another is given."""
        bearer = self.ehr.token(f"{PUBLIC}{path}") if token is None else token
        headers = {"Authorization": f"Bearer {bearer}"}
        with httpx2.Client(trust_env=False) as client:
            return client.request(method, f"{self.address}{path}", json=body, headers=headers, timeout=10)


@pytest.fixture
def ehr() -> Iterator[SimulatedEhr]:
    with SimulatedEhr() as running:
        running.keep(PATIENT, SCIATICA, WARFARIN)
        yield running


@pytest.fixture
def service(ehr: SimulatedEhr, tmp_path: Path) -> Iterator[Service]:
    issuers = tmp_path / "issuers.json"
    issuers.write_text(json.dumps({"issuers": [{"iss": ehr.iss, "jku": ehr.jku, "fhir_servers": [ehr.fhir_server]}]}))
    settings = Settings(
        rules=RULES,
        public_url=PUBLIC,
        authentication="required",
        issuers=issuers,
        replay_store=tmp_path / "replay.db",
        fetch_budget_ms=1500,
    )
    feedback = InMemoryFeedback()
    app = create_app(settings, load(RULES), feedback=feedback)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield Service(ehr, f"http://127.0.0.1:{server.port}", feedback)
    server.shutdown()
    server.server_close()


def call(ehr: SimulatedEhr, **changes: Any) -> dict[str, Any]:
    """order-sign of ibuprofen without any prefetch: everything has to be fetched."""
    body = order_sign()
    del body["prefetch"]
    return body | {"fhirServer": ehr.fhir_server, "fhirAuthorization": ehr.fhir_authorization("p1")} | changes


def summaries(response: httpx2.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [card["summary"] for card in response.json()["cards"]]


def order_service(service: Service) -> str:
    offered = service.send("GET", "/cds-services").json()["services"]
    return next(f"/cds-services/{one['id']}" for one in offered if one["hook"] == "order-sign")


def test_from_discovery_over_fetched_data_and_a_card_to_its_feedback(service: Service, ehr: SimulatedEhr) -> None:
    path = order_service(service)
    answer = service.send("POST", path, call(ehr))
    assert summaries(answer)
    assert {query.split("?")[0] for query in ehr.queries()} >= {"Patient/p1", "Condition", "MedicationRequest"}
    card = next(one for one in answer.json()["cards"] if one.get("suggestions"))
    report = {
        "card": card["uuid"],
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": card["suggestions"][0]["uuid"]}],
        "outcomeTimestamp": "2026-11-24T10:05:31Z",
    }
    taken = service.send("POST", f"{path}/feedback", {"feedback": [report]})
    assert taken.status_code == 200
    (stored,) = service.feedback.items
    assert (stored.card, stored.issuer) == (card["uuid"], ehr.iss)


@pytest.mark.requirement("PF-6")
def test_pf6_fetched_and_prefetched_data_give_the_same_cards(service: Service, ehr: SimulatedEhr) -> None:
    path = order_service(service)
    fetched = summaries(service.send("POST", path, call(ehr)))
    assert fetched == summaries(service.send("POST", path, order_sign()))


@pytest.mark.requirement("SC-5")
@pytest.mark.parametrize("fault", [Fault.ERROR, Fault.HTML, Fault.UNAUTHORIZED, Fault.REDIRECT, Fault.OUTCOME])
def test_sc5_one_list_that_cannot_be_had_is_named_and_the_rest_is_used(
    service: Service, ehr: SimulatedEhr, fault: Fault
) -> None:
    ehr.faults["MedicationRequest"] = fault
    answer = service.send("POST", order_service(service), call(ehr))
    assert answer.status_code == 200
    assert answer.json()["cards"], "what was not assessed must be said"


@pytest.mark.requirement("RP-2")
def test_rp2_an_ehr_that_is_down_is_not_an_all_clear(service: Service, ehr: SimulatedEhr) -> None:
    path = order_service(service)
    token = ehr.token(f"{PUBLIC}{path}")
    ehr.faults |= dict.fromkeys(["Patient", "Condition", "MedicationRequest", "Observation"], Fault.ERROR)
    answer = service.send("POST", path, call(ehr), token)
    assert answer.status_code == 412 or answer.json()["cards"]


@pytest.mark.requirement("SE-7")
def test_se7_a_refusal_names_what_failed_and_nothing_of_the_token(service: Service, ehr: SimulatedEhr) -> None:
    path = order_service(service)
    used = ehr.token(f"{PUBLIC}{path}")
    assert service.send("POST", path, call(ehr), used).status_code == 200
    bad = {
        used: "used before",
        "x.y": "no signed JWT",
        ehr.token(f"{PUBLIC}/canary"): "audience",
        ehr.token(f"{PUBLIC}{path}", exp=1): "expired",
        ehr.token(f"{PUBLIC}{path}", iss="https://canary.example.org"): "issuer",
        ehr.token(f"{PUBLIC}{path}") + "x": "signature",
    }
    for token, named in bad.items():
        answer = service.send("POST", path, call(ehr), token)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
        assert answer.headers["X-Request-Id"]
        (issue,) = answer.json()["issue"]
        assert named in issue["details"]["text"]
        assert "canary" not in answer.text
    with httpx2.Client(trust_env=False) as client:
        without = client.post(f"{service.address}{path}", json=call(ehr))
    assert (without.status_code, without.headers["WWW-Authenticate"]) == (401, "Bearer")


@pytest.mark.requirement("FB-12")
def test_fb12_feedback_takes_a_token_for_its_service_and_for_no_other(service: Service, ehr: SimulatedEhr) -> None:
    path = order_service(service)
    answers = [
        service.send("POST", f"{path}/feedback", {"feedback": []}, token).status_code
        for token in (None, ehr.token(f"{PUBLIC}{path}"), ehr.token(f"{PUBLIC}/cds-services"))
    ]
    assert answers == [200, 200, 401]


@pytest.mark.requirement("FA-3", "SE-8")
def test_fa3_se8_neither_token_reaches_log_or_files(
    service: Service,
    ehr: SimulatedEhr,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    path = order_service(service)
    token = ehr.token(f"{PUBLIC}{path}")
    for _ in range(2):
        service.send("POST", path, call(ehr), token)
    ehr.faults["Condition"] = Fault.TRUNCATED
    service.send("POST", path, call(ehr))
    output = capfd.readouterr()
    result = caplog.text + output.out + output.err
    written = b"".join(one.read_bytes() for one in tmp_path.iterdir())
    for secret in (ACCESS_TOKEN, token, token.split(".")[2], token.split(".")[1]):
        assert secret not in result
        assert secret.encode() not in written
