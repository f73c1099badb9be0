"""Whether the server may be asked at all, and what becomes of the token."""

from __future__ import annotations

import copy
import logging
import pickle
from typing import Any

import pytest

from service.protocol.fetching.access import BearerToken, Offer
from service.protocol.fetching.scopes import Coverage, Interaction, coverage, parse_scopes
from service.record.input.prefetch_states import State
from service.security.address_guard import UnansweredError
from tests.ehr.answering import ACCESS_TOKEN, Fault
from tests.ehr.server import SimulatedEhr
from tests.unit.protocol.fetching.conftest import Fetch, condition, why


def refused(ehr: SimulatedEhr, fetch: Fetch, **changed: Any) -> str:
    """The one reason for which no key was asked for."""
    states = fetch(None, None, **changed)
    assert ehr.seen == []
    assert {state.state for state in states.values()} == {State.NOT_SENT}
    (reason,) = {why(state) for state in states.values()}
    return reason or ""


@pytest.mark.requirement("FA-1")
def test_fa1_without_server_or_token_nothing_is_asked(ehr: SimulatedEhr, fetch: Fetch) -> None:
    assert refused(ehr, fetch, fhir_server=None) == "the call named no FHIR server"
    assert refused(ehr, fetch, authorization=None).startswith(
        "the call brought no access token: fhirAuthorization needs"
    )


@pytest.mark.requirement("FA-1")
def test_fa1_open_servers_need_a_setting_and_the_list(ehr: SimulatedEhr, fetch: Fetch) -> None:
    ehr.faults["open"] = Fault.HTML
    opened = {"open_servers": True}
    states = fetch(None, None, authorization=None, settings=opened)
    assert states["conditions"].state is State.SENT
    assert [seen for seen in ehr.seen if "Authorization" in seen.headers] == []
    ehr.seen.clear()
    assert "list of servers" in refused(ehr, fetch, authorization=None, settings=opened, servers=[])


@pytest.mark.requirement("FA-5")
@pytest.mark.parametrize(("expires_in", "asked"), [(1, False), (5, False), (6, True), (300, True)])
def test_fa5_a_token_is_not_used_in_its_last_five_seconds(
    ehr: SimulatedEhr, fetch: Fetch, expires_in: int, asked: bool
) -> None:
    states = fetch(None, None, expires_in=expires_in)
    assert bool(ehr.seen) is asked
    assert (states["conditions"].state is State.SENT) is asked


@pytest.mark.requirement("FA-5")
def test_fa5_no_page_is_asked_for_after_the_token_has_expired(ehr: SimulatedEhr, fetch: Fetch) -> None:
    ehr.faults["Condition"] = Fault.SLOW
    states = fetch(None, None, expires_in=5.1, settings={"budget": 3.0})
    assert states["conditions"].state is State.FAILED
    assert states["patient"].state is State.SENT


@pytest.mark.requirement("FA-5")
@pytest.mark.parametrize("expires_in", [None, "soon", "-1", "1e9", "9" * 400, True])
def test_fa5_a_token_without_a_usable_life_is_not_used(ehr: SimulatedEhr, fetch: Fetch, expires_in: object) -> None:
    assert "expires" in refused(ehr, fetch, expires_in=expires_in)


@pytest.mark.usefixtures("ehr")
def test_a_life_that_is_written_as_text_is_used(fetch: Fetch) -> None:
    assert fetch(None, None, expires_in="300")["conditions"].state is State.SENT


@pytest.mark.requirement("FA-6")
def test_fa6_only_types_in_the_scope_are_asked_for(ehr: SimulatedEhr, fetch: Fetch) -> None:
    states = fetch(None, None, scope="launch patient/Condition.read patient/Patient.r openid")
    assert ehr.queries("Observation") == []
    assert why(states["labs"]) == "the scope of the access token does not cover Observation"
    assert states["labs"].state is State.FAILED
    assert states["conditions"].state is states["patient"].state is State.SENT


@pytest.mark.requirement("FA-6")
def test_fa6_a_restricted_scope_never_makes_a_list_complete(fetch: Fetch) -> None:
    state = fetch(None, None, scope="patient/Condition.rs?category=problem-list-item")["conditions"]
    assert (state.state, len(state.resources)) == (State.FIRST_PAGE, 5)
    assert why(state) == "the scope of the access token covers only a part"


FULL, PART, NONE = Coverage.FULL, Coverage.PART, Coverage.NONE


