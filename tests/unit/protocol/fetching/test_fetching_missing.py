"""What did not arrive is asked for over real HTTP; what could not be had says why; and it ends in time."""

from __future__ import annotations

import time
from typing import Any

import pytest

from service.protocol.fetching.wanted import Wanted
from service.record.input.prefetch_states import State
from tests.ehr.answering import ACCESS_TOKEN, Fault
from tests.ehr.server import SimulatedEhr
from tests.unit.protocol.fetching.conftest import QUERIES, Fetch, condition, why

CONDITIONS = {"conditions": QUERIES["conditions"]}
EMPTY = {"resourceType": "Bundle", "type": "searchset", "total": 0}


def bundle(*resources: dict[str, Any], following: str | None = None) -> dict[str, Any]:
    link = {"link": [{"relation": "next", "url": following}]} if following else {}
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in resources], **link}


def ids(resources: tuple[Any, ...]) -> list[str]:
    return [one["id"] for one in resources]


@pytest.mark.requirement("RP-1")
def test_rp1_each_missing_key_is_asked_for_and_no_other(ehr: SimulatedEhr, fetch: Fetch) -> None:
    everything = {"patient": {"resourceType": "Patient", "id": "1"}, "conditions": bundle(condition(1)), "labs": None}
    assert fetch(everything)
    assert ehr.queries() == []
    for key in QUERIES:
        ehr.seen.clear()
        fetch({name: value for name, value in everything.items() if name != key})
        assert ehr.queries() == [QUERIES[key]]


@pytest.mark.requirement("PF-6")
def test_pf6_without_any_prefetch_everything_comes_from_the_server(ehr: SimulatedEhr, fetch: Fetch) -> None:
    states = fetch()
    assert {key: state.state for key, state in states.items()} == {
        "patient": State.SENT,
        "conditions": State.SENT,
        "labs": State.NULL,
    }
    assert ids(states["conditions"].resources) == ["c0", "c1", "c2", "c3", "c4"]
    assert states["conditions"].full_urls[0] == f"{ehr.fhir_server}/Condition/c0"
    assert states["patient"].resources[0]["gender"] == "female"


@pytest.mark.requirement("RP-3", "RP-4", "RP-5", "RP-6")
@pytest.mark.parametrize(
    ("value", "asked", "state"),
    [
        (None, False, State.NULL),
        (EMPTY, False, State.NULL),
        ({"resourceType": "OperationOutcome", "issue": []}, False, State.FAILED),
        (bundle(condition(1)), False, State.SENT),
        (bundle({"resourceType": "Basic", "id": "1"}), True, State.SENT),
        ({}, True, State.SENT),
    ],
)
def test_rp3_to_rp6_the_decision_table(ehr: SimulatedEhr, fetch: Fetch, value: Any, asked: bool, state: State) -> None:
    states = fetch({"conditions": value}, CONDITIONS)
    assert bool(ehr.queries()) is asked
    assert states["conditions"].state is state


@pytest.mark.requirement("RP-4")
def test_rp4_a_wrong_type_that_cannot_be_replaced_is_not_known(ehr: SimulatedEhr, fetch: Fetch) -> None:
    other = {"conditions": bundle({"resourceType": "Basic", "id": "1"})}
    state = fetch(other, CONDITIONS, fhir_server=None)["conditions"]
    assert (state.state, state.resources) == (State.FAILED, ())
    ehr.faults["Condition"] = Fault.ERROR
    assert fetch(other, CONDITIONS)["conditions"].state is State.FAILED


@pytest.mark.requirement("RP-8")
def test_rp8_all_pages_are_read(ehr: SimulatedEhr, fetch: Fetch) -> None:
    ehr.faults["Condition"] = Fault.PAGED
    state = fetch()["conditions"]
    assert state.state is State.SENT
    assert ids(state.resources) == ["c0", "c1", "c2", "c3", "c4"]
    assert len(state.full_urls) == 5
    assert len(ehr.queries("Condition")) == 3


