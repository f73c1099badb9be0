from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from service.protocol.fetching.access import Offer
from service.protocol.fetching.fetcher import Fetcher, FetchSettings
from service.protocol.fetching.servers import Servers
from service.record.input.prefetch_states import PrefetchState, classify
from service.record.notes import text_of
from service.security.address_guard import AddressGuard
from service.security.http_client import GuardedClient
from tests.ehr.server import SimulatedEhr

QUERIES = {
    "patient": "Patient/1",
    "conditions": "Condition?patient=1",
    "labs": "Observation?patient=1&category=laboratory&_sort=-date",
}
Fetch = Callable[..., dict[str, PrefetchState]]


def condition(number: int, patient: str = "1") -> dict[str, Any]:
    subject = {"reference": f"Patient/{patient}"}
    return {"resourceType": "Condition", "id": f"c{number}", "subject": subject, "code": {"text": "Sciatica"}}


@pytest.fixture
def ehr() -> Iterator[SimulatedEhr]:
    with SimulatedEhr() as running:
        running.keep({"resourceType": "Patient", "id": "1", "gender": "female"})
        running.keep(*(condition(number) for number in range(5)), condition(9, patient="2"))
        yield running


@pytest.fixture
def client() -> Iterator[GuardedClient]:
    guarded = GuardedClient(AddressGuard(development=True))
    yield guarded
    guarded.close()


@pytest.fixture
def fetch(ehr: SimulatedEhr, client: GuardedClient) -> Fetch:
    """One call: what the client sent (key -> value) against the queries, with the EHR's server and token."""

    def fetching(sent: dict[str, Any] | None = None, queries: dict[str, str] | None = None, **changed: Any) -> Any:
        sent, queries = sent or {}, QUERIES if queries is None else queries
        servers = Servers(changed.pop("servers", [ehr.fhir_server]))
        own = changed.pop("own_servers", ())
        settings = FetchSettings(**changed.pop("settings", {}))
        offer = Offer(
            fhir_server=changed.pop("fhir_server", ehr.fhir_server),
            authorization=changed.pop("authorization", ehr.fhir_authorization("1", **changed)),
            patient_id="1",
            received=time.monotonic(),
            own_servers=own,
        )
        states = {key: classify(key, sent.get(key), sent=key in sent) for key in queries}
        return Fetcher(client, servers, settings).fetch_missing(queries, states, offer, sent)

    return fetching


def why(state: PrefetchState) -> str | None:
    """Why a key brought nothing or a part only, in words."""
    return None if state.reason is None else text_of(state.reason)
