"""Discovery (chapter 2 of the protocol reference)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from service.knowledge.hooks import HOOKS

MEMBERS = {"hook", "title", "description", "id", "prefetch", "usageRequirements", "extension"}


@pytest.mark.requirement("DI-1", "DI-2", "DI-11", "TR-1")
def test_di_1_di_2_di_11_tr_1_discovery_is_a_json_object_with_an_array(small: FlaskClient) -> None:
    answer = small.get("/cds-services")
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert list(answer.json) == ["services"]


@pytest.mark.requirement("DI-4", "DI-5", "DI-6", "DI-7", "DI-8", "DI-9", "DI-15")
def test_di_4_to_di_9_di_15_every_entry_says_what_it_is_and_nothing_unknown(small: FlaskClient) -> None:
    for entry in small.get("/cds-services").json["services"]:
        assert entry["hook"] in HOOKS
        assert re.fullmatch(r"[A-Za-z0-9._-]+", entry["id"])
        assert entry["description"]
        assert entry["title"]
        assert entry["usageRequirements"]
        assert all(isinstance(query, str) for query in entry["prefetch"].values())
        assert set(entry) <= MEMBERS


@pytest.mark.requirement("DI-5", "RQ-1")
def test_di_5_rq_1_every_listed_service_can_be_called(small: FlaskClient) -> None:
    for entry in small.get("/cds-services").json["services"]:
        assert small.post(f"/cds-services/{entry['id']}", json={}).status_code == 400


@pytest.mark.requirement("DI-10")
def test_di_10_every_hook_has_a_service_id_of_its_own(small: FlaskClient) -> None:
    ids = [entry["id"] for entry in small.get("/cds-services").json["services"]]
    assert len(set(ids)) == len(ids)


@pytest.mark.requirement("DI-3")
def test_di_3_with_nothing_to_offer_the_list_is_empty(small_client: Callable[..., FlaskClient]) -> None:
    client = small_client(hidden_services=frozenset({"small-patient-view", "small-order-sign"}))
    assert client.get("/cds-services").json == {"services": []}
    assert client.post("/cds-services/small-patient-view", json={}).status_code == 404


@pytest.mark.requirement("DI-14")
def test_di_14_two_calls_give_the_same_bytes(small: FlaskClient) -> None:
    assert small.get("/cds-services").data == small.get("/cds-services").data


def test_a_trailing_slash_and_head_are_answered(small: FlaskClient) -> None:
    assert small.get("/cds-services/").status_code == 200
    head = small.head("/cds-services")
    assert head.status_code == 200
    assert head.data == b""


@pytest.mark.requirement("DI-1")
def test_di_1_a_base_url_may_have_a_path_prefix(small_client: Callable[..., FlaskClient]) -> None:
    client = small_client(path_prefix="/api/cds")
    assert client.get("/api/cds/cds-services").status_code == 200
    assert client.post("/api/cds/cds-services/small-patient-view", json={}).status_code == 400
    assert client.get("/cds-services").status_code == 200


def test_a_prefix_named_by_a_trusted_proxy_is_accepted(small_client: Callable[..., FlaskClient]) -> None:
    headers = {"X-Forwarded-Prefix": "/cds", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "ehr.example"}
    assert small_client(trusted_proxies=1).get("/cds-services", headers=headers).status_code == 200
    assert small_client().get("/cds-services", headers=headers).status_code == 200


def test_health_says_alive_ready_which_rules_and_what_to_know(small: FlaskClient) -> None:
    result = small.get("/health").json
    assert result["live"] is True
    assert result["ready"] is True
    assert result["mode"] == "development"
    assert len(result["ruleset"]["digest"]) > 10
    assert result["counts"]["rules"] == 3
    assert any("not authenticated" in warning for warning in result["warnings"])
    assert any("not approved" in warning for warning in result["warnings"])