@pytest.mark.requirement("RP-8")
def test_rp8_the_pages_after_a_prefetched_first_page_are_read(ehr: SimulatedEhr, fetch: Fetch) -> None:
    ehr.faults["Condition"] = Fault.PAGED
    following = f"{ehr.fhir_server}/Condition?patient=1&_offset=2"
    first = {**bundle(condition(0), condition(1), following=following), "total": 5}
    state = fetch({"conditions": first}, CONDITIONS)["conditions"]
    assert state.state is State.SENT
    assert ids(state.resources) == ["c0", "c1", "c2", "c3", "c4"]
    assert len(ehr.queries()) == 2


@pytest.mark.requirement("RP-8")
def test_rp8_without_a_token_the_first_page_is_used_and_marked(ehr: SimulatedEhr, fetch: Fetch) -> None:
    first = bundle(condition(0), following=f"{ehr.fhir_server}/Condition?patient=1&_offset=1")
    state = fetch({"conditions": first}, CONDITIONS, authorization=None)["conditions"]
    assert (state.state, ids(state.resources)) == (State.FIRST_PAGE, ["c0"])
    assert str(why(state)).startswith("the call brought no access token: fhirAuthorization needs access_token")
    assert ehr.queries() == []


@pytest.mark.requirement("RP-8")
def test_rp8_what_the_first_page_said_was_lost_stays_lost(ehr: SimulatedEhr, fetch: Fetch) -> None:
    lost = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
    first = bundle(condition(0), lost, following=f"{ehr.fhir_server}/Condition?patient=1")
    assert fetch({"conditions": first}, CONDITIONS)["conditions"].state is State.FIRST_PAGE
    assert len(ehr.queries()) == 1


@pytest.mark.requirement("RP-8")
def test_rp8_no_more_than_ten_pages_are_read(ehr: SimulatedEhr, fetch: Fetch) -> None:
    ehr.faults["Condition"] = Fault.ENDLESS_PAGES
    state = fetch(None, CONDITIONS, settings={"budget": 5.0})["conditions"]
    assert (state.state, len(state.resources)) == (State.FIRST_PAGE, 20)
    assert why(state) == "more than 10 pages"
    assert len(ehr.queries()) == 10
    ehr.seen.clear()
    assert why(fetch(None, CONDITIONS, settings={"budget": 5.0, "max_pages": 3})["conditions"]) == "more than 3 pages"
    assert len(ehr.queries()) == 3


@pytest.mark.requirement("QR-6")
def test_qr6_of_the_newest_so_many_no_further_page_is_read(ehr: SimulatedEhr, fetch: Fetch) -> None:
    ehr.faults["Condition"] = Fault.PAGED
    state = fetch(None, {"conditions": "Condition?patient=1&_count=4"})["conditions"]
    assert (state.state, ids(state.resources)) == (State.FIRST_PAGE, ["c0", "c1", "c2", "c3"])
    assert len(ehr.queries()) == 2
    whole = bundle(condition(0), condition(1), following=f"{ehr.fhir_server}/Condition?patient=1&_offset=2")
    ehr.seen.clear()
    fetch({"conditions": whole}, {"conditions": "Condition?patient=1&_count=2"})
    assert ehr.queries() == []


@pytest.mark.requirement("RP-9")
@pytest.mark.parametrize("fault", [Fault.FOREIGN_NEXT, Fault.OUTSIDE_NEXT])
def test_rp9_a_next_link_to_elsewhere_is_not_followed(ehr: SimulatedEhr, fetch: Fetch, fault: Fault) -> None:
    with SimulatedEhr() as stranger:
        ehr.faults["Condition"] = fault
        ehr.elsewhere = stranger.fhir_server
        state = fetch()["conditions"]
        assert (state.state, ids(state.resources)) == (State.FIRST_PAGE, ["c0", "c1"])
        assert why(state) == "the link to the next page leads to another server or path"
        assert stranger.seen == []
        assert [seen.path for seen in ehr.seen if "/other/" in seen.path] == []


