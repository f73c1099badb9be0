"""A token is good for one call: across processes and threads, over a restart, and without growing for ever."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.errors import StoreError
from service.security.replay import Replay

ISS = "https://ehr.example.org"
NOW = 1_795_500_000.0
WORKER = """
import sys
from pathlib import Path
from service.security.replay import Replay
replay = Replay(Path(sys.argv[1]))
print(sum(replay.first_use("iss", f"token-{number}", 1_795_500_300, 1_795_500_000) for number in range(300)))
"""


@pytest.mark.requirement("JW-8")
def test_jw8_two_worker_processes_accept_each_token_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WORKER, str(tmp_path / "replay.db")]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    accepted = [int(worker.communicate(timeout=60)[0]) for worker in workers]
    assert sum(accepted) == 300


@pytest.mark.requirement("JW-8")
def test_jw8_threads_of_one_process_accept_each_token_once(tmp_path: Path) -> None:
    replay = Replay(tmp_path / "replay.db")
    with ThreadPoolExecutor(8) as threads:
        uses = list(threads.map(lambda number: replay.first_use(ISS, str(number // 4), NOW + 300, NOW), range(200)))
    assert sum(uses) == 50


@pytest.mark.requirement("JW-8")
def test_jw8_a_forked_worker_shares_the_memory_of_its_parent(tmp_path: Path) -> None:
    replay = Replay(tmp_path / "replay.db")
    assert replay.first_use(ISS, "before", NOW + 300, NOW)
    child = os.fork()
    if child == 0:
        right = not replay.first_use(ISS, "before", NOW + 300, NOW) and replay.first_use(ISS, "after", NOW + 300, NOW)
        os._exit(0 if right else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert not replay.first_use(ISS, "after", NOW + 300, NOW)


@pytest.mark.requirement("JW-8")
def test_jw8_a_restart_forgets_nothing(tmp_path: Path) -> None:
    assert Replay(tmp_path / "replay.db").first_use(ISS, "a", NOW + 300, NOW)
    again = Replay(tmp_path / "replay.db")
    assert again.was_used(ISS, "a")
    assert not again.first_use(ISS, "a", NOW + 300, NOW)


@pytest.mark.requirement("JW-8")
def test_jw8_the_same_jti_of_two_issuers_is_two_tokens(tmp_path: Path) -> None:
    replay = Replay(tmp_path / "replay.db")
    assert replay.first_use("a", "bc", NOW + 300, NOW)
    assert replay.first_use("ab", "c", NOW + 300, NOW)
    assert replay.first_use("b", "bc", NOW + 300, NOW)
    assert not replay.first_use("a", "bc", NOW + 300, NOW)


@pytest.mark.requirement("JW-8")
def test_jw8_expired_tokens_are_swept_and_unexpired_ones_are_not(tmp_path: Path) -> None:
    replay = Replay(tmp_path / "replay.db")
    for number in range(50):
        assert replay.first_use(ISS, f"old-{number}", NOW + 10, NOW)
    assert replay.first_use(ISS, "young", NOW + 300, NOW)
    assert replay.first_use(ISS, "later", NOW + 400, NOW + 100)
    with sqlite3.connect(tmp_path / "replay.db") as connection:
        assert connection.execute("SELECT count(*) FROM seen").fetchone() == (2,)
    connection.close()
    assert not replay.first_use(ISS, "young", NOW + 300, NOW + 100)


@pytest.mark.requirement("JW-8")
def test_jw8_a_full_list_refuses_rather_than_forgets(tmp_path: Path) -> None:
    replay = Replay(tmp_path / "replay.db", max_bytes=64 * 1024)
    with pytest.raises(StoreError):
        all(replay.first_use(ISS, str(number), NOW + 300, NOW) for number in range(5000))
    assert not replay.first_use(ISS, "0", NOW + 300, NOW)
    assert (tmp_path / "replay.db").stat().st_size <= 64 * 1024
    assert replay.first_use(ISS, "new", NOW + 700, NOW + 400), "there is room again when the old ones have expired"


@pytest.mark.requirement("JW-8")
def test_jw8_a_list_that_cannot_be_written_is_an_error_and_not_an_open_door(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        Replay(tmp_path / "no-such-folder" / "replay.db").first_use(ISS, "a", NOW + 300, NOW)
    (tmp_path / "broken.db").write_bytes(b"this is no database, whatever its name says" * 100)
    with pytest.raises(StoreError):
        Replay(tmp_path / "broken.db").first_use(ISS, "a", NOW + 300, NOW)


@pytest.mark.requirement("SE-8")
def test_se8_neither_issuer_nor_token_id_stand_in_the_file(tmp_path: Path) -> None:
    replay = Replay(tmp_path / "replay.db")
    replay.first_use("canary-issuer", "canary-jti", NOW + 300, NOW)
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"canary" not in written


def test_asking_whether_a_token_was_used_makes_no_file(tmp_path: Path) -> None:
    assert not Replay(tmp_path / "replay.db").was_used(ISS, "a")
    assert list(tmp_path.iterdir()) == []
