"""Hook calls are remembered before they are answered, decided again to the byte, and joined with feedback."""

from __future__ import annotations

import copy
import json
import shutil
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from service.decision_log.replay import Replayer
from service.store.audit import audit
from service.store.database import Database
from service.store.reading import Reading
from service.store.stats import stats
from tests.http.calls import IBUPROFEN, INSTANCE, order_sign, patient_view
from tests.store.rows import tamper
from tests.store.service import SMALL_RULES, post, reading_of, store_of, stored_decisions, storing_app

ORDER_SIGN, PATIENT_VIEW = "small-order-sign", "small-patient-view"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    made = storing_app(tmp_path / "data")
    yield made
    store_of(made).close()


def test_a_call_is_kept_with_its_circumstances(app: Flask) -> None:
    cards = post(app, ORDER_SIGN, order_sign())
    (stored,) = stored_decisions(app)
    body = stored.body
    assert [card["uuid"] for card in body["cards"]] == [card["uuid"] for card in cards]
    assert stored.id == cards[0]["extension"]["sciatica-cds.why"]["decision"]
    assert (body["service"], body["hook"], body["hook_instance"]) == (ORDER_SIGN, "order-sign", INSTANCE)
    assert body["microseconds"] > 0
    assert body["cards"][0]["rules"][0][0] == "sf-nsaid-contraindicated"
    assert reading_of(app).rule_set(body["ruleset"]).name == "small-rules"


def test_the_card_leads_to_its_decision_and_the_patient_to_his(app: Flask) -> None:
    (card, *_) = post(app, ORDER_SIGN, order_sign())
    reading = reading_of(app)
    found = reading.decision_of_card(card["uuid"])
    assert reading.of_patient("p1", found_time(found)) == [found]
    assert reading.of_patient("p2", found_time(found)) == []


def found_time(stored: Any) -> Any:
    from service.store.times import read

    return read(stored.body["at"])


def test_a_kept_call_is_decided_again_to_the_byte(app: Flask) -> None:
    post(app, ORDER_SIGN, order_sign())
    post(app, PATIENT_VIEW, patient_view())
    post(app, PATIENT_VIEW, patient_view(context={"userId": "Patient/p1", "patientId": "p1", "encounterId": "e1"}))
    post(app, ORDER_SIGN, order_sign(medications={"resourceType": "OperationOutcome", "issue": []}))
    replayer = Replayer(reading_of(app))
    again = [replayer.replay(stored) for stored in stored_decisions(app)]
    assert [one.differences for one in again] == [(), (), (), ()]
    assert again[0].cards
    assert "words of the record" in again[0].cards[0]["detail"]


def test_control_characters_of_the_record_reach_no_card_and_disturb_no_comparison(app: Flask) -> None:
    sent = json.dumps(order_sign()).replace("buprofen", "bu\\u0003pro\\u007ffen")
    assert "\\u007f" in sent
    cards = post(app, ORDER_SIGN, json.loads(sent))
    assert "bu pro fen" in cards[0]["detail"]
    assert not {"\x03", "\x7f"} & set("".join(json.dumps(cards, ensure_ascii=False)))
    assert "\\u000" not in json.dumps(cards)
    (stored,) = stored_decisions(app)
    assert Replayer(reading_of(app)).replay(stored).differences == ()


def test_two_orders_alike_are_still_two(app: Flask) -> None:
    second = copy.deepcopy(IBUPROFEN) | {"id": "draft-2"}
    post(app, ORDER_SIGN, order_sign(IBUPROFEN, second))
    (stored,) = stored_decisions(app)
    assert len(stored.body["orders"]) == 2
    assert Replayer(reading_of(app)).replay(stored).same