@pytest.mark.requirement("RP-9")
def test_rp9_a_prefetched_next_link_to_elsewhere_is_not_followed(ehr: SimulatedEhr, fetch: Fetch) -> None:
    with SimulatedEhr() as stranger:
        for url in (f"{stranger.fhir_server}/Condition?patient=1", "//evil.example.org/x", "", "../../jwks.json"):
            first = bundle(condition(0), following="x")
            first["link"][0]["url"] = url
            state = fetch({"conditions": first}, CONDITIONS)["conditions"]
            assert (state.state, ids(state.resources)) == (State.FIRST_PAGE, ["c0"]), url
        assert stranger.seen == ehr.seen == []


def test_a_second_page_that_fails_leaves_the_first(ehr: SimulatedEhr, fetch: Fetch) -> None:
    ehr.faults["Condition"] = Fault.SECOND_PAGE_FAILS
    state = fetch()["conditions"]
    assert (state.state, ids(state.resources)) == (State.FIRST_PAGE, ["c0", "c1"])
    assert why(state) == "the server answered 500"


def test_a_second_page_that_is_too_slow_leaves_the_first(ehr: SimulatedEhr, fetch: Fetch) -> None:
    ehr.faults["Condition"] = Fault.SLOW_SECOND_PAGE
    state = fetch()["conditions"]
    assert (state.state, ids(state.resources)) == (State.FIRST_PAGE, ["c0", "c1"])


@pytest.mark.requirement("RP-2")
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault.SLOW, "in time"),
        (Fault.DRIP, "in time"),
        (Fault.HUGE, "larger than allowed"),
        (Fault.ENDLESS, "larger than allowed"),
        (Fault.REDIRECT, "redirects elsewhere"),
        (Fault.HTML, "not JSON"),
        (Fault.NOT_JSON, "not JSON"),
        (Fault.UNAUTHORIZED, "answered 401"),
        (Fault.ERROR, "answered 500"),
        (Fault.OUTCOME, "OperationOutcome"),
        (Fault.TRUNCATED, "broke off"),
        (Fault.COMPRESSED, "compressed"),
        (Fault.OTHER_TYPE, "not a Bundle"),
    ],
)
def test_rp2_a_misbehaving_server_loses_its_key_and_no_other(
    ehr: SimulatedEhr, fetch: Fetch, fault: Fault, reason: str
) -> None:
    ehr.faults["Condition"] = fault
    ehr.keep(*(condition(number) for number in range(100, 160)))
    with SimulatedEhr() as stranger:
        ehr.elsewhere = stranger.fhir_server
        started = time.monotonic()
        states = fetch()
        assert time.monotonic() - started < 1.5, "the slow answers take longer"
        assert stranger.seen == []
    assert (states["conditions"].state, states["conditions"].resources) == (State.FAILED, ())
    assert reason in (why(states["conditions"]) or "")
    assert states["patient"].state is State.SENT
    assert states["labs"].state is State.NULL


@pytest.mark.requirement("RP-2")
def test_rp2_a_server_that_is_down_is_said_to_be_unreachable(ehr: SimulatedEhr, fetch: Fetch) -> None:
    ehr.stop()
    states = fetch()
    assert {state.state for state in states.values()} == {State.FAILED}
    assert {why(state) for state in states.values()} == {"the server cannot be reached"}


@pytest.mark.requirement("PE-1")
def test_pe1_all_queries_run_in_parallel_inside_one_budget(ehr: SimulatedEhr, fetch: Fetch) -> None:
    ehr.slowness = 0.15
    queries = {f"key-{number}": f"Condition?patient=1&_tag={number}" for number in range(10)}
    ehr.faults["Condition"] = Fault.SLOW
    started = time.monotonic()
    states = fetch(None, queries, settings={"budget": 1.4})
    assert time.monotonic() - started < 1.4, "one after the other they would take 1.5 s"
    assert {state.state for state in states.values()} == {State.SENT}


