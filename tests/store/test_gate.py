"""Calls that the gate lets pass: answered without cards, kept as such, replayed, counted, and watched by a sample."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import pytest
from flask import Flask

from service.decision.gate import is_sampled
from service.decision_log.replay import Replayer
from service.logs import ALLOWED
from service.store.decisions import is_skipped
from service.store.stats import stats
from tests.http.calls import ICD, PATIENT, order_sign, patient_view, searchset
from tests.store.service import post, reading_of, store_of, stored_decisions, storing_app

SERVICE = "small-patient-view"
HYPERTENSION = {
    "resourceType": "Condition",
    "id": "c2",
    "subject": {"reference": "Patient/p1"},
    "code": {"coding": [{"system": ICD, "code": "I10", "display": "Essential (primary) hypertension"}]},
}
ELSEWHERE = patient_view(prefetch={"patient": PATIENT, "conditions": searchset(HYPERTENSION)})


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    made = storing_app(tmp_path / "data")
    yield made
    store_of(made).close()


@pytest.fixture
def never_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.decision.gate.is_sampled", lambda _identity: False)


@pytest.fixture
def always_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.decision.gate.is_sampled", lambda _identity: True)


@pytest.mark.usefixtures("never_sampled")
def test_a_call_that_passes_is_kept_with_the_gate_and_without_findings_and_replayed(app: Flask) -> None:
    assert post(app, SERVICE, ELSEWHERE) == []
    (stored,) = stored_decisions(app)
    gate = app.extensions["sciatica-cds.services"]().prepared.gates["patient-view"]
    assert stored.body["gate"] == {
        "digest": gate.digest, "lists": {"Condition": "complete"}, "in_full": False, "one_in": 100
    }  # fmt: skip
    assert is_skipped(stored.body)
    assert set(stored.body["findings"] + stored.body["rules"]) == {"-"}
    assert Replayer(reading_of(app)).replay(stored).differences == ()


@pytest.mark.usefixtures("never_sampled")
def test_a_row_that_names_another_gate_or_lists_on_which_it_is_shut_is_a_difference_on_replay(app: Flask) -> None:
    post(app, SERVICE, ELSEWHERE)
    (stored,) = stored_decisions(app)
    stored.body["gate"]["digest"] = "0" * 64
    replayer = Replayer(reading_of(app))
    assert replayer.replay(stored).differences == ("the gate that let it pass is not the one of this rule set",)
    (stored,) = stored_decisions(app)
    stored.body["gate"]["lists"] = {"Condition": "partial"}
    assert replayer.replay(stored).differences == ("the gate is shut for lists that came so",)


@pytest.mark.usefixtures("always_sampled")
def test_a_sample_is_kept_with_its_findings_and_says_that_it_is_one_of_a_hundred(app: Flask) -> None:
    assert post(app, SERVICE, ELSEWHERE) == []
    (stored,) = stored_decisions(app)
    assert not is_skipped(stored.body)
    assert stored.body["gate"]["one_in"] == 100
    assert "a" in stored.body["findings"]
    assert Replayer(reading_of(app)).replay(stored).same


@pytest.mark.usefixtures("never_sampled")
def test_statistics_say_how_many_passed(app: Flask) -> None:
    post(app, SERVICE, ELSEWHERE)
    post(app, SERVICE, patient_view())
    post(app, "small-order-sign", order_sign())
    counted = stats(store_of(app).database) if reading_of(app) else None
    assert counted is not None
    assert (counted.decisions, counted.skipped, counted.sampled) == (3, 1, 0)


@pytest.mark.usefixtures("never_sampled")
def test_the_setting_turns_it_off(tmp_path: Path) -> None:
    app = storing_app(tmp_path / "data", gate=False)
    assert post(app, SERVICE, ELSEWHERE) == []
    (stored,) = stored_decisions(app)
    assert stored.body["gate"] is None
    assert app.test_client().get("/health").get_json()["gate"] == {"on": False}
    store_of(app).close()


@pytest.mark.usefixtures("always_sampled")
def test_a_gate_that_lets_pass_what_has_something_to_say_fails_the_call_is_shut_and_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = storing_app(tmp_path / "data", metrics_bind="127.0.0.1:0")
    gate = app.extensions["sciatica-cds.services"]().prepared.gates["patient-view"]
    monkeypatch.setattr(type(gate), "may_skip", lambda self, _chart: self.is_open)
    client = app.test_client()
    answer = client.post(f"/cds-services/{SERVICE}", json=patient_view())
    assert answer.status_code == 500
    assert "sciatica" not in answer.get_data(as_text=True).lower().replace("sciatica-cds", "")
    result = client.get("/health").get_json()
    assert result["gate"]["hooks"]["patient-view"]["open"] is False
    assert "the gate of patient-view let pass what has something to say; it is shut" in result["warnings"]
    counted = app.extensions["sciatica-cds.observer"].gate_alarms
    assert counted._value.get() == 1
    assert post(app, SERVICE, patient_view()) != [], "the next call is decided in full"
    store_of(app).close()


def test_the_sample_is_chosen_by_the_id_of_the_decision_alone() -> None:
    ids = [str(UUID(int=number)) for number in range(2000)]
    assert any(map(is_sampled, ids))
    assert [is_sampled(one) for one in ids] == [is_sampled(one) for one in ids]


@pytest.mark.usefixtures("never_sampled")
def test_the_log_line_says_that_a_call_passed_and_holds_nothing_that_the_log_drops(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[dict[str, object]] = []
    monkeypatch.setattr(
        "service.web.call_log.logger", lambda: SimpleNamespace(info=lambda _event, **line: lines.append(line))
    )
    post(app, SERVICE, ELSEWHERE)
    (line,) = lines
    assert line["gated"] is True
    assert set(line) <= ALLOWED
