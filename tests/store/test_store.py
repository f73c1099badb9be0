"""Rows are stored once, in order, on either database, whoever drains them and however often."""

from __future__ import annotations

import multiprocessing
import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, func, select

from service.errors import StoreError
from service.store import schema
from service.store.audit import audit
from service.store.draining import drain_all
from service.store.options import StoreOptions
from service.store.stats import stats
from service.store.store import Store
from service.store.tables import ledger, metadata, rule_set_files, writers
from tests.store.postgresql import Server
from tests.store.rows import RULE_SET, decision, keep, stored_ids
from tests.store.rows import feedback as reported


def test_every_decision_is_kept_once_and_in_order(store: Store) -> None:
    ids = keep(store, 25)
    store.close()
    with store.database.reading() as connection:
        bodies = connection.execute(select(ledger.c.kind, ledger.c.seq).order_by(ledger.c.seq)).all()
    assert [kind for kind, _ in bodies] == ["begin", "rule-set", *["decision"] * 25]
    assert [seq for _, seq in bodies] == list(range(1, 28))
    assert stored_ids(store) == sorted(ids)


def test_the_rule_set_is_kept_with_its_files_once(store: Store, open_store: Callable[..., Store]) -> None:
    keep(store, 2)
    keep(open_store(), 1)
    store.close()
    drain_all(store.database, store.options, store.keyring)
    with store.database.reading() as connection:
        stored = connection.execute(select(rule_set_files.c.digest, rule_set_files.c.pack)).all()
    assert [digest for digest, _ in stored] == [RULE_SET.digest]
    assert stored[0].pack[:2] == b"\x1f\x8b"


def test_an_answer_does_not_wait_for_the_database(options: StoreOptions, open_store: Callable[..., Store]) -> None:
    store = open_store(
        StoreOptions("postgresql://nobody@127.0.0.1:1/none", options.spool, options.keys, wait_seconds=2)
    )
    began = time.perf_counter()
    keep(store, 20)
    assert time.perf_counter() - began < 1
    assert store.waiting_bytes() > 5000


def test_rows_come_home_without_anybody_asking(store: Store) -> None:
    ids = keep(store, 3)
    deadline = time.monotonic() + 10
    while store.waiting_bytes() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert stored_ids(store) == sorted(ids)


def test_a_row_that_two_bring_home_is_kept_once(store: Store) -> None:
    ids = keep(store, 50)
    racing = [threading.Thread(target=drain_all, args=(store.database, store.options, store.keyring)) for _ in range(3)]
    for thread in racing:
        thread.start()
    store.drain()
    for thread in racing:
        thread.join()
    assert stored_ids(store) == sorted(ids)
    assert audit(store.database, store.keyring).is_good


@pytest.mark.parametrize("card", ["a\x00b", ("İ" * 500).lower()], ids=["a NUL", "longer in lower case"])
def test_nothing_a_client_reports_keeps_rows_from_coming_home(store: Store, card: str) -> None:
    store.append("feedback", reported(card) | {"comment": "a\x00b"})
    ids = keep(store, 2)
    store.drain()
    assert store.waiting_bytes() == 0
    assert stored_ids(store) == sorted(ids)
    assert audit(store.database, store.keyring).is_good
    assert stats(store.database).unknown_cards == 1


def test_many_threads_of_one_process_make_one_chain(store: Store) -> None:
    threads = [threading.Thread(target=keep, args=(store, 30)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    report = audit(store.database, store.keyring)
    assert (report.is_good, report.decisions) == (True, 120)
    with store.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(writers)).scalar() == 1


def test_a_child_after_a_fork_is_a_writer_of_its_own(store: Store) -> None:
    keep(store, 2)
    child = multiprocessing.get_context("fork").Process(target=_keep_and_leave, args=(store, 3))
    child.start()
    child.join(30)
    assert child.exitcode == 0
    store.close()
    drain_all(store.database, store.options, store.keyring)
    report = audit(store.database, store.keyring)
    assert (report.is_good, report.decisions) == (True, 5)
    with store.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(writers)).scalar() == 2


def _keep_and_leave(store: Store, count: int) -> None:
    keep(store, count)
    os._exit(0)


