"""Every kind of bad call that breaks other services, over real HTTP against the shipped rules.

For each: a status the integrator can act on, a body that says what is wrong, never a 500, never an answer that looks
like an all-clear although something could not be known, and a service that is still there afterwards.
"""

from __future__ import annotations

import copy
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from werkzeug.serving import make_server

from service import create_app
from service.config import Settings
from service.knowledge.model import Knowledge
from tests.ehr.answering import OUTCOME, Fault
from tests.ehr.server import SimulatedEhr
from tests.http.calls import IBUPROFEN, PATIENT, SCIATICA, WARFARIN, order_sign, patient_view, searchset
from tests.thoroughness import some_of

PUBLIC = "https://cds.example.org/api"
VIEW, SIGN = "/cds-services/sciatica-patient-view", "/cds-services/sciatica-order-sign"
BUDGET_SECONDS = 1.0

Json = dict[str, Any]


@dataclass
class Place:
    """A running service, and the EHR whose FHIR server it may ask."""

    ehr: SimulatedEhr
    address: str
    port: int

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        kind = {"Content-Type": "application/json"} if body is not None else {}
        with httpx2.Client(trust_env=False) as client:
            return client.request(method, self.address + path, content=data, headers=kind | headers, timeout=20)

    def post(self, path: str, body: Any, **headers: str) -> httpx2.Response:
        return self.send("POST", path, body, **headers)


@pytest.fixture(scope="module")
def ehr() -> Iterator[SimulatedEhr]:
    with SimulatedEhr() as running:
        running.keep(PATIENT, SCIATICA, WARFARIN)
        yield running


def running(ehr: SimulatedEhr, knowledge: Knowledge, **settings: Any) -> Iterator[Place]:
    chosen = Settings(
        log_level="error",
        fetch_servers=(ehr.fhir_server,),
        fetch_budget_ms=int(BUDGET_SECONDS * 1000),
        fetch_max_bytes=1_000_000,
        **settings,
    )
    server = make_server("127.0.0.1", 0, create_app(chosen, knowledge), threaded=True)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield Place(ehr, f"http://127.0.0.1:{server.port}", server.port)
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def place(ehr: SimulatedEhr, knowledge: Knowledge) -> Iterator[Place]:
    yield from running(ehr, knowledge)


@pytest.fixture(scope="module")
def guarded(ehr: SimulatedEhr, knowledge: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The service with authentication, below a path prefix."""
    folder = tmp_path_factory.mktemp("trust")
    (folder / "issuers.json").write_text(json.dumps({"issuers": [{"iss": ehr.iss, "jku": ehr.jku}]}))
    yield from running(
        ehr,
        knowledge,
        authentication="required",
        public_url=PUBLIC,
        path_prefix="/api",
        issuers=folder / "issuers.json",
        replay_store=folder / "replay.db",
    )


@pytest.fixture(autouse=True)
def still_there(place: Place) -> Iterator[None]:
    """After every bad call a good one is answered well."""
    place.ehr.faults.clear()
    yield
    place.ehr.faults.clear()
    answer = place.post(SIGN, order_sign())
    assert answer.status_code == 200
    assert answer.json()["cards"]


def refused(answer: httpx2.Response, status: int) -> str:
    """The text of an error that an integrator can read."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    body = answer.json()
    assert body["resourceType"] == "OperationOutcome"
    return " ".join(issue["details"]["text"] for issue in body["issue"])


def said(answer: httpx2.Response) -> str:
    """The whole text of the cards of an answer."""
    assert answer.status_code == 200, answer.text
    return " ".join(f"{card['summary']} {card.get('detail', '')}" for card in answer.json()["cards"])


def fetching(place: Place, **changes: Any) -> Json:
    """order-sign without any prefetch: everything has to be fetched."""
    body = order_sign() | {
        "fhirServer": place.ehr.fhir_server,
        "fhirAuthorization": place.ehr.fhir_authorization("p1"),
    }
    del body["prefetch"]
    return body | changes


@pytest.mark.requirement("RP-2", "SC-2", "SC-5")
def test_no_prefetch(place: Place) -> None:
    body = patient_view()
    del body["prefetch"]
    assert "prefetch.patient" in refused(place.post(VIEW, body), 412)
    ordered = order_sign()
    del ordered["prefetch"]
    assert "interactions not checked" in said(place.post(SIGN, ordered))


@pytest.mark.requirement("RP-5", "SC-5")
def test_every_key_null(place: Place) -> None:
    keys = order_sign()["prefetch"]
    answer = place.post(SIGN, order_sign() | {"prefetch": dict.fromkeys(keys)})
    assert answer.status_code == 200
    view = place.post(VIEW, patient_view(prefetch={"patient": None, "conditions": None}))
    assert view.status_code in {200, 412}


@pytest.mark.requirement("RQ-13")
def test_two_patients(place: Place) -> None:
    other = {**PATIENT, "id": "p2"}
    theirs = {**WARFARIN, "subject": {"reference": "Patient/p2"}}
    body = order_sign(medications=searchset(theirs), patient=PATIENT)
    assert "anticoagulant" not in " ".join(card["summary"] for card in place.post(SIGN, body).json()["cards"])
    assert "several patients" in refused(place.post("/evaluate", searchset(PATIENT, other, SCIATICA)), 400)


@pytest.mark.requirement("RQ-11", "RQ-13")
@pytest.mark.parametrize("named", ["p2", "Patient/p2"])
def test_the_patient_of_the_context_differs_from_the_data(place: Place, named: str) -> None:
    body = patient_view()
    body["context"]["patientId"] = named
    assert "not the patient of the call" in refused(place.post(VIEW, body), 400)


@pytest.mark.requirement("RQ-2")
def test_another_hook_than_the_services(place: Place) -> None:
    assert "it answers order-sign" in refused(place.post(SIGN, patient_view()), 400)


@pytest.mark.requirement("RQ-2", "RQ-3", "RQ-4")
@pytest.mark.parametrize("name", ["hookInstance", "context", "hook"])
def test_a_missing_member(place: Place, name: str) -> None:
    body = patient_view()
    del body[name]
    assert f"{name}: is missing" in refused(place.post(VIEW, body), 400)


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Condition", "code": "M54.31", "subject": 7},
        {"resourceType": "Condition", "code": {"coding": {"code": []}}, "subject": {"reference": ["x"]}},
        {"resourceType": "MedicationRequest", "medicationCodeableConcept": "warfarin", "status": {}},
        {"resourceType": 7},
        {"resourceType": "Condition", "onsetDateTime": "2026-99-99", "subject": {"reference": "Patient/p1"}},
        "text",
        None,
        [],
    ],
)
def test_a_malformed_resource_costs_only_itself(place: Place, resource: Any) -> None:
    body = order_sign()
    whole = said(place.post(SIGN, body))
    body["prefetch"]["conditions"]["entry"].insert(0, {"resource": resource})
    assert "anticoagulant" in whole.lower()
    assert "anticoagulant" in said(place.post(SIGN, body)).lower()


