"""Workers: processes that stay alive and do one task after another. With one worker the tasks are done here."""

from __future__ import annotations

import multiprocessing
import os
import resource
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Protocol

from service.errors import GateError, ServiceError
from service.population.limits import PopulationError

Json = dict[str, Any]
Task = tuple[str, int]
"""The name of a stage and the number of a task in it."""
_KILOBYTE = 1024


class Work(Protocol):
    """Does tasks by their names; prepared once in each process."""

    def do(self, task: Task) -> Json: ...


class Workers:
    """So many processes, fed as they become free. To be closed."""

    def __init__(self, count: int, make_work: Callable[[], Work]) -> None:
        self._work: Work | None = None
        self._processes: list[BaseProcess] = []
        self._free: list[Connection] = []
        self.largest: dict[int, int] = {}
        if count == 1:
            self._work = make_work()
            return
        forks = may_fork()
        context: Any = multiprocessing.get_context("fork" if forks else "spawn")
        for _ in range(count):
            ours, theirs = context.Pipe()
            copied = (*self._free, ours) if forks else ()
            process = context.Process(target=_serve, args=(theirs, make_work, copied), daemon=True)
            process.start()
            theirs.close()
            self._processes.append(process)
            self._free.append(ours)

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Json]]:
        """Do all tasks, in whatever order; each with what it came to. Raises what a task raised."""
        if self._work is not None:
            for task in tasks:
                yield task, self._work.do(task)
            self.largest[os.getpid()] = peak_memory()
            return
        waiting = iter(tasks)
        busy: dict[Connection, Task] = {}
        while True:
            while self._free and (following := next(waiting, None)) is not None:
                worker = self._free.pop()
                _send(worker, following)
                busy[worker] = following
            if not busy:
                return
            for ready in wait(list(busy)):
                assert isinstance(ready, Connection)
                task = busy.pop(ready)
                answer = self._received(ready, task)
                self._free.append(ready)
                yield task, answer

    def _received(self, worker: Connection, task: Task) -> Json:
        try:
            answer, error, pid, peak = worker.recv()
        except EOFError:
            raise _ended(task) from None
        self.largest[pid] = max(peak, self.largest.get(pid, 0))
        if error is not None:
            raise error
        result: Json = answer
        return result

    def close(self) -> None:
        """End the processes."""
        for worker in self._free:
            worker.close()
        for process in self._processes:
            process.terminate()
            process.join()
            process.close()
        self._processes.clear()


def _send(worker: Connection, task: Task) -> None:
    try:
        worker.send(task)
    except OSError:
        raise _ended(task) from None


def _ended(task: Task) -> PopulationError:
    return PopulationError(
        f"a worker was ended from outside before it had done {task[0]} {task[1]} (perhaps for want of memory: "
        "--memory, --workers). The same command goes on where it stopped"
    )


def may_fork() -> bool:
    """Whether a process may be copied as it is: where the system does that well, and nothing else runs in it."""
    return sys.platform == "linux" and threading.active_count() == 1 and _threads() == 1


def _threads() -> int:
    try:
        return sum(1 for _ in Path("/proc/self/task").iterdir())
    except OSError:
        return 2


def _serve(tasks: Connection, make_work: Callable[[], Work], copied: Iterable[Connection]) -> None:
    """Do tasks until who gives them is gone. ``copied`` are ends of pipes that this one holds as a copy of that one."""
    for end in copied:
        # As long as anybody holds it open, it is not seen that the one who gives tasks was killed.
        end.close()
    work: Work | None = None
    while True:
        try:
            task = tasks.recv()
        except (EOFError, OSError, KeyboardInterrupt):
            return
        try:
            work = work or make_work()
            answer: tuple[Json | None, Exception | None] = (work.do(task), None)
        except (ServiceError, OSError) as error:
            answer = (None, _plain(error))
        except KeyboardInterrupt:
            return
        try:
            tasks.send((*answer, os.getpid(), peak_memory()))
        except OSError:
            return


def _plain(error: Exception) -> Exception:
    """An error that can be sent between processes, with its words."""
    if isinstance(error, GateError):
        return GateError(str(error))
    if isinstance(error, OSError):
        return OSError(error.errno, error.strerror or str(error), error.filename)
    return PopulationError(str(error))


def peak_memory() -> int:
    """The most memory this process has held so far, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * _KILOBYTE
