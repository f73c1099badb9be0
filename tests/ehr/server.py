"""Server: the simulated EHR itself. Loopback only, one thread per connection, every request remembered.

with SimulatedEhr() as ehr:
    ehr.keep({"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/1"}})
    ehr.faults["Condition"] = Fault.SLOW
    ehr.fhir_server, ehr.fhir_authorization("1"), ehr.token(aud)
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from tests.ehr.signing import PrivateKey, claims_for, new_key, public_jwk, sign

FHIR_JSON = "application/fhir+json;charset=utf-8"
ACCESS_TOKEN = "canary-access-token-7f3a9"  # noqa: S105
PAGE = 2


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


class SimulatedEhr:
    """An EHR on loopback: JWKS at ``/jwks.json``, FHIR below ``/fhir/r4``. Use as a context manager."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.seen: list[Seen] = []
        self.faults: dict[str, Fault] = {}
        self.slowness = 2.0
        self.elsewhere = "http://127.0.0.1:9/elsewhere"
        self.keys: dict[str, PrivateKey] = {"key-1": new_key("ES384"), "key-rsa": new_key("RS384")}
        self._resources: dict[str, list[dict[str, Any]]] = {}
        self._stopping = threading.Event()
        self._connections: list[socket.socket] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._server.block_on_close = False
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        scheme = "https" if tls else "http"
        self.base = f"{scheme}://{host}:{self._server.server_address[1]}"
        self.fhir_server = f"{self.base}/fhir/r4"
        self.iss = self.base
        self.jku = f"{self.base}/jwks.json"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Go down: nobody listens at the address any more. May be called twice."""
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def keep(self, *resources: dict[str, Any]) -> None:
        """Have these resources in the record."""
        for resource in resources:
            self._resources.setdefault(resource["resourceType"], []).append(resource)

    def queries(self, start: str = "") -> list[str]:
        """The FHIR requests that came, below the base URL, such as ``Condition?patient=1``."""
        found = (seen.path.removeprefix("/fhir/r4/") for seen in self.seen if seen.path.startswith("/fhir/r4"))
        return [query for query in found if query.startswith(start)]

    def token(self, aud: str, *, algorithm: str = "ES384", kid: str = "key-1", **changed: Any) -> str:
        """A token for the endpoint ``aud``, signed now. A claim given as None is left out."""
        claims = {**claims_for(aud, time.time(), self.iss), **changed}
        kept = {name: value for name, value in claims.items() if value is not None}
        return sign(kept, self.keys[kid], algorithm=algorithm, kid=kid, jku=self.jku)

    def fhir_authorization(self, patient: str, **changed: Any) -> dict[str, Any]:
        """The fhirAuthorization that goes with a call about ``patient``."""
        return {
            "access_token": ACCESS_TOKEN,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "patient/*.read",
            "subject": "sciatica-cds",
            "patient": patient,
            **changed,
        }

    def jwks(self) -> dict[str, Any]:
        """The key set, as published."""
        return {"keys": [public_jwk(key, kid) for kid, key in self.keys.items()]}

    # What the handler asks.

    def read(self, kind: str, identifier: str) -> dict[str, Any] | None:
        return next((one for one in self._resources.get(kind, []) if one.get("id") == identifier), None)

    def search(self, kind: str, query: str, fault: Fault | None) -> dict[str, Any]:
        asked = dict(parse_qsl(query))
        patient = asked.get("patient", "")
        found = [one for one in self._resources.get(kind, []) if _about(one) in {"", patient}]
        start = int(asked.get("_offset", "0"))
        bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
        if fault in _PAGED:
            page = found[start : start + PAGE]
            more = start + PAGE < len(found) or fault is Fault.ENDLESS_PAGES
            following = urlencode({**asked, "_offset": start + PAGE if fault is not Fault.ENDLESS_PAGES else 0})
            if more:
                bundle["link"] = [{"relation": "next", "url": f"{self._next_base(fault)}/{kind}?{following}"}]
            found = page
        if found:
            bundle["entry"] = [{"fullUrl": f"{self.fhir_server}/{kind}/{one['id']}", "resource": one} for one in found]
        return bundle

    def _next_base(self, fault: Fault | None) -> str:
        if fault is Fault.FOREIGN_NEXT:
            return self.elsewhere
        return f"{self.base}/other/api" if fault is Fault.OUTSIDE_NEXT else self.fhir_server

    def pause(self) -> None:
        self._stopping.wait(self.slowness)


_PAGED = {
    Fault.PAGED,
    Fault.FOREIGN_NEXT,
    Fault.OUTSIDE_NEXT,
    Fault.ENDLESS_PAGES,
    Fault.SECOND_PAGE_FAILS,
    Fault.SLOW_SECOND_PAGE,
}


def _about(resource: dict[str, Any]) -> str:
    reference: str = (resource.get("subject") or resource.get("patient") or {}).get("reference", "")
    return reference.removeprefix("Patient/")


def _handler(ehr: SimulatedEhr) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 5

        def setup(self) -> None:
            super().setup()
            ehr._connections.append(self.connection)

        def do_GET(self) -> None:
            ehr.seen.append(Seen(self.path, dict(self.headers.items()), time.monotonic()))
            try:
                self._answer()
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/jwks.json":
                self._with_fault(ehr.faults.get("jwks"), ehr.jwks())
            elif parts.path.startswith("/fhir/r4/"):
                self._fhir(parts.path.removeprefix("/fhir/r4/"), parts.query)
            else:
                self._send(404, {"resourceType": "OperationOutcome"})

        def _fhir(self, path: str, query: str) -> None:
            kind, _, identifier = path.partition("/")
            fault = ehr.faults.get(kind)
            if self.headers.get("Authorization") != f"Bearer {ACCESS_TOKEN}" and "open" not in ehr.faults:
                fault = Fault.UNAUTHORIZED
            later = "_offset" in parse_qs(query)
            if fault is Fault.SECOND_PAGE_FAILS and later:
                fault = Fault.ERROR
            if fault is Fault.SLOW_SECOND_PAGE and later:
                ehr.pause()
            if not identifier:
                self._with_fault(fault, ehr.search(kind, query, fault))
                return
            found = ehr.read(kind, identifier)
            missing = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "not-found"}]}
            self._with_fault(fault, found or missing, 200 if found else 404)

        def _with_fault(self, fault: Fault | None, document: dict[str, Any], status: int = 200) -> None:
            outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
            if fault is Fault.SLOW:
                ehr.pause()
            if fault in {Fault.HUGE, Fault.ENDLESS, Fault.DRIP, Fault.TRUNCATED}:
                self._misbehave(fault, document)
            elif fault is Fault.REDIRECT:
                self._send(302, outcome, Location=ehr.elsewhere)
            elif fault is Fault.HTML:
                self._send_bytes(200, b"<!doctype html><title>Sign in</title>", **{"Content-Type": "text/html"})
            elif fault is Fault.NOT_JSON:
                self._send_bytes(200, b'{"resourceType": NaN', **{"Content-Type": FHIR_JSON})
            elif fault is Fault.UNAUTHORIZED:
                self._send(401, outcome)
            elif fault is Fault.ERROR:
                self._send(500, outcome)
            elif fault is Fault.OUTCOME:
                self._send(200, outcome)
            elif fault is Fault.OTHER_TYPE:
                self._send(200, {"resourceType": "Basic", "id": "1"})
            elif fault is Fault.COMPRESSED:
                self._send(200, document, **{"Content-Encoding": "gzip"})
            elif fault is Fault.COOKIE:
                self._send(200, document, **{"Set-Cookie": "session=patient-1; Path=/"})
            else:
                self._send(status, document)

        def _misbehave(self, fault: Fault, document: dict[str, Any]) -> None:
            body = json.dumps(document).encode()
            self.close_connection = True
            self.send_response(200)
            self.send_header("Content-Type", FHIR_JSON)
            if fault is Fault.HUGE:
                self.send_header("Content-Length", str(200_000_000))
            elif fault is Fault.TRUNCATED:
                self.send_header("Content-Length", str(len(body) + 10))
            self.end_headers()
            if fault is Fault.TRUNCATED:
                self.wfile.write(body)
            elif fault is Fault.DRIP:
                for letter in body:
                    self.wfile.write(bytes([letter]))
                    ehr._stopping.wait(0.02)
            else:
                for _ in range(3000):
                    self.wfile.write(b" " * 65536)

        def _send(self, status: int, document: dict[str, Any], **headers: str) -> None:
            self._send_bytes(status, json.dumps(document).encode(), **{"Content-Type": FHIR_JSON, **headers})

        def _send_bytes(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the tests read ``seen``."""

    return Handler