@pytest.mark.requirement("RP-8")
def test_only_the_first_page(place: Place) -> None:
    page = searchset() | {"link": [{"relation": "next", "url": f"{place.ehr.fhir_server}/MedicationRequest?page=2"}]}
    whole = said(place.post(SIGN, order_sign(medications=searchset(), statements=searchset())))
    part = said(place.post(SIGN, order_sign(medications=page)))
    assert len(part) > len(whole), "what the other pages hold is not known, and that is said"


@pytest.mark.requirement("RP-3", "SC-5")
def test_an_operation_outcome_in_place_of_data(place: Place) -> None:
    whole = said(place.post(SIGN, order_sign(medications=searchset(), statements=searchset())))
    for sent in (OUTCOME, searchset(OUTCOME)):
        assert len(said(place.post(SIGN, order_sign(medications=sent)))) > len(whole)


@pytest.mark.requirement("FA-8", "PE-1", "RP-2", "SC-5")
@pytest.mark.parametrize("fault", [Fault.SLOW, Fault.DRIP, Fault.HUGE, Fault.ENDLESS, Fault.REDIRECT, Fault.HTML])
def test_a_fhir_server_that_is_slow_huge_redirecting_or_answers_html(place: Place, fault: Fault) -> None:
    place.ehr.faults["MedicationRequest"] = fault
    answer = place.post(SIGN, fetching(place))
    assert said(answer), "what could not be had is said"
    assert answer.elapsed.total_seconds() < BUDGET_SECONDS + 2
    assert not [seen for seen in place.ehr.seen if "elsewhere" in seen.path]


@pytest.mark.requirement("RP-2", "SC-5")
def test_a_fhir_server_that_is_down(place: Place) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{taken.getsockname()[1]}/fhir"
        answer = place.post(SIGN, fetching(place, fhirServer=dead))
    assert said(answer)
    body = patient_view(fhirServer=dead, fhirAuthorization=place.ehr.fhir_authorization("p1"))
    del body["prefetch"]
    refused(place.post(VIEW, body), 412)


@pytest.mark.requirement("JW-7", "JW-8", "SE-7", "DI-12")
def test_a_token_that_is_expired_or_used_before(guarded: Place) -> None:
    aud = f"{PUBLIC}{SIGN}"
    good = guarded.ehr.token(aud)
    assert guarded.post(f"/api{SIGN}", order_sign(), Authorization=f"Bearer {good}").status_code == 200
    for token in (good, guarded.ehr.token(aud, exp=1), guarded.ehr.token(aud, iat=1, exp=2)):
        answer = guarded.post(f"/api{SIGN}", order_sign(), Authorization=f"Bearer {token}")
        assert answer.status_code == 401
        assert answer.json()["resourceType"] == "OperationOutcome"
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert guarded.send("GET", "/api/cds-services").status_code == 401


