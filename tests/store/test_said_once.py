"""A chart that is opened again says only what is new, through the running service and its decision log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from service.decision_log.history import History
from service.decision_log.replay import Replayer
from service.population.memory import Memory
from service.protocol.evaluation import Wanted, answer_call
from tests.http.calls import SCIATICA, order_sign, patient_view, searchset
from tests.store.service import post, reading_of, store_of, stored_decisions, storing_app

VIEW, SIGN = "small-patient-view", "small-order-sign"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    made = storing_app(tmp_path / "data", history_budget_ms=5000)
    yield made
    store_of(made).close()


def opened(app: Flask, **changes: Any) -> list[str]:
    """The summaries on opening the chart, with everything kept before."""
    reading_of(app)
    return [card["summary"] for card in post(app, VIEW, patient_view(**changes))]


def test_a_chart_opened_five_times_on_one_day_shows_its_advice_once(app: Flask) -> None:
    shown = [opened(app) for _ in range(5)]
    assert len(shown[0]) == 1
    assert shown[1:] == [[], [], [], []]


def test_another_patient_is_not_told_less(app: Flask) -> None:
    opened(app)
    other = patient_view()
    other["context"]["patientId"] = "p2"
    other["prefetch"] = {
        "patient": {"resourceType": "Patient", "id": "p2"},
        "conditions": searchset({**SCIATICA, "subject": {"reference": "Patient/p2"}}),
    }
    assert len(post(app, VIEW, other)) == 1


def test_what_changed_is_said_again(app: Flask) -> None:
    opened(app)
    body = patient_view()
    body["prefetch"]["conditions"] = searchset({**SCIATICA, "id": "another"})
    reading_of(app)
    assert len(post(app, VIEW, body)) == 1


def test_each_answer_is_the_same_when_it_is_decided_again(app: Flask) -> None:
    for _ in range(3):
        opened(app)
    replayer = Replayer(reading_of(app))
    stored = stored_decisions(app)
    assert [decision.body["shown"] is not None for decision in stored] == [True, True, True]
    assert [replayer.replay(decision).differences for decision in stored] == [(), (), ()]


def test_an_alarm_set_aside_with_a_reason_is_quieter_and_then_silent(app: Flask) -> None:
    (first,) = post(app, SIGN, order_sign())
    assert first["indicator"] == "critical"
    reading_of(app)
    reason = first["overrideReasons"][0]
    report = {
        "card": first["uuid"],
        "outcome": "overridden",
        "outcomeTimestamp": (datetime.now(UTC) + timedelta(milliseconds=1)).isoformat(),
        "overrideReason": {"reason": {"code": reason["code"], "system": reason["system"]}},
    }
    answer = app.test_client().post(f"/cds-services/{SIGN}/feedback", json={"feedback": [report]})
    assert answer.status_code == 200
    reading_of(app)
    (second,) = post(app, SIGN, order_sign())
    assert second["indicator"] == "warning"
    reading_of(app)
    assert post(app, SIGN, order_sign()) == []
    replayer = Replayer(reading_of(app))
    assert [replayer.replay(decision).differences for decision in stored_decisions(app)] == [(), (), ()]


def test_visits_played_back_are_remembered_as_the_log_remembers_them(app: Flask) -> None:
    services, log = app.extensions["sciatica-cds.services"](), app.extensions["sciatica-cds.decision-log"]
    memory, service = Memory(services.prepared.knowledge), services.offered[VIEW]
    changed = patient_view()
    changed["prefetch"]["conditions"] = searchset({**SCIATICA, "id": "another"})
    usual = patient_view()
    bodies = {0: usual, 1: usual, 14: usual, 15: usual, 20: changed, 21: usual, 60: usual, 461: usual}
    shown = []
    for day, body in bodies.items():
        now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
        alone = answer_call(services, service, body, now)
        live = answer_call(services, service, body, now, wanted=Wanted(earlier=History(log.store, 5000)))
        log(services, live, None, 0.0)
        reading_of(app)
        played = memory.without_repeated(alone.decision)
        assert [advice.rule.id for advice in played.advice] == [advice.rule.id for advice in live.decision.advice], day
        memory.remember(played, live.body["cards"])
        shown.append((day, len(live.body["cards"])))
    assert {cards for _, cards in shown} == {0, 1}


def test_where_the_log_is_silent_nothing_rests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from service.decision_log import history
    from service.errors import StoreError

    def broken(*_: Any) -> Any:
        raise StoreError("the database is not there")

    made = storing_app(tmp_path / "data", history_budget_ms=5000)
    opened(made)
    monkeypatch.setattr(history, "_ask", broken)
    assert len(opened(made)) == 1
    assert stored_decisions(made)[-1].body["shown"] is None
    store_of(made).close()


def test_where_the_log_is_slow_nothing_rests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from service.store import reading

    made = storing_app(tmp_path / "data", history_budget_ms=50)
    opened(made)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT body FROM ledger, n"
    monkeypatch.setattr(
        reading, "_SHOWN_TO", f"{endless} WHERE body IN ({{hashes}}) AND at > {{mark}} AND i > {{mark}}"
    )
    assert len(opened(made)) == 1
    assert stored_decisions(made)[-1].body["shown"] is None
    monkeypatch.undo()
    assert opened(made) == []
    store_of(made).close()


def test_where_the_database_is_elsewhere_and_slow_nothing_rests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    from service.decision_log import history
    from service.store.database import Database

    released = threading.Event()
    made = storing_app(tmp_path / "data", history_budget_ms=1)
    opened(made)
    monkeypatch.setattr(Database, "is_open_file", False)
    monkeypatch.setattr(history, "_ask", lambda *_: (released.wait(20), ([], {}))[1])
    assert len(opened(made)) == 1
    assert len(opened(made)) == 1
    released.set()
    store_of(made).close()


def test_the_log_is_not_asked_where_that_is_off(tmp_path: Path) -> None:
    made = storing_app(tmp_path / "data", history_budget_ms=0)
    assert [len(opened(made)) for _ in range(2)] == [1, 1]
    store_of(made).close()
