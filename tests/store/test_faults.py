"""Faults for real: killed processes, full disks, a database that goes and comes back, two that drain at once.

Whatever happens, every decision that was answered is found once, exactly, and the chains hold.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import resource
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from service.errors import StoreError
from service.store.audit import audit
from service.store.database import Database, store_url
from service.store.draining import drain_all
from service.store.keys import read_keyring
from service.store.options import StoreOptions
from service.store.store import Store
from tests.http.calls import order_sign
from tests.store.postgresql import Server
from tests.store.processes import asked, gunicorn
from tests.store.rows import RULE_SET, decision, keep, stored_ids
from tests.store.service import SMALL_RULES
from tests.thoroughness import THOROUGH

SPAWN = multiprocessing.get_context("spawn")
NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


def found(options: StoreOptions) -> list[str]:
    """The ids of all decisions, after everything was drained; the chains hold."""
    store = Store(options, "test")
    drain_all(store.database, options, store.keyring)
    report = audit(store.database, store.keyring)
    assert [str(fault) for fault in report.issues] == []
    ids = stored_ids(store)
    if store.database.is_sqlite:
        store.close()
        connection = sqlite3.connect(store.database.file)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()
    store.close()
    return ids


# --- killed in the middle of a load ---------------------------------------------------------------------------------


def call_until(stop: threading.Event, port: int, answered: list[str]) -> None:
    """Send calls and note the decision of every answer that arrived whole."""
    body = json.dumps(order_sign())
    while not stop.is_set():
        status, content = asked(port, "POST", "/cds-services/small-order-sign", body)
        if status == 200:
            answered.append(json.loads(content)["cards"][0]["extension"]["sciatica-cds.why"]["decision"])
        else:
            time.sleep(0.02)


def test_no_answered_call_is_lost_when_workers_are_killed_under_load(options: StoreOptions) -> None:
    settings = {
        "SCIATICA_CDS_RULES": str(SMALL_RULES),
        "SCIATICA_CDS_DATA": str(options.spool.parent),
        "SCIATICA_CDS_STORE_KEYS": str(options.keys),
        "SCIATICA_CDS_STORE_URL": options.url,
        "SCIATICA_CDS_STORE": "required",
    }
    answered: list[str] = []
    stop = threading.Event()
    with gunicorn(settings, workers=2) as (port, master):
        callers = [threading.Thread(target=call_until, args=(stop, port, answered)) for _ in range(3)]
        for caller in callers:
            caller.start()
        for number in range(6):
            time.sleep(random.uniform(0.2, 0.6))
            # However slow the machine is, there is load at each kill.
            wait_for(lambda least=10 * number: len(answered) > least)
            workers = master.children()
            if workers:
                random.choice(workers).send_signal(signal.SIGKILL)
        wait_for(lambda: len(answered) > 60)
        # At last everything at once, the drain included.
        for process in [*master.children(), master]:
            process.kill()
        stop.set()
        for caller in callers:
            caller.join()
    stored = found(options)
    assert len(answered) > 50
    assert len(stored) == len(set(stored))
    assert set(answered) <= set(stored)


# --- a full disk ----------------------------------------------------------------------------------------------------


def test_on_a_full_disk_what_was_accepted_is_kept_and_the_rest_is_refused(tmp_path: Path) -> None:
    options = StoreOptions(str(tmp_path / "store.db"), tmp_path / "spool", tmp_path / "keys.json", wait_seconds=1)
    result = tmp_path / "told"
    child = SPAWN.Process(target=fill, args=(options, result))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    lines = result.read_text().splitlines()
    accepted = [line.split()[1] for line in lines if line.startswith("kept")]
    assert any(line.startswith("refused") for line in lines)
    assert lines[-1].startswith("kept"), "with space again, rows are stored again"
    assert sorted(accepted) == found(options)


def fill(options: StoreOptions, result: Path) -> None:
    """Keep rows until nothing more fits into any file, then let files grow again and go on."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    store = Store(options, "test")
    ids = keep(store, 1)
    store.drain()
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, hard))
    lines = [f"kept {ids[0]}"]
    refused = 0
    for _ in range(3000):
        body = decision()
        try:
            store.append("decision", body, RULE_SET)
        except StoreError:
            refused += 1
            lines.append("refused")
            if refused > 20:
                break
        else:
            lines.append(f"kept {body['id']}")
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    lines += [f"kept {one}" for one in keep(store, 5)]
    store.close()
    result.write_text("\n".join(lines))
    os._exit(0)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("only root may mount a small file system")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_on_a_full_file_system_nothing_half_written_stays(small_disk: Path, tmp_path: Path) -> None:
    options = StoreOptions(str(small_disk / "store.db"), small_disk / "spool", tmp_path / "keys.json", wait_seconds=1)
    store = Store(options, "test")
    accepted = keep(store, 1)
    store.drain()
    refused = 0
    while refused < 10:
        body = decision(cards=20)
        try:
            store.append("decision", body, RULE_SET)
        except StoreError:
            refused += 1
        else:
            accepted.append(body["id"])
        assert len(accepted) < 2000
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    accepted += keep(store, 5)
    store.close()
    assert sorted(accepted) == found(options)


# --- the database goes and comes back -------------------------------------------------------------------------------


