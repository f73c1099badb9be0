"""``check-service``: ours passes, and each way to break the protocol is named by the requirement it breaks."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from service.cli.main import group
from service.knowledge.hooks import HOOKS
from service.testkit.service_check.answers import judge_answer
from service.testkit.service_check.conversation import Findings, Reply, check_conversation
from service.testkit.service_check.offers import judge_discovery
from tests.http.calls import IBUPROFEN, order_sign, patient_view

NO_CARD: dict[str, Any] = {"cards": []}
CARD: dict[str, Any] = {
    "uuid": "4e0a3a1e-8f0e-4e0a-9a1e-3a1e8f0e4e0a",
    "summary": "Avoid it.",
    "indicator": "warning",
    "source": {"label": "A guideline", "topic": {"code": "a", "system": "urn:a", "display": "A"}},
}
SERVICE = {"hook": "patient-view", "id": "a", "title": "A", "description": "Says a."}


def through(client: FlaskClient) -> Callable[[str, str, bytes | None], Reply]:
    def send(method: str, path: str, body: bytes | None) -> Reply:
        kind = "application/json" if body is not None else None
        answer = client.open(path, method=method, data=body, content_type=kind)
        return Reply(answer.status_code, answer.content_type or "", answer.data)

    return send


def broken(findings: Findings) -> list[str]:
    return [f"{one.code} {one.path} {one.text}" for one in findings.issues if one.code != "PE-1"]


@pytest.mark.requirement("TR-3", "TR-4", "TR-5", "SO-5", "LI-4", "LI-5", "EX-1", "EX-2", "EX-3", "SY-1", "SY-2", "SY-4")
@pytest.mark.requirement(
    "RQ-8", "RQ-9", "RQ-15", "RP-7", "SC-3", "DI-8", "PF-2", "PF-3", "PF-4", "TK-2", "TK-3", "TK-4"
)
@pytest.mark.requirement("QR-2", "QR-3", "QR-4", "TK-6")
def test_our_own_services_break_nothing(client: FlaskClient) -> None:
    findings = check_conversation(through(client), [patient_view(extension={"org.example.any": 1}), order_sign()])
    assert broken(findings) == []
    assert findings.calls > 30
    assert {"DI-1", "RS-1", "CA-1", "AC-3", "RQ-2", "RP-2", "PE-1"} <= set(findings.looked)


@pytest.mark.parametrize("hook", HOOKS)
def test_a_sample_call_of_every_hook_is_valid(hook: str) -> None:
    from service.protocol.request_schemas import read_call
    from service.record.releases.fhir_classes import Release
    from service.testkit.fhir_validation.resources import check_resources
    from service.testkit.sample_calls import sample_call

    body = sample_call(hook, {"patient": "Patient/{{context.patientId}}", "labs": "Observation?patient=x"})
    assert read_call(body, hook=hook, strict=True).patient_id == body["prefetch"]["patient"]["id"]
    for value in [*body["context"].values(), *body["prefetch"].values()]:
        if isinstance(value, dict):
            assert list(check_resources(value, "x", Release.R4)) == []


def changed(where: str, value: Any) -> dict[str, Any]:
    """A good answer with one member changed, named by its path; ``...`` leaves it out."""
    delete = {"type": "delete", "description": "Remove it", "resourceId": "MedicationRequest/1"}
    create = {"type": "create", "description": "Add it", "resource": copy.deepcopy(IBUPROFEN)}
    card = copy.deepcopy(CARD) | {
        "detail": "Why.",
        "selectionBehavior": "at-most-one",
        "suggestions": [{"label": "Do it", "uuid": CARD["uuid"], "isRecommended": True, "actions": [delete, create]}],
        "overrideReasons": [{"code": "a", "system": "urn:a", "display": "A"}],
        "links": [{"label": "L", "url": "https://example.org/", "type": "absolute"}],
        "extension": {"org.example.a": 1},
    }
    holder: Any = {"cards": [card], "systemActions": [copy.deepcopy(delete)]}
    body = holder
    *path, last = where.split("/")
    for step in path:
        holder = holder[int(step)] if step.isdecimal() else holder[step]
    if value is ...:
        del holder[last]
    else:
        holder[last] = value
    return body


def test_the_answer_that_is_spoilt_below_is_good_itself() -> None:
    assert judge_answer(changed("cards/0/summary", "Good.")) == []


@pytest.mark.parametrize(
    ("requirement", "where", "value"),
    [
        ("RS-1", "cards", ...),
        ("RS-1", "cards", {}),
        ("SC-1", "cards", ["text"]),
        ("TR-3", "cards/0/detail", None),
        ("TR-4", "cards/0/links", []),
        ("TR-4", "cards/0/detail", ""),
        ("CA-1", "cards/0/summary", ...),
        ("CA-1", "cards/0/summary", "x" * 140),
        ("CA-1", "cards/0/summary", "\U0001f600" * 70),
        ("CA-1", "cards/0/summary", "a\nb"),
        ("CA-2", "cards/0/indicator", "hard-stop"),
        ("CA-3", "cards/0/source", ...),
        ("CA-3", "cards/0/source", {"topic": {}}),
        ("CA-4", "cards/0/detail", 1),
        ("CA-5", "cards/0/selectionBehavior", ...),
        ("CA-5", "cards/0/selectionBehavior", "all"),
        ("CA-6", "cards/0/suggestions", ...),
        ("CA-7", "cards/0/uuid", ...),
        ("SO-2", "cards/0/source/url", "/page"),
        ("SO-2", "cards/0/source/icon", 7),
        ("SO-4", "cards/0/source/topic", ...),
        ("SO-5", "cards/0/source/topic/version", "1"),
        ("SO-5", "cards/0/source/topic/system", ...),
        ("SU-1", "cards/0/suggestions/0/label", ""),
        ("SU-2", "cards/0/suggestions", [{"label": "a", "isRecommended": True}] * 2),
        ("SU-5", "cards/0/suggestions/0/uuid", ...),
        ("AC-1", "cards/0/suggestions/0/actions/0/type", "remove"),
        ("AC-2", "cards/0/suggestions/0/actions/0/description", ...),
        ("AC-3", "cards/0/suggestions/0/actions/1/resource", ...),
        ("AC-4", "cards/0/suggestions/0/actions/0/type", "update"),
        ("AC-5", "cards/0/suggestions/0/actions/0/resourceId", "https://example.org/MedicationRequest/1"),
        ("AC-5", "cards/0/suggestions/0/actions/0/resource", {"resourceType": "Basic"}),
        ("AC-6", "cards/0/suggestions/0/actions/1/resourceId", "MedicationRequest/1"),
        ("TR-6", "cards/0/suggestions/0/actions/1/resource/intent", ...),
        ("OR-2", "cards/0/overrideReasons/0/display", ...),
        ("OR-2", "cards/0/overrideReasons", {}),
        ("LI-1", "cards/0/links/0/type", "other"),
        ("LI-1", "cards/0/links/0/url", "page.html"),
        ("LI-2", "cards/0/links/0/appContext", "{}"),
        ("LI-3", "cards/0/links/0/url", "http://example.org/"),
        ("SY-1", "extension", {"systemActions": [{}]}),
        ("SY-2", "systemActions", ["text"]),
        ("AC-2", "systemActions/0/description", ...),
        ("EX-2", "cards/0/extension", [{"url": "a"}]),
        ("EX-3", "cards/0/extension", {"rule": "a"}),
    ],
)
def test_each_broken_requirement_of_an_answer_is_named(requirement: str, where: str, value: Any) -> None:
    assert requirement in {one.code for one in judge_answer(changed(where, value))}


@pytest.mark.parametrize(
    ("requirement", "body"),
    [
        ("DI-2", []),
        ("DI-2", {"services": {}}),
        ("DI-4", {"services": [{**SERVICE, "hook": "my-hook"}]}),
        ("DI-4", {"services": [{**SERVICE, "hook": 1}]}),
        ("DI-5", {"services": [{**SERVICE, "id": "a b"}]}),
        ("DI-5", {"services": [{**SERVICE, "id": ""}]}),
        ("DI-6", {"services": [{"hook": "patient-view", "id": "a"}]}),
        ("DI-7", {"services": [{"hook": "patient-view", "id": "a", "description": "b"}]}),
        ("DI-8", {"services": [{**SERVICE, "prefetch": ["Patient"]}]}),
        ("DI-8", {"services": [{**SERVICE, "prefetch": {"patient": 1}}]}),
        ("TR-4", {"services": [{**SERVICE, "prefetch": {}}]}),
        ("TR-3", {"services": [{**SERVICE, "title": None}]}),
        ("DI-9", {"services": [{**SERVICE, "usageRequirements": 1}]}),
        ("DI-10", {"services": [SERVICE, SERVICE]}),
        ("DI-15", {"services": [{**SERVICE, "version": "1"}]}),
        ("PF-3", {"services": [{**SERVICE, "prefetch": {"a": "/Patient/1"}}]}),
        ("TK-2", {"services": [{**SERVICE, "prefetch": {"a": "Patient/{{Patient.id}}"}}]}),
        ("QR-1", {"services": [{**SERVICE, "prefetch": {"a": "Condition?patient=1&_include=x"}}]}),
    ],
)
def test_each_broken_requirement_of_a_discovery_is_named(requirement: str, body: Any) -> None:
    assert requirement in {one.code for one in judge_discovery(body)}


def test_private_hooks_and_an_empty_offer_are_right() -> None:
    assert judge_discovery({"services": []}) == []
    assert judge_discovery({"services": [{**SERVICE, "hook": "org.example.hook"}]}) == []


class Careless(BaseHTTPRequestHandler):
    """A service that answers everything with 200 and no thought."""

    def do_GET(self) -> None:
        self._say({"services": [SERVICE]})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._say({"cards": [{"summary": "x" * 200, "indicator": "stop", "detail": None}]})

    def _say(self, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def careless() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Careless)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_the_command_names_what_a_careless_service_breaks(careless: str) -> None:
    result = CliRunner().invoke(group, ["check-service", careless])
    assert result.exit_code == 1
    for requirement in ("TR-1", "TR-3", "CA-1", "CA-2", "CA-3"):
        assert f"FAIL    {requirement}: " in result.output
    assert "advice  RQ-2: POST /cds-services/a: a call without hook should be refused" in result.output
    assert "ok      DI-6" in result.output


def test_the_command_finds_nothing_wrong_with_ours(app: Any, tmp_path: Path) -> None:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    own = tmp_path / "call.json"
    own.write_text(json.dumps(patient_view()))
    url = f"http://127.0.0.1:{server.port}/cds-services"
    result = CliRunner().invoke(group, ["check-service", url, "--request", str(own)])
    server.shutdown()
    server.server_close()
    assert result.exit_code == 0, result.output
    assert "FAIL" not in result.output


def test_the_command_says_when_nobody_answers() -> None:
    result = CliRunner().invoke(group, ["check-service", "http://127.0.0.1:9"])
    assert result.exit_code == 1
    assert "no answer from http://127.0.0.1:9" in result.output
    assert CliRunner().invoke(group, ["check-service", "cds.example.org"]).exit_code == 2
