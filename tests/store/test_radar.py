"""What the data radar counts: every decision once, whoever drains it, and no word of one person's record."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.record.sent_codes import READ, SentCode
from service.store.draining import drain_all
from service.store.radar import PATIENTS_OF_DAY, CodeCount, RadarDay, counted_codes, counted_days
from service.store.radar_codes import PATIENTS, SeenCodes
from service.store.retention import expire
from service.store.store import Store
from tests.http.calls import patient_view
from tests.store.rows import NOW, RULE_SET, decision, tamper
from tests.store.service import post, store_of, storing_app

BEGINNING = "2020-01-01"
NIERE = SentCode("Observation", "urn:oid:1.2.3", "4711", "Niere (Schätzung)")


def days(store: Store) -> list[RadarDay]:
    return list(counted_days(store.database, BEGINNING))


def keep_one(store: Store, findings: str, labs: str, issuer: str | None = None) -> None:
    prefetch = {"sent": ["patient"]}
    prefetch.setdefault(labs, []).append("labs")
    body = decision() | {"findings": findings, "issuer": issuer, "prefetch": prefetch}
    store.append("decision", body, RULE_SET)


def test_findings_and_prefetch_keys_are_counted_by_day_client_and_service(store: Store) -> None:
    for findings, labs in (("pau", "sent"), ("pu-", "failed"), ("mwn", "sent")):
        keep_one(store, findings, labs, "https://ehr.example.org")
    keep_one(store, "aaa", "null")
    store.drain()
    alone, result = days(store)
    assert (alone.issuer, alone.calls) == ("", 1)
    assert (result.day, result.issuer, result.service, result.calls) == (
        NOW.date().isoformat(),
        "https://ehr.example.org",
        "small-order-sign",
        3,
    )
    assert result.version == RULE_SET.version
    assert result.findings == {
        "age": (3, 0, 0),
        "anticoagulant-active": (0, 1, 2),
        "nsaid-contraindicated": (0, 0, 2),
    }
    assert result.prefetch == {"labs": {"sent": 2, "failed": 1}, "patient": {"sent": 3}}


def test_a_row_with_lists_as_json_is_added_to_and_read(store: Store) -> None:
    keep_one(store, "pau", "sent")
    store.drain()
    tamper(store, "UPDATE radar_days SET findings = '[[7, 0, 0], [0, 7, 0], [0, 0, 7]]', calls = 7")
    assert days(store)[0].findings["age"] == (7, 0, 0)
    keep_one(store, "pau", "sent")
    store.drain()
    assert days(store)[0].findings == {
        "age": (8, 0, 0),
        "anticoagulant-active": (0, 8, 0),
        "nsaid-contraindicated": (0, 0, 8),
    }


def test_calls_that_the_gate_let_pass_are_counted_apart(store: Store) -> None:
    keep_one(store, "pau", "sent")
    for in_full, findings in ((False, "---"), (True, "uuu")):
        gate = {"digest": "d", "lists": {}, "in_full": in_full, "one_in": 100}
        store.append("decision", decision() | {"findings": findings, "gate": gate}, RULE_SET)
    store.drain()
    [result] = days(store)
    assert (result.calls, result.gated) == (3, 2)
    assert result.findings["age"] == (1, 0, 0)


def test_a_row_that_two_drains_bring_home_is_counted_once(store: Store, open_store: Callable[..., Store]) -> None:
    reader = open_store()
    for _ in range(3):
        keep_one(store, "pau", "sent")
        drain_all(reader.database, reader.options, reader.keyring)
    store.drain()
    assert [day.calls for day in days(store)] == [3]


def test_the_counts_of_a_day_go_with_its_decisions(store: Store) -> None:
    keep_one(store, "pau", "sent")
    store.saw("2026-03-01", None, "p1", ())
    store.drain()
    assert days(store)
    expire(store.database, store.options, store.keyring, datetime(2026, 4, 1, tzinfo=UTC), datetime.now(UTC))
    assert days(store) == []


def taken(seen: SeenCodes) -> list[CodeCount]:
    """What was counted of codes, without how many patients were looked at."""
    return [one for one in seen.take() if one.key.type != PATIENTS_OF_DAY]


def test_a_code_is_counted_from_the_third_patient_on_and_named_only_in_words_that_three_share() -> None:
    seen = SeenCodes()
    for number in range(PATIENTS - 1):
        for _ in range(5):
            seen.add("2026-03-01", None, f"p{number}", [NIERE])
    assert taken(seen) == []
    seen.add("2026-03-01", None, "p-third", [NIERE])
    seen.add("2026-03-01", None, "p-fourth", [SentCode(NIERE.type, NIERE.system, NIERE.code, "Niere von Frau Meier")])
    [result] = taken(seen)
    assert (result.key.code, result.display, result.calls) == ("4711", "Niere (Schätzung)", 2)
    assert taken(seen) == []


def test_a_code_that_is_read_is_counted_once_a_patient_and_day_and_one_that_is_not_at_each_call() -> None:
    seen, read = SeenCodes(), SentCode("Observation", "http://loinc.org", "98979-8", "eGFR", READ)
    for day in ("2026-03-01", "2026-03-02"):
        for number in range(5):
            for _ in range(4):
                seen.add(day, None, f"p{number}", [NIERE, read])
    result = {(one.key.day[-1:], one.key.type, one.key.code): one.calls for one in seen.take()}
    # Until the third patient a code is none of the client's, and nothing is counted of it.
    assert [result[day, "Observation", read.code] for day in "12"] == [3, 5]
    assert [result[day, "Observation", NIERE.code] for day in "12"] == [12, 20]
    assert result["1", PATIENTS_OF_DAY, ""] == result["2", PATIENTS_OF_DAY, ""] == 5


def test_what_could_not_be_written_is_counted_later() -> None:
    seen = SeenCodes()
    for number in range(5):
        seen.add("2026-03-01", None, f"p{number}", [NIERE])
    seen.put_back(seen.take())
    assert [one.calls for one in taken(seen)] == [3]


def creatinine(**changes: Any) -> dict[str, Any]:
    quantity = {"value": 1.0, "unit": "mg/dL", "system": "http://unitsofmeasure.org", "code": "mg/dL"}
    code = {"coding": [{"system": "http://loinc.org", "code": "2160-0", "display": "Creatinine"}]}
    return {"resourceType": "Observation", "status": "final", "code": code, "valueQuantity": quantity} | changes


def test_a_code_and_a_unit_that_nothing_reads_are_counted_for_what_a_client_sends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.decision_log.recording._LOOK_AGAIN", 0)
    app = storing_app(tmp_path, Path("rules"))
    strange = creatinine(code={"coding": [{"system": "urn:oid:1.2.3", "code": "4711", "display": "Niere (X)"}]})
    no_unit = creatinine(valueQuantity={"value": 88, "unit": "Einheiten"})
    for number in range(PATIENTS + 1):
        person = f"p{number}"
        chart = [copy.deepcopy(one) | {"subject": {"reference": f"Patient/{person}"}} for one in (strange, no_unit)]
        bundle = {"resourceType": "Bundle", "entry": [{"resource": one} for one in (*chart, creatinine())]}
        prefetch = {"patient": {"resourceType": "Patient", "id": person}, "labs": bundle}
        context = {"userId": "Practitioner/1", "patientId": person}
        post(app, "sciatica-patient-view", patient_view(prefetch=prefetch, context=context))
    store = store_of(app)
    store.drain()
    codes = counted_codes(store.database, BEGINNING)
    found = {(one.key.code, one.key.unit): (one.display, one.calls) for one in codes}
    assert found == {
        ("4711", ""): ("Niere (X)", 2),
        ("2160-0", "Einheiten"): ("Creatinine", 2),
        ("", READ): (None, PATIENTS + 1),
    }
    [day] = days(store)
    assert day.calls == PATIENTS + 1
    assert day.prefetch["labs"] == {"sent": PATIENTS + 1}
