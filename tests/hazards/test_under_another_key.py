"""What stands under a prefetch key that asks for something else is read, and is no answer to what the key asks."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.hazards.answers import call
from tests.hazards.charts import IBUPROFEN, WARFARIN, Json, drug, measured, ordered, sciatica
from tests.http.calls import searchset

SADDLE: Json = {
    **measured("x", 0, None, "2026-11-28"),
    "code": {"text": "Saddle numbness"},
    "valueQuantity": None,
    "valueBoolean": True,
}
KEYS = (
    *("labs", "answers", "medications", "statements", "allergies", "procedures", "requests", "reports", "imaging"),
    *("devices", "device-use", "encounters", "goals", "communications", "communication-requests"),
)
EMPTY: Json = {key: searchset() for key in KEYS}


def indicators(answered: Json) -> list[str]:
    return [card["indicator"] for card in answered["cards"]]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("alone", [False, True])
def test_a_red_flag_under_any_key_alarms(client: FlaskClient, key: str, alone: bool) -> None:
    value = SADDLE if alone else searchset(SADDLE)
    assert indicators(call(client, "patient-view", lists=EMPTY | {key: value}).get_json())[0] == "critical"


@pytest.mark.parametrize("key", [key for key in KEYS if key != "medications"])
def test_a_running_drug_under_any_key_is_held_against_an_order(client: FlaskClient, key: str) -> None:
    lists = EMPTY | {key: searchset(drug(*WARFARIN))}
    signed = call(client, "order-sign", lists=lists, draftOrders=searchset(ordered(*IBUPROFEN))).get_json()
    assert indicators(signed)[0] == "critical"


def test_the_list_that_the_key_asks_for_stays_unknown(client: FlaskClient) -> None:
    lists = EMPTY | {"medications": searchset(SADDLE | {"valueBoolean": False})}
    signed = call(client, "order-sign", lists=lists, draftOrders=searchset(ordered(*IBUPROFEN))).get_json()
    assert any("interactions not checked, medication orders" in card["summary"] for card in signed["cards"])


def test_a_problem_about_another_patient_under_another_key_is_not_used(client: FlaskClient) -> None:
    other = SADDLE | {"subject": {"reference": "Patient/q"}}
    seen = call(client, "patient-view", lists=EMPTY | {"goals": searchset(other)}).get_json()
    assert "critical" not in indicators(seen)


def test_harmless_entries_under_another_key_bring_no_alarm(client: FlaskClient) -> None:
    lists = EMPTY | {"goals": searchset(sciatica())}
    signed = call(client, "order-sign", lists=lists, draftOrders=searchset(ordered(*IBUPROFEN))).get_json()
    assert "critical" not in indicators(signed)


WRAPPED: list[object] = [
    [drug(*WARFARIN)],
    [{"resource": drug(*WARFARIN)}],
    searchset(searchset(drug(*WARFARIN))),
    {"resourceType": "Bundle", "type": "batch-response", "entry": [{"resource": searchset(drug(*WARFARIN))}]},
    {"resourceType": "Bundle", "entry": [drug(*WARFARIN)]},
    {"resourceType": "Bundle", "entry": [{"resource": [drug(*WARFARIN)]}]},
]


@pytest.mark.parametrize("value", WRAPPED)
@pytest.mark.parametrize("key", ["item1", "statements"])
def test_what_stands_deeper_in_a_value_is_found(client: FlaskClient, key: str, value: object) -> None:
    orders = searchset(ordered(*IBUPROFEN))
    signed = call(client, "order-sign", lists=EMPTY | {key: value}, draftOrders=orders).get_json()
    is_named = "could not be read" in str(signed["cards"])
    assert indicators(signed)[0] == "critical" or (key == "statements" and is_named)


@pytest.mark.parametrize(
    "value", [[], [[]], [7], {"entry": 7}, {"entry": [None]}, "x", {"resource": []}, [{"entry": []}]]
)
def test_a_value_of_the_clients_own_that_holds_nothing_changes_nothing(client: FlaskClient, value: object) -> None:
    orders = searchset(ordered(*IBUPROFEN))
    plain = call(client, "order-sign", lists=EMPTY, draftOrders=orders).get_json()
    with_it = call(client, "order-sign", lists=EMPTY | {"item1": value}, draftOrders=orders).get_json()
    assert [card["summary"] for card in with_it["cards"]] == [card["summary"] for card in plain["cards"]]


def test_a_drug_of_another_patient_in_a_list_of_the_clients_own_is_not_used(client: FlaskClient) -> None:
    other = [drug(*WARFARIN) | {"subject": {"reference": "Patient/q"}}]
    orders = searchset(ordered(*IBUPROFEN))
    signed = call(client, "order-sign", lists=EMPTY | {"item1": other}, draftOrders=orders).get_json()
    assert "critical" not in indicators(signed)