@pytest.mark.requirement("PE-1")
def test_pe1_the_budget_can_be_shorter(ehr: SimulatedEhr, fetch: Fetch) -> None:
    ehr.faults["Condition"] = Fault.SLOW
    started = time.monotonic()
    assert fetch(None, None, settings={"budget": 0.1})["conditions"].state is State.FAILED
    assert time.monotonic() - started < 0.4


def test_the_byte_limit_holds_for_all_answers_of_a_call_together(fetch: Fetch) -> None:
    queries = {f"key-{number}": f"Condition?patient=1&_tag={number}" for number in range(6)}
    states = fetch(None, queries, settings={"max_bytes": 3000})
    assert 1 <= sum(state.state is State.SENT for state in states.values()) < 6
    assert {why(state) for state in states.values() if state.state is State.FAILED} == {
        "the answer is larger than allowed"
    }


@pytest.mark.requirement("FA-2")
def test_fa2_every_call_carries_the_token_and_asks_for_fhir_json(ehr: SimulatedEhr, fetch: Fetch) -> None:
    ehr.faults["Condition"] = Fault.PAGED
    fetch()
    assert len(ehr.seen) == 5
    for seen in ehr.seen:
        assert seen.headers["Authorization"] == f"Bearer {ACCESS_TOKEN}"
        assert seen.headers["Accept"] == "application/fhir+json"
        assert seen.headers["Accept-Encoding"] == "identity"


@pytest.mark.requirement("FA-10")
def test_fa10_no_call_is_made_after_the_answer(ehr: SimulatedEhr, fetch: Fetch) -> None:
    ehr.faults["Condition"] = Fault.SLOW_SECOND_PAGE
    ehr.slowness = 0.6
    queries = {f"key-{number}": f"Condition?patient=1&_tag={number}" for number in range(40)}
    fetch(None, queries)
    answered = time.monotonic()
    time.sleep(0.7)
    assert [seen for seen in ehr.seen if seen.at > answered + 0.1] == []


def test_no_cookie_of_one_patient_goes_into_the_call_of_another(ehr: SimulatedEhr, fetch: Fetch) -> None:
    ehr.faults["Condition"] = Fault.COOKIE
    fetch()
    fetch()
    assert [seen for seen in ehr.seen if "Cookie" in seen.headers] == []


def test_connections_are_kept_between_calls(ehr: SimulatedEhr, fetch: Fetch) -> None:
    for _ in range(5):
        fetch(None, CONDITIONS)
    assert len(ehr.connections) == 1


@pytest.mark.parametrize(
    "query", ["../Patient/1", "Condition", "http://evil.example.org/", "Patient/1/../2", "", "x?y=1"]
)
def test_a_query_that_leaves_its_place_is_not_sent(ehr: SimulatedEhr, fetch: Fetch, query: str) -> None:
    assert why(fetch(None, {"key": query})["key"]) == "the query cannot be sent"
    assert ehr.seen == []


LABEL = {"security": [{"code": "REDACTED"}]}


@pytest.mark.parametrize(
    ("first", "last", "state"),
    [
        ({"total": 2}, {"total": 2}, State.SENT),
        ({"total": 5}, {"total": 0}, State.FIRST_PAGE),
        ({"total": 5}, {}, State.FIRST_PAGE),
        ({"meta": LABEL}, {"meta": {"lastUpdated": "2026-11-28"}}, State.FIRST_PAGE),
    ],
)
def test_what_one_page_says_of_the_whole_is_not_taken_back_by_the_next(
    first: dict[str, Any], last: dict[str, Any], state: State
) -> None:
    query = "Condition?patient=1"
    wanted = Wanted("conditions", query, None)
    wanted.add(bundle(condition(0)) | first)
    wanted.add(bundle(condition(1)) | last)
    assert wanted.state.state is state
    assert ids(wanted.state.resources) == ["c0", "c1"]
