"""A run that is ended at any moment goes on when it is called again, and gives the same bytes."""

from __future__ import annotations

import errno
import gzip
import multiprocessing
import os
import select
import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from service.errors import GateError
from service.population.limits import PopulationError
from service.population.run_folder import written
from service.population.workers import Task, Workers
from tests.population_data import all_lines, asked, by_type, digests, ran

NAMES = ("decisions.parquet", "cards.parquet", "summary.json", "summary.html", "rejects.ndjson")
FEW, MANY = (3, 11, 20), tuple(range(1, 41, 2))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A few patients, one line that cannot be read, and a run that nobody disturbed."""
    folder = tmp_path_factory.mktemp("ended")
    data = by_type(folder / "data", all_lines()[:60])
    with (data / "Condition.ndjson").open("ab") as file:
        file.write(b'{"resourceType":"Condition","subject":{"reference":"Patient/nobody"},\n')
    # The SHA-256 of a compressed file is a task by itself.
    for path in sorted(data.iterdir())[1:]:
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    ran(data, folder / "out")
    return data, folder / "out"


def run_ended_at(number: int, data: Path, out: Path, workers: int = 1) -> bool:
    """A run in a process of its own that is killed as it gives a file its name, the n-th time; False: it was done."""
    child = os.fork()
    if not child:
        count, given = 0, Path.replace

        def replace(self: Path, target: Path) -> Path:
            nonlocal count
            count += 1
            if count == number:
                if number % 2:
                    given(self, target)
                os.kill(os.getpid(), signal.SIGKILL)
            return given(self, target)

        Path.replace = replace
        try:
            ran(data, out, workers=workers)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


@pytest.mark.parametrize("point", FEW)
def test_a_run_that_was_killed_goes_on_and_gives_the_same(whole: tuple[Path, Path], tmp_path: Path, point: int) -> None:
    data, out = whole
    assert run_ended_at(point, data, tmp_path / "out")
    assert not (tmp_path / "out" / "run.json").exists()
    ran(data, tmp_path / "out")
    assert digests(tmp_path / "out", NAMES) == digests(out, NAMES)
    assert not (tmp_path / "out" / ".work").exists()


@pytest.mark.slow
@pytest.mark.skipif("POPULATION_LAWS" not in os.environ, reason="twenty kills one after another: make population-laws")
@pytest.mark.timeout(900)
def test_a_run_that_was_killed_at_twenty_points_in_a_row_gives_the_same(
    whole: tuple[Path, Path], tmp_path: Path
) -> None:
    data, out = whole
    killed = sum(run_ended_at(point, data, tmp_path / f"{point}") for point in MANY)
    for point in MANY:
        ran(data, tmp_path / f"{point}")
        assert digests(tmp_path / f"{point}", NAMES) == digests(out, NAMES), point
    # And one run that is killed again and again until nothing is left to do.
    again = sum(run_ended_at(3, data, tmp_path / "again") for _ in range(40))
    ran(data, tmp_path / "again")
    assert digests(tmp_path / "again", NAMES) == digests(out, NAMES)
    assert killed + again >= 20


def test_workers_end_when_who_gives_them_tasks_is_killed() -> None:
    told, held = os.pipe()
    giver = os.fork()
    if not giver:
        os.setsid()
        Workers(3, Nothing)
        os.write(held, b"started")
        signal.pause()
    os.close(held)
    assert os.read(told, 7) == b"started"
    os.kill(giver, signal.SIGKILL)
    os.waitpid(giver, 0)
    # The workers hold the other end too: it is closed when the last of them is gone.
    closed, _, _ = select.select([told], [], [], 10)
    with suppress(ProcessLookupError):
        os.killpg(giver, signal.SIGKILL)
    assert closed
    assert os.read(told, 1) == b""


class Nothing:
    """Work that never comes."""

    def do(self, task: Task) -> dict[str, Any]:
        raise AssertionError(task)


class Wrong:
    """Work that finds a gate wrong."""

    def do(self, task: Task) -> dict[str, Any]:
        raise GateError(f"{task[0]} {task[1]}")


@pytest.mark.parametrize("count", [1, 2])
def test_a_wrong_gate_ends_the_run_in_the_same_way_whoever_found_it(count: int) -> None:
    workers = Workers(count, Wrong)
    try:
        with pytest.raises(GateError, match="decide 3"):
            list(workers.run([("decide", 3)]))
    finally:
        workers.close()


def test_a_worker_that_outlives_its_run_does_not_write_into_the_files_of_the_next(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    child = os.fork()
    if not child:
        with written(path) as file:
            file.write(b"begun")
            file.flush()
            os.kill(os.getpid(), signal.SIGSTOP)
            file.write(b" and ended")
        os._exit(0)
    os.waitpid(child, os.WUNTRACED)
    with written(path) as file:
        file.write(b"begun and ended")
        file.flush()
        os.kill(child, signal.SIGCONT)
        os.waitpid(child, 0)
    assert path.read_bytes() == b"begun and ended"
    assert [one.name for one in tmp_path.iterdir()] == ["rows"]


def test_what_is_done_is_not_done_again(whole: tuple[Path, Path]) -> None:
    data, out = whole
    before = (out / "run.json").stat().st_mtime_ns
    ran(data, out)
    assert (out / "run.json").stat().st_mtime_ns == before


def test_another_question_wants_another_folder(whole: tuple[Path, Path]) -> None:
    data, out = whole
    with pytest.raises(PopulationError, match="another run"):
        ran(data, out, asked(hook="order-sign"))


def test_a_folder_with_something_else_in_it_is_left_alone(whole: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("mine")
    with pytest.raises(PopulationError, match="not empty"):
        ran(whole[0], tmp_path)


@pytest.mark.parametrize("full_at", [2, 9, 18])
def test_a_full_disk_ends_the_run_and_more_room_lets_it_go_on(
    whole: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full_at: int
) -> None:
    count, given = 0, Path.replace

    def replace(self: Path, target: Path) -> Path:
        nonlocal count
        count += 1
        if count == full_at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))
        return given(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(OSError, match="No space left"):
        ran(whole[0], tmp_path / "out")
    assert not list((tmp_path / "out").rglob("*.unfinished"))
    monkeypatch.undo()
    ran(whole[0], tmp_path / "out")
    assert digests(tmp_path / "out", NAMES) == digests(whole[1], NAMES)


def test_a_worker_that_is_ended_from_outside_is_told(
    whole: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = Workers.run

    def run(self: Workers, tasks: Iterable[Task]) -> Iterator[tuple[Task, dict[str, Any]]]:
        """As it is, after somebody ended one of the processes."""
        for process in multiprocessing.active_children()[:1]:
            process.kill()
            process.join()
        return given(self, tasks)

    with monkeypatch.context() as patched:
        patched.setattr(Workers, "run", run)
        with pytest.raises(PopulationError, match="ended from outside"):
            ran(whole[0], tmp_path / "out", workers=2)
    ran(whole[0], tmp_path / "out")
    assert digests(tmp_path / "out", NAMES) == digests(whole[1], NAMES)
