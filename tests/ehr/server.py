"""Server: the simulated EHR itself. Loopback only, one thread per connection, every request remembered.

with SimulatedEhr() as ehr:
    ehr.keep({"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/1"}})
    ehr.faults["Condition"] = Fault.SLOW
    ehr.fhir_server, ehr.fhir_authorization("1"), ehr.token(aud)
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from http.server import ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode

from tests.ehr.answering import ACCESS_TOKEN, Fault, Handler, Seen
from tests.ehr.signing import PrivateKey, claims_for, new_key, public_jwk, sign

PAGE = 2


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
        self.connections: list[socket.socket] = []
        handler = type("Handler", (Handler,), {"ehr": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
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
        for connection in self.connections:
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
        stored = {name: value for name, value in claims.items() if value is not None}
        return sign(stored, self.keys[kid], algorithm=algorithm, kid=kid, jku=self.jku)

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

    def pause(self, seconds: float | None = None) -> None:
        self._stopping.wait(self.slowness if seconds is None else seconds)

    def connected(self, connection: socket.socket) -> None:
        self.connections.append(connection)


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
