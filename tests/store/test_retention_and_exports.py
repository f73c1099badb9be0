"""What is old goes, visibly; what is stored can be handed to another system."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from service.cli.audit import store as audit_commands
from service.cli.main import group
from service.config import read_settings
from service.store.audit import audit
from service.store.options import StoreOptions, store_options
from service.store.retention import expire
from service.store.store import Store
from service.store.tables import card_rules, cards, decisions, feedback, ledger
from tests.http.calls import order_sign
from tests.store.rows import NOW, RULE_SET, decision, keep, stored_ids, tamper
from tests.store.rows import feedback as reported
from tests.store.service import post, store_of, storing_app

OLD = datetime(2020, 5, 1, tzinfo=UTC)
LIMIT = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def aged(options: StoreOptions, open_store: Callable[..., Store]) -> Store:
    """Six old decisions with a report, and four young ones by the same and another writer."""
    clock = [OLD]
    store = Store(options, "test", lambda: clock[0])
    for number in range(6):
        clock[0] = OLD + timedelta(days=number)
        body = decision(clock[0])
        store.append("decision", body, RULE_SET)
    store.append("feedback", reported(body["cards"][0]["uuid"]))
    clock[0] = NOW
    keep(store, 2)
    store.close()
    other = open_store()
    keep(other, 2)
    other.close()
    return store


def count(store: Store, table: object) -> int:
    with store.database.reading() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_what_is_old_goes_and_the_chain_still_holds(aged: Store) -> None:
    done = expire(aged.database, aged.options, aged.keyring, LIMIT, NOW)
    assert (done.rows, done.writers) == (9, 1)
    report = audit(aged.database, aged.keyring)
    assert [str(fault) for fault in report.issues] == []
    assert report.decisions == 4
    assert (count(aged, decisions), count(aged, cards), count(aged, card_rules)) == (4, 8, 16)
    assert count(aged, feedback) == 0


def test_rows_that_vanish_beside_a_tombstone_are_still_found(aged: Store) -> None:
    expire(aged.database, aged.options, aged.keyring, LIMIT, NOW)
    tamper(aged, "DELETE FROM ledger WHERE seq = 10")
    assert any("10: this row is missing: dropped" in str(fault) for fault in audit(aged.database, aged.keyring).issues)


def test_a_tombstone_nobody_wrote_hides_nothing(aged: Store) -> None:
    with aged.database.reading() as connection:
        writer, hashed = connection.execute(select(ledger.c.writer, ledger.c.hash).where(ledger.c.seq == 8)).one()
    tamper(aged, "DELETE FROM ledger WHERE writer = :writer AND seq <= 8", writer=writer)
    statement = "INSERT INTO tombstones VALUES (:writer, 8, :hash, 8, '2024-01-01', 'nobody', 1)"
    tamper(aged, statement, writer=writer, hash=hashed)
    faults = [str(fault) for fault in audit(aged.database, aged.keyring).issues]
    assert f"tombstones {writer}/8: no row of the ledger accounts for it: inserted" in faults


def test_deleting_again_deletes_nothing_more(aged: Store) -> None:
    expire(aged.database, aged.options, aged.keyring, LIMIT, NOW)
    assert expire(aged.database, aged.options, aged.keyring, LIMIT, NOW).rows == 0
    assert audit(aged.database, aged.keyring).is_good


def test_tombstones_grow_old_too(aged: Store, open_store: Callable[..., Store]) -> None:
    expire(aged.database, aged.options, aged.keyring, LIMIT, NOW)
    later = NOW + timedelta(days=4000)
    expire(aged.database, aged.options, aged.keyring, later, later)
    assert [str(fault) for fault in audit(aged.database, aged.keyring).issues] == []
    fresh = open_store()
    ids = keep(fresh, 1)
    fresh.close()
    assert stored_ids(fresh) == ids
    assert audit(aged.database, aged.keyring).is_good


def test_deleted_content_is_not_left_in_the_file(tmp_path: Path) -> None:
    store = Store(StoreOptions(str(tmp_path / "s.db"), tmp_path / "spool", tmp_path / "k.json"), "test", lambda: OLD)
    store.append("decision", decision(OLD) | {"hook": "a-hook-to-look-for"}, RULE_SET)
    store.close()
    assert b"a-hook-to-look-for" in (tmp_path / "s.db").read_bytes()
    expire(store.database, store.options, store.keyring, LIMIT, NOW)
    store.close()
    left = b"".join(file.read_bytes() for file in tmp_path.glob("s.db*"))
    assert b"a-hook-to-look-for" not in left


@pytest.fixture
def used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of data in which a service has kept a call and a report about it; the commands look there."""
    app = storing_app(tmp_path)
    card = post(app, "small-order-sign", order_sign())[0]
    item = {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": "2026-11-24T10:05:31Z"}
    app.test_client().post("/cds-services/small-order-sign/feedback", json={"feedback": [item]})
    store_of(app).close()
    monkeypatch.setenv("SCIATICA_CDS_DATA", str(tmp_path))
    return tmp_path


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(group, list(words))
    return done.exit_code, done.stdout


@pytest.mark.usefixtures("used")
def test_an_export_writes_names_out_and_joins_feedback() -> None:
    _, text = run("audit", "export")
    decided, result = (json.loads(line) for line in text.splitlines())
    assert decided["findings"]["anticoagulant-active"] == "present"
    assert {"id": "sf-nsaid-contraindicated", "version": "1.0.0", "outcome": "fired"} in decided["rules"]
    assert (result["known"], result["decision"]) == (True, decided["id"])
    assert result["rules"][0]["id"] == "sf-nsaid-contraindicated"


@pytest.mark.usefixtures("used")
def test_an_export_as_fhir_is_valid_r4() -> None:
    from fhir.resources.R4B.auditevent import AuditEvent
    from fhir.resources.R4B.provenance import Provenance

    _, text = run("audit", "export", "--format", "fhir")
    event, provenance, report = (json.loads(line) for line in text.splitlines())
    AuditEvent.model_validate(event)
    AuditEvent.model_validate(report)
    Provenance.model_validate(provenance)
    assert {"type": "outcome", "valueString": "overridden"} in report["entity"][0]["detail"]
    assert event["entity"][0]["what"]["identifier"]["system"] == "urn:sciatica-cds:patient-hash"
    assert "Patient/" not in text


@pytest.mark.usefixtures("used")
def test_the_question_of_years_later_is_one_command() -> None:
    code, text = run("recall", "--patient", "p1", "--since", "2020-01-01")
    assert code == 0
    for result in (
        "order-sign",
        "sf-nsaid-contraindicated 1.0.0",
        "overridden at 2026-11-24",
        "digest",
        "anticoagulant",
    ):
        assert result in text
    assert "critical: NSAID ordered although contraindicated. Choose other pain relief." in text
    assert "because of nsaid-ordered, anticoagulant-active" in text
    assert "decided again the cards are the same" in text
    assert "no decision" in CliRunner().invoke(group, ["recall", "--patient", "p2"]).output


@pytest.mark.usefixtures("used")
def test_commands_verify_replay_and_count() -> None:
    assert run("audit", "verify")[0] == 0
    assert run("replay", "--all", "--since", "2020-01-01") == (0, "1 decisions replayed, 0 differing\n")
    assert json.loads(CliRunner().invoke(group, ["replay", "--all", "--json"]).stdout) == {
        "replayed": 1,
        "differing": {},
    }
    assert "sf-nsaid-contraindicated" in run("stats")[1]
    number, _, hashed = run("audit", "checkpoint")[1].strip().partition(":")
    assert CliRunner().invoke(audit_commands, ["verify", "--anchor", f"{number}:{hashed}"]).exit_code == 0
    wrong = CliRunner().invoke(audit_commands, ["verify", "--anchor", f"{number}:{'0' * 64}"])
    assert (wrong.exit_code, "rewritten" in wrong.stdout) == (1, True)
    counted = json.loads(CliRunner().invoke(audit_commands, ["verify", "--json"]).stdout)
    assert (counted["decisions"], counted["faults"], counted["good"]) == (1, [], True)


@pytest.mark.usefixtures("used")
def test_deleting_asks_first() -> None:
    assert "1 decisions are older" in run("audit", "expire", "--before", "2100-01-01")[1]
    assert "rows of 1 writers deleted, tombstone" in run("audit", "expire", "--before", "2100-01-01", "--yes")[1]
    assert run("audit", "verify")[0] == 0


@pytest.mark.usefixtures("used")
def test_a_spool_file_that_was_set_aside_is_told_until_a_person_looked_at_it() -> None:
    spool = store_options(read_settings()).spool
    (spool / f"{'0' * 16}.rows").write_bytes(b"no row\n")
    said = run("audit", "verify")
    assert (said[0], f"spool {'0' * 16}: holds lines that are no rows" in said[1]) == (1, True)
    (spool / f"{'0' * 16}.rejected").unlink()
    assert run("audit", "verify")[0] == 0