def test_an_old_rule_set_decides_its_own_decisions(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(SMALL_RULES, rules)
    before = storing_app(tmp_path / "data", rules)
    post(before, ORDER_SIGN, order_sign())
    store_of(before).close()
    file = rules / "phases" / "3_safety" / "sf-nsaid-contraindicated.yaml"
    file.write_text(file.read_text().replace("version: 1.0.0", "version: 1.0.1"))
    after = storing_app(tmp_path / "data", rules)
    post(after, ORDER_SIGN, order_sign())
    stored = stored_decisions(after)
    replayer = Replayer(reading_of(after))
    assert len({one.body["ruleset"] for one in stored}) == 2
    assert [replayer.replay(one).differences for one in stored] == [(), ()]
    store_of(after).close()


def test_a_difference_is_told_with_rule_and_part(app: Flask) -> None:
    post(app, ORDER_SIGN, order_sign())
    (stored,) = stored_decisions(app)
    replayer = Replayer(reading_of(app))
    changed = copy.deepcopy(stored.body)
    changed["cards"][0]["parts"]["detail"] = "0" * 16
    result = replayer.replay(replace(stored, body=changed)).differences
    assert result == ("the card of sf-nsaid-contraindicated differs in detail",)
    changed = copy.deepcopy(stored.body)
    changed["findings"] = changed["findings"].replace("p", "a")
    result = replayer.replay(replace(stored, body=changed)).differences
    assert "rule sf-nsaid-contraindicated fired then and does not now" in result


def test_a_rule_set_that_is_gone_is_told(app: Flask) -> None:
    post(app, ORDER_SIGN, order_sign())
    (stored,) = stored_decisions(app)
    store = store_of(app)
    store.close()
    tamper(store, "DELETE FROM rule_set_files")
    result = Replayer(Reading(store.database, store.keyring)).replay(stored).differences
    assert result == (f"the files of rule set {stored.body['ruleset'][:12]} are not stored",)


def test_a_client_that_refuses_unknown_members_gets_cards_that_are_kept_alike(tmp_path: Path) -> None:
    app = storing_app(tmp_path / "data", why_extension=False)
    (card, *_) = post(app, ORDER_SIGN, order_sign())
    assert "extension" not in card
    (stored,) = stored_decisions(app)
    assert stored.body["cards"][0]["rules"][0][0] == "sf-nsaid-contraindicated"
    assert Replayer(reading_of(app)).replay(stored).same
    store_of(app).close()


def test_where_keeping_is_required_a_call_that_cannot_be_kept_is_not_answered(tmp_path: Path) -> None:
    for mode, status in (("required", 500), ("on", 200)):
        data = tmp_path / mode
        app = storing_app(data, store=mode, store_url="postgresql://nobody@127.0.0.1:1/none")
        data.mkdir(exist_ok=True)
        (data / "spool").write_text("a file where a folder should be")
        answer = app.test_client().post(f"/cds-services/{ORDER_SIGN}", json=order_sign())
        assert answer.status_code == status
        if status == 500:
            assert "decision" not in answer.get_data(as_text=True)
        result = app.test_client().get("/health").get_json()
        assert result["store"]["not_kept"] == 1
        assert any("calls are not stored" in warning for warning in result["warnings"])
        store_of(app).close()


def test_a_mistake_in_remembering_costs_no_answer_unless_keeping_is_required(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("CANARY")

    monkeypatch.setattr("service.decision_log.recording.stored_body", fail)
    for mode, status in (("on", 200), ("required", 500)):
        app = storing_app(tmp_path / mode, store=mode)
        assert app.test_client().post(f"/cds-services/{ORDER_SIGN}", json=order_sign()).status_code == status
        store_of(app).close()
    result = capsys.readouterr().err
    assert "decision not stored" in result
    assert "CANARY" not in result


def test_health_remembers_what_was_not_kept_when_keeping_works_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("service.decision_log.recording.stored_body", lambda *_: 1 / 0)
        post(app, ORDER_SIGN, order_sign())
    post(app, ORDER_SIGN, order_sign())
    result = app.test_client().get("/health").get_json()
    assert result["store"]["not_kept"] == 1
    assert "fault" not in result["store"]
    assert "1 calls of this process could not be stored since it started" in result["warnings"]


def report(app: Flask, *items: dict[str, Any]) -> int:
    answer = app.test_client().post(f"/cds-services/{ORDER_SIGN}/feedback", json={"feedback": list(items)})
    return answer.status_code


def overridden(card: str, reason: str = "patient-contraindication", at: str = "2026-11-24T10:05:31Z") -> dict[str, Any]:
    return {
        "card": card,
        "outcome": "overridden",
        "outcomeTimestamp": at,
        "overrideReason": {"reason": {"code": reason}, "userComment": "free words"},
    }


def accepted(card: dict[str, Any], at: str = "2026-11-24T11:00:00Z") -> dict[str, Any]:
    suggestion = card["suggestions"][0]["uuid"] if "suggestions" in card else str(uuid.uuid4())
    return {
        "card": card["uuid"],
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": suggestion}],
        "outcomeTimestamp": at,
    }


def counted(app: Flask) -> dict[str, Any]:
    reading_of(app)
    return stats(store_of(app).database).as_json()


def test_feedback_is_joined_to_its_card_and_rules(app: Flask) -> None:
    (card, *_) = post(app, ORDER_SIGN, order_sign())
    assert report(app, overridden(card["uuid"])) == 200
    result = counted(app)
    (rule,) = [rule for rule in result["rules"] if rule["rule"] == "sf-nsaid-contraindicated"]
    assert (rule["shown"], rule["overridden"], rule["accepted"]) == (1, 1, 0)
    assert rule["reasons"] == {"patient-contraindication": 1}
    assert rule["override_interval_95"] == [0.2065, 1.0]
    assert app.test_client().get("/stats").get_json() == result


def test_asking_for_the_counts_writes_nothing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    post(app, ORDER_SIGN, order_sign())
    asking, writing = threading.current_thread(), Database.writing

    def refused(database: Database) -> Any:
        assert threading.current_thread() is not asking, "a reader writes"
        return writing(database)

    monkeypatch.setattr(Database, "writing", refused)
    answer = app.test_client().get("/stats")
    assert answer.status_code == 200
    assert answer.get_json()["decisions"] in {0, 1}, "the row may still wait in the spool"


def test_the_counts_of_a_store_that_holds_nothing_yet_are_nothing(app: Flask) -> None:
    assert app.test_client().get("/stats").get_json()["decisions"] == 0


def test_the_same_report_counts_once_and_the_latest_outcome_counts(app: Flask) -> None:
    (card, *_) = post(app, ORDER_SIGN, order_sign())
    for _ in range(3):
        report(app, overridden(card["uuid"]))
    assert counted(app)["feedback"] == {"reports": 1, "unknown_cards": 0}
    report(app, accepted(card))
    (rule,) = [rule for rule in counted(app)["rules"] if rule["rule"] == "sf-nsaid-contraindicated"]
    assert (rule["accepted"], rule["overridden"]) == (1, 0)
    assert audit(store_of(app).database, store_of(app).keyring).is_good


def test_a_card_nobody_knows_is_kept_apart_and_counted(app: Flask) -> None:
    post(app, ORDER_SIGN, order_sign())
    assert report(app, overridden(str(uuid.uuid4())), overridden("not a uuid at all")) == 200
    result = counted(app)
    assert result["feedback"] == {"reports": 2, "unknown_cards": 2}
    assert all(rule["overridden"] == 0 for rule in result["rules"])


def test_a_reason_that_was_never_offered_counts_as_other(app: Flask) -> None:
    (card, *_) = post(app, ORDER_SIGN, order_sign())
    report(app, overridden(card["uuid"], reason="because I say so"))
    (rule,) = [rule for rule in counted(app)["rules"] if rule["overridden"]]
    assert rule["reasons"] == {"other": 1}


def test_a_comment_is_kept_only_where_comments_are(tmp_path: Path) -> None:
    for keeping in (False, True):
        app = storing_app(tmp_path / str(keeping), keep_comments=keeping)
        (card, *_) = post(app, ORDER_SIGN, order_sign())
        report(app, overridden(card["uuid"]))
        (result,) = reading_of(app).feedback_of([card["uuid"]])[card["uuid"]]
        assert result["comment"] == ("free words" if keeping else None)
        store_of(app).close()


def test_health_tells_how_the_memory_is(app: Flask) -> None:
    result = app.test_client().get("/health").get_json()["store"]
    assert (result["mode"], result["reachable"]) == ("on", True)
    assert json.dumps(result)