@pytest.mark.requirement("TR-1", "SC-3")
@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (json.dumps(patient_view()).encode(), "text/plain", 415),
        (json.dumps(patient_view()).encode(), "application/xml", 415),
        (json.dumps(patient_view()).encode(), "application/json; charset=latin-1", 415),
        (json.dumps(patient_view()).encode()[:-5], "application/json", 400),
        (b"", "application/json", 400),
        (json.dumps(patient_view(x=float("nan"))).encode(), "application/json", 400),
        (b'{"hook": "patient-view", "hook": "order-sign"}', "application/json", 400),
        (b'{"a": "' + b"x" * 20_000_000 + b'"}', "application/json", 413),
        (b"[" * 1_000_000, "application/json", 400),
        (b'{"a":' * 100_000, "application/json", 400),
    ],
    ids=[
        "text",
        "xml",
        "latin-1",
        "truncated",
        "empty",
        "nan",
        "duplicate-keys",
        "20-MB",
        "depth-array",
        "depth-object",
    ],
)
def test_a_body_that_is_no_good_json(place: Place, body: bytes, kind: str, status: int) -> None:
    refused(place.post(VIEW, body, **{"Content-Type": kind}), status)


@pytest.mark.requirement("RQ-1")
def test_an_unknown_service_and_the_wrong_method(place: Place) -> None:
    assert "GET /cds-services lists" in refused(place.post("/cds-services/unknown", patient_view()), 404)
    answer = place.send("GET", VIEW)
    refused(answer, 405)
    assert "POST" in answer.headers["Allow"]


def test_a_trailing_slash_and_head(place: Place) -> None:
    assert place.send("GET", "/cds-services/").json() == place.send("GET", "/cds-services").json()
    assert place.post(f"{VIEW}/", patient_view()).status_code == 200
    head = place.send("HEAD", "/cds-services")
    assert (head.status_code, head.content) == (200, b"")
    assert place.send("HEAD", VIEW).status_code == 405


@pytest.mark.requirement("DI-1")
def test_a_path_below_a_prefix(guarded: Place) -> None:
    token = guarded.ehr.token(f"{PUBLIC}/cds-services")
    listed = guarded.send("GET", "/api/cds-services", Authorization=f"Bearer {token}")
    assert listed.json()["services"]
    refused(guarded.send("GET", "/apiary/cds-services"), 404)


@pytest.mark.requirement("TR-7")
@pytest.mark.parametrize("text", ["µ ≥ é ß 漢字", "\U0001f9b4", "\u202eevil", "a\u0000b", "\ud83d", "<b>&amp;"])
def test_letters_of_any_language(place: Place, text: str) -> None:
    body = order_sign()
    body["prefetch"]["conditions"]["entry"][0]["resource"]["code"]["text"] = text
    body["context"]["draftOrders"]["entry"][0]["resource"]["medicationCodeableConcept"]["text"] = text
    answer = place.post(SIGN, body)
    assert answer.status_code in ({400} if "\ud83d" in text else {200})
    if answer.status_code == 200:
        assert "<b>" not in said(answer)


def hang_up(place: Place, sent: Callable[[socket.socket, bytes], None]) -> None:
    body = json.dumps(order_sign()).encode()
    head = f"POST {SIGN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", place.port), timeout=5) as connection:
        sent(connection, head.encode() + body)


@pytest.mark.parametrize("part", [0.1, 0.5, 0.99, 1.0], ids=lambda part: f"after-{part:.0%}")
def test_an_ehr_that_hangs_up(place: Place, part: float) -> None:
    for _ in range(3):
        hang_up(place, lambda connection, whole: connection.sendall(whole[: int(len(whole) * part)]))


def test_an_order_that_nobody_knows(place: Place) -> None:
    order = copy.deepcopy(IBUPROFEN)
    order["medicationCodeableConcept"] = {"coding": [{}], "text": "xyzzy"}
    assert "not assessed" in said(place.post(SIGN, order_sign(order))).lower()


@pytest.mark.corpus
@pytest.mark.requirement("RQ-10")
def test_what_others_published_breaks_nothing(place: Place, test_data: Path) -> None:
    for file in some_of(sorted((test_data / "fhir" / "hooks" / "request").glob("*.json")), 3):
        body = file.read_bytes()
        hook = json.loads(body).get("hook") if body.rstrip().endswith(b"}") and _is_json(body) else None
        path = SIGN if hook in {"order-sign", "order-select"} else VIEW
        assert place.post(path, body).status_code in {200, 400, 412, 422}, file.name


def _is_json(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False