@pytest.mark.requirement("FA-6")
@pytest.mark.parametrize(
    ("scope", "search", "read"),
    [
        ("patient/Observation.read", FULL, FULL),
        ("patient/Observation.*", FULL, FULL),
        ("patient/Observation.write", NONE, NONE),
        ("patient/*.read", FULL, FULL),
        ("user/Observation.read", FULL, FULL),
        ("system/*.*", FULL, FULL),
        ("patient/Observation.rs", FULL, FULL),
        ("patient/Observation.r", NONE, FULL),
        ("patient/Observation.s", FULL, NONE),
        ("patient/Observation.cruds", FULL, FULL),
        ("patient/Observation.cud", NONE, NONE),
        ("patient/*.s", FULL, NONE),
        ("patient/Observation.sr", NONE, NONE),
        ("user/Observation.Read", FULL, FULL),
        ("patient/Observation.READ", FULL, FULL),
        ("patient/Observation.", NONE, NONE),
        ("patient/Condition.read", NONE, NONE),
        ("patient/observation.read", NONE, NONE),
        ("practitioner/Observation.read", NONE, NONE),
        ("patient/Observation.rs?category=laboratory", FULL, PART),
        ("patient/Observation.rs?category=exam", PART, PART),
        ("patient/Observation.rs?category=exam patient/Observation.rs?category=laboratory", FULL, PART),
        ("patient/Observation.rs?category=exam patient/*.rs", FULL, FULL),
        ("launch/patient openid fhirUser offline_access", NONE, NONE),
        ("", NONE, NONE),
    ],
)
def test_fa6_scopes_in_both_spellings(scope: str, search: Coverage, read: Coverage) -> None:
    scopes = parse_scopes(scope)
    assert coverage(scopes, "Observation", Interaction.SEARCH, "patient=1&category=laboratory") is search
    assert coverage(scopes, "Observation", Interaction.READ) is read


@pytest.mark.parametrize(
    "scope", ["Condition.Read (R4) Observation.Search (Labs) (R4)", "EPIC.FHIR.R4.SERVICES.MEDICATIONREQUEST.CREATE"]
)
def test_where_nothing_looks_like_smart_the_server_decides(fetch: Fetch, scope: str) -> None:
    assert fetch(None, None, scope=scope)["conditions"].state is State.SENT


@pytest.mark.requirement("FA-7")
@pytest.mark.parametrize(
    ("patient", "asked"), [("1", True), (None, True), ("Patient/1", True), ("2", False), ("", False)]
)
def test_fa7_a_token_for_another_patient_is_not_used(
    ehr: SimulatedEhr, fetch: Fetch, patient: str | None, asked: bool
) -> None:
    if asked:
        assert fetch(None, None, authorization={**ehr.fhir_authorization("1"), "patient": patient})
        assert ehr.seen
    else:
        token = {**ehr.fhir_authorization("1"), "patient": patient}
        assert refused(ehr, fetch, authorization=token) == "the access token is for another patient"


@pytest.mark.parametrize("token", ["", None, 7, "with blank", "line\r\nInjected: yes", "caf\u00e9", "x" * 20_000])
def test_a_malformed_token_is_not_sent(ehr: SimulatedEhr, fetch: Fetch, token: object) -> None:
    assert refused(ehr, fetch, access_token=token) == "the access token is malformed"


def test_another_kind_of_token_is_not_sent(ehr: SimulatedEhr, fetch: Fetch) -> None:
    assert "Bearer" in refused(ehr, fetch, token_type="DPoP")
    assert fetch(None, None, token_type="bearer")["conditions"].state is State.SENT


@pytest.mark.requirement("FA-3")
def test_fa3_the_token_shows_nowhere(ehr: SimulatedEhr, fetch: Fetch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for fault in [None, Fault.PAGED, Fault.HTML, Fault.SLOW, Fault.TRUNCATED, Fault.UNAUTHORIZED]:
        ehr.faults = {"Condition": fault} if fault else {}
        assert ACCESS_TOKEN not in repr(fetch())
    ehr.stop()
    assert ACCESS_TOKEN not in repr(fetch())
    assert ACCESS_TOKEN not in caplog.text
    assert "patient=1" not in caplog.text
    assert "Condition" not in caplog.text


@pytest.mark.requirement("FA-3")
def test_fa3_an_offer_hides_token_and_patient() -> None:
    offer = Offer("https://ehr.example.org/fhir", {"access_token": ACCESS_TOKEN}, "canary-patient")
    assert ACCESS_TOKEN not in repr(offer)
    assert "canary" not in repr(offer)


@pytest.mark.requirement("FA-3")
def test_fa3_a_token_can_be_sent_and_forgotten_and_nothing_else() -> None:
    token = BearerToken(ACCESS_TOKEN)
    assert token.header() == {"Authorization": f"Bearer {ACCESS_TOKEN}"}
    assert ACCESS_TOKEN not in f"{token} {token!r} {[token]}"
    for copying in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            copying(token)
    token.forget()
    with pytest.raises(UnansweredError):
        token.header()


@pytest.mark.requirement("RQ-13")
def test_rp13_the_server_is_trusted_for_nothing_but_its_data(ehr: SimulatedEhr, fetch: Fetch) -> None:
    """Resources about somebody else come through here as they are: the record refuses them."""
    ehr.keep({**condition(50), "subject": {"reference": "Patient/1"}, "note": [{"text": ACCESS_TOKEN}]})
    assert len(fetch()["conditions"].resources) == 6