def test_without_spool_and_database_a_row_is_refused_and_leaves_no_gap(
    options: StoreOptions, open_store: Callable[..., Store], tmp_path: Path
) -> None:
    nowhere = tmp_path / "a-file"
    nowhere.write_text("")
    broken = open_store(
        StoreOptions("postgresql://nobody@127.0.0.1:1/none", nowhere / "spool", options.keys, wait_seconds=1)
    )
    with pytest.raises(StoreError):
        broken.append("decision", decision(), RULE_SET)


def test_while_nothing_can_be_written_the_next_answers_do_not_wait(tmp_path: Path) -> None:
    nowhere = tmp_path / "a-file"
    nowhere.write_text("")
    options = StoreOptions("postgresql://nobody@192.0.2.1/none", nowhere / "spool", tmp_path / "k.json", wait_seconds=1)
    store = Store(options, "test")
    with pytest.raises(StoreError):
        store.append("decision", decision(), RULE_SET)
    began = time.perf_counter()
    for _ in range(20):
        with pytest.raises(StoreError):
            store.append("decision", decision(), RULE_SET)
    assert time.perf_counter() - began < 1
    store.close()


def test_without_spool_the_database_takes_the_row_at_once(
    options: StoreOptions, open_store: Callable[..., Store], tmp_path: Path
) -> None:
    nowhere = tmp_path / "a-file"
    nowhere.write_text("")
    store = open_store(StoreOptions(options.url, nowhere / "spool", options.keys, wait_seconds=2))
    ids = keep(store, 3)
    assert stored_ids(store) == sorted(ids)
    assert audit(store.database, store.keyring).is_good


def test_what_the_migrations_make_is_what_the_models_say(store: Store) -> None:
    store.database.prepare()
    with store.database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    assert ScriptDirectory.from_config(schema.config()).get_current_head() == schema.REVISION


def test_an_empty_database_gets_the_tables_that_the_migrations_make(tmp_path: Path) -> None:
    """Without loading Alembic, whose own table is the same too."""
    made = []
    for name in ("at-once", "migrated"):
        engine = create_engine(f"sqlite:///{tmp_path / name}")
        with engine.connect() as connection:
            if name == "migrated":
                command.upgrade(schema.config(connection), "head")
                connection.commit()
            else:
                schema.upgrade(connection, lock=1)
            with connection.begin():
                made.append(set(connection.exec_driver_sql("SELECT name, sql FROM sqlite_master").all()))
                assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").all() == [("0001",)]
        engine.dispose()
    at_once, migrated = ({(name, " ".join((sql or "").split())) for name, sql in one} for one in made)
    assert at_once == migrated


def test_two_that_start_at_once_make_the_tables_once(open_store: Callable[..., Store]) -> None:
    stores = [open_store() for _ in range(4)]
    failed: list[Exception] = []

    def prepare(store: Store) -> None:
        try:
            store.database.prepare()
        except StoreError as error:
            failed.append(error)

    threads = [threading.Thread(target=prepare, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


def test_a_role_that_may_only_insert_and_read_and_add_to_counts_is_enough(
    postgresql: Server, tmp_path: Path, open_store: Callable[..., Store]
) -> None:
    url = postgresql.fresh()
    owner = open_store(StoreOptions(url, tmp_path / "s1", tmp_path / "keys.json"))
    owner.database.prepare()
    role = f"writer{postgresql.databases}"
    postgresql.sql(url, f"CREATE ROLE {role} LOGIN; GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO {role}")
    postgresql.sql(url, f"GRANT UPDATE ON radar_days, radar_codes TO {role}")
    ids: list[str] = []
    for _ in range(2):
        writer = open_store(StoreOptions(url.replace("tester@", f"{role}@"), tmp_path / "s2", tmp_path / "keys.json"))
        ids += keep(writer, 2)
        writer.close()
    assert stored_ids(owner) == sorted(ids)
    with pytest.raises(StoreError), writer.database.writing() as connection:
        connection.execute(ledger.delete())


def test_files_are_for_their_owner_only(store: Store) -> None:
    keep(store, 1)
    files = [store.options.keys, *store.options.spool.glob("*.rows")]
    if store.database.is_sqlite:
        store.drain()
        files.append(store.database.file)
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_an_error_of_the_database_quotes_nothing_that_was_written(store: Store) -> None:
    with pytest.raises(StoreError) as raised, store.database.writing() as connection:
        connection.execute(ledger.insert(), [{"writer": "CANARY", "seq": None}])
    assert "CANARY" not in str(raised.value)
    assert raised.value.__cause__ is None
