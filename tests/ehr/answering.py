"""Answering: how the simulated EHR answers one request, well or with a fault to order."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http.server import BaseHTTPRequestHandler
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

FHIR_JSON = "application/fhir+json;charset=utf-8"
ACCESS_TOKEN = "canary-access-token-7f3a9"
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}


class Fault(StrEnum):
    """What can go wrong with the answers about one resource type (or ``jwks``)."""

    SLOW = "slow"
    DRIP = "drip"
    HUGE = "huge"
    ENDLESS = "endless"
    REDIRECT = "redirect"
    HTML = "html"
    UNAUTHORIZED = "unauthorized"
    ERROR = "error"
    OUTCOME = "outcome"
    TRUNCATED = "truncated"
    NOT_JSON = "not-json"
    COMPRESSED = "compressed"
    OTHER_TYPE = "other-type"
    PAGED = "paged"
    FOREIGN_NEXT = "foreign-next"
    OUTSIDE_NEXT = "outside-next"
    ENDLESS_PAGES = "endless-pages"
    SECOND_PAGE_FAILS = "second-page-fails"
    SLOW_SECOND_PAGE = "slow-second-page"
    COOKIE = "cookie"


@dataclass(frozen=True)
class Seen:
    """One request that reached the EHR."""

    path: str
    headers: Mapping[str, str]
    at: float


class Ehr(Protocol):
    """What the handler asks the EHR."""

    seen: list[Seen]
    faults: dict[str, Fault]
    elsewhere: str

    def jwks(self) -> dict[str, Any]: ...
    def read(self, kind: str, identifier: str) -> dict[str, Any] | None: ...
    def search(self, kind: str, query: str, fault: Fault | None) -> dict[str, Any]: ...
    def pause(self, seconds: float | None = None) -> None: ...
    def connected(self, connection: Any) -> None: ...


class Handler(BaseHTTPRequestHandler):
    """One connection. ``ehr`` is set on a subclass, one per server."""

    ehr: Ehr
    protocol_version = "HTTP/1.1"
    timeout = 5

    def setup(self) -> None:
        super().setup()
        self.ehr.connected(self.connection)

    def do_GET(self) -> None:
        self.ehr.seen.append(Seen(self.path, dict(self.headers.items()), time.monotonic()))
        try:
            self._answer()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/jwks.json":
            self._with_fault(self.ehr.faults.get("jwks"), self.ehr.jwks())
        elif parts.path.startswith("/fhir/r4/"):
            self._fhir(parts.path.removeprefix("/fhir/r4/"), parts.query)
        else:
            self._send(404, OUTCOME)

    def _fhir(self, path: str, query: str) -> None:
        kind, _, identifier = path.partition("/")
        fault = self._fault_of(kind, later="_offset" in parse_qs(query))
        if not identifier:
            self._with_fault(fault, self.ehr.search(kind, query, fault))
            return
        found = self.ehr.read(kind, identifier)
        self._with_fault(fault, found or OUTCOME, 200 if found else 404)

    def _fault_of(self, kind: str, *, later: bool) -> Fault | None:
        fault = self.ehr.faults.get(kind)
        if self.headers.get("Authorization") != f"Bearer {ACCESS_TOKEN}" and "open" not in self.ehr.faults:
            return Fault.UNAUTHORIZED
        if fault is Fault.SECOND_PAGE_FAILS and later:
            return Fault.ERROR
        if fault is Fault.SLOW_SECOND_PAGE and later:
            self.ehr.pause()
        return fault

    def _with_fault(self, fault: Fault | None, document: dict[str, Any], status: int = 200) -> None:
        instead: dict[Fault, tuple[int, dict[str, Any], dict[str, str]]] = {
            Fault.REDIRECT: (302, OUTCOME, {"Location": self.ehr.elsewhere}),
            Fault.UNAUTHORIZED: (401, OUTCOME, {}),
            Fault.ERROR: (500, OUTCOME, {}),
            Fault.OUTCOME: (200, OUTCOME, {}),
            Fault.OTHER_TYPE: (200, {"resourceType": "Basic", "id": "1"}, {}),
            Fault.COMPRESSED: (200, document, {"Content-Encoding": "gzip"}),
            Fault.COOKIE: (200, document, {"Set-Cookie": "session=patient-1; Path=/"}),
        }
        if fault is Fault.SLOW:
            self.ehr.pause()
        if fault in {Fault.HUGE, Fault.ENDLESS, Fault.DRIP, Fault.TRUNCATED}:
            self._misbehave(fault, document)
        elif fault is Fault.HTML:
            self._send_bytes(200, b"<!doctype html><title>Sign in</title>", {"Content-Type": "text/html"})
        elif fault is Fault.NOT_JSON:
            self._send_bytes(200, b'{"resourceType": NaN', {"Content-Type": FHIR_JSON})
        else:
            self._send(*instead.get(fault, (status, document, {})) if fault else (status, document, {}))

    def _misbehave(self, fault: Fault, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        lengths = {Fault.HUGE: 200_000_000, Fault.TRUNCATED: len(body) + 10}
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", FHIR_JSON)
        if fault in lengths:
            self.send_header("Content-Length", str(lengths[fault]))
        self.end_headers()
        if fault is Fault.TRUNCATED:
            self.wfile.write(body)
        elif fault is Fault.DRIP:
            for letter in body:
                self.wfile.write(bytes([letter]))
                self.ehr.pause(0.02)
        else:
            for _ in range(3000):
                self.wfile.write(b" " * 65536)

    def _send(self, status: int, document: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        self._send_bytes(status, json.dumps(document).encode(), {"Content-Type": FHIR_JSON, **(headers or {})})

    def _send_bytes(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the tests read ``seen``."""