def test_while_postgresql_is_gone_rows_wait_and_come_home_in_order(postgresql: Server, tmp_path: Path) -> None:
    options = StoreOptions(postgresql.fresh(), tmp_path / "spool", tmp_path / "keys.json", wait_seconds=1)
    store = Store(options, "test")
    ids = keep(store, 10)
    store.drain()
    postgresql.stop(kill=True)
    try:
        began = time.perf_counter()
        ids += keep(store, 40)
        assert time.perf_counter() - began < 1, "answers do not wait for a database that is gone"
        wait_for(lambda: store.failure is not None)
        assert store.waiting_bytes() > 0
    finally:
        postgresql.start()
    ids += keep(store, 10)
    wait_for(lambda: store.failure is None and store.waiting_bytes() == 0)
    store.close()
    assert sorted(ids) == found(options)


def test_while_sqlite_is_locked_rows_wait(tmp_path: Path) -> None:
    options = StoreOptions(str(tmp_path / "store.db"), tmp_path / "spool", tmp_path / "keys.json", wait_seconds=0.3)
    store = Store(options, "test")
    ids = keep(store, 3)
    store.drain()
    holder = Database(store_url(options.url), 5)
    with holder.writing():
        ids += keep(store, 10)
        wait_for(lambda: store.failure is not None)
    wait_for(lambda: store.failure is None and store.waiting_bytes() == 0)
    holder.close()
    store.close()
    assert sorted(ids) == found(options)


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# --- two that drain at once, and one that dies while it does --------------------------------------------------------


def leave_behind(options: StoreOptions, count: int) -> list[str]:
    """Rows in the spool of a process that died before its database could be reached."""
    result = options.spool.parent / f"left-{random.randrange(10**9)}"
    child = SPAWN.Process(target=keep_and_die, args=(replace(options, url=NOWHERE), count, result))
    child.start()
    child.join(60)
    return result.read_text().split()


def keep_and_die(options: StoreOptions, count: int, result: Path) -> None:
    store = Store(options, "test")
    result.write_text("\n".join(keep(store, count)))
    os.kill(os.getpid(), signal.SIGKILL)


def drain(options: StoreOptions) -> None:
    database = Database(store_url(options.url), 10)
    drain_all(database, options, read_keyring(options.keys))
    database.close()
    os._exit(0)


def test_two_processes_that_drain_at_once_keep_each_row_once(options: StoreOptions) -> None:
    ids = [one for _ in range(3) for one in leave_behind(options, 150)]
    drains = [SPAWN.Process(target=drain, args=(replace(options, wait_seconds=10),)) for _ in range(2)]
    for process in drains:
        process.start()
    for process in drains:
        process.join(60)
    assert [process.exitcode for process in drains] == [0, 0]
    assert sorted(ids) == found(options)
    assert list(options.spool.glob("*.rows")) == []


def test_a_drain_that_is_killed_is_done_again(options: StoreOptions) -> None:
    ids = leave_behind(options, 2000)
    for delay in (0.5, 0.7, 0.9):
        process = SPAWN.Process(target=drain, args=(options,))
        process.start()
        time.sleep(delay)
        process.kill()
        process.join(30)
    assert sorted(ids) == found(options)


@pytest.mark.slow
def test_writers_killed_in_a_loop_leave_whole_chains(options: StoreOptions) -> None:
    result: list[str] = []
    for _ in range(8 if THOROUGH else 2):
        files = [options.spool.parent / f"told-{random.randrange(10**9)}" for _ in range(3)]
        writers = [SPAWN.Process(target=keep_for_ever, args=(options, file)) for file in files]
        for writer in writers:
            writer.start()
        wait_for(lambda files=files: all(file.exists() for file in files))
        time.sleep(random.uniform(0.2, 0.8))
        for writer in writers:
            writer.kill()
            writer.join(30)
        # The last line may be torn by the kill: it was not told then.
        result += [line for file in files for line in file.read_text().split("\n")[:-1]]
    stored = found(options)
    assert len(result) > 40
    assert len(stored) == len(set(stored))
    assert set(result) <= set(stored)


def keep_for_ever(options: StoreOptions, result: Path) -> None:
    store = Store(options, "test")
    with result.open("w") as file:
        while True:
            body = decision()
            store.append("decision", body, RULE_SET)
            file.write(f"{body['id']}\n")
            file.flush()
            time.sleep(0.002)


def test_a_spool_file_under_unknown_keys_is_set_aside_and_not_lost(tmp_path: Path) -> None:
    options = StoreOptions(str(tmp_path / "store.db"), tmp_path / "spool", tmp_path / "keys.json")
    leave_behind(options, 3)
    other = replace(options, keys=tmp_path / "other.json")
    database = Database(store_url(options.url))
    drain_all(database, other, read_keyring(other.keys))
    database.close()
    assert [path.suffix for path in options.spool.iterdir() if path.is_file()] == [".rejected"]


def test_a_torn_line_is_no_row(tmp_path: Path) -> None:
    options = StoreOptions(str(tmp_path / "store.db"), tmp_path / "spool", tmp_path / "keys.json")
    ids = leave_behind(options, 3)
    (file,) = options.spool.glob("*.rows")
    file.write_bytes(file.read_bytes()[:-40])
    assert set(found(options)) == set(ids[:2])
