"""What slow clients and lost workers do to normal calls: ``python -m benchmarks.slow_clients``.

Starts the service as it is shipped (gunicorn.conf.py, the decision log on), and makes normal calls at a steady rate: by
turns alone and while hundreds of connections stay idle and others send a body byte by byte, then while a worker is
killed, crashes, or hangs (is stopped). Prints how long the normal calls took, how many came to nothing, and how long it
was until the lost worker had been replaced. Ends with 1 when one of the limits of ``docs/operations.md`` is not kept.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import signal
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

from benchmarks.server import PROJECT, Server, serving

CHART = (PROJECT / "docs" / "smallest-bundle.json").read_bytes()
HEADERS = {"Content-Type": "application/json"}
P99_SECONDS = 0.25
# gunicorn's timeout for a worker that gives no sign of life, and the time to notice and start another.
REPLACED_SECONDS = {"SIGKILL": 10.0, "SIGABRT": 10.0, "SIGSTOP": 45.0}
_DRIBBLE = b"POST /evaluate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{"


@dataclass
class Calls:
    """How long the calls took that were answered, and how many were not."""

    seconds: list[float] = field(default_factory=list)
    lost: int = 0

    @property
    def p99(self) -> float:
        """The 99th percentile in seconds."""
        return statistics.quantiles(self.seconds, n=100)[98] if len(self.seconds) > 1 else float("inf")

    def said(self) -> str:
        """The figures in words."""
        half = statistics.median(self.seconds) if self.seconds else float("inf")
        return f"{len(self.seconds)} calls: p50 {half * 1000:.0f} ms, p99 {self.p99 * 1000:.0f} ms, {self.lost} lost"


def one_call(port: int, timeout: float = 10.0) -> float | None:
    """How long a normal call took, on a connection of its own; None when it came to nothing."""
    began = time.perf_counter()
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)) as connection:
        try:
            connection.request("POST", "/evaluate", CHART, HEADERS)
            with connection.getresponse() as answer:
                answer.read()
                return time.perf_counter() - began if answer.status == 200 else None
        except (OSError, http.client.HTTPException):
            return None


def steadily(port: int, seconds: float, rate: float) -> Calls:
    """Normal calls at a rate, each begun when it is due whether or not the one before it was answered."""
    calls, threads, lock = Calls(), [], threading.Lock()

    def call() -> None:
        took = one_call(port)
        with lock:
            if took is None:
                calls.lost += 1
            else:
                calls.seconds.append(took)

    begin = time.perf_counter()
    for number in range(int(seconds * rate)):
        time.sleep(max(0.0, begin + number / rate - time.perf_counter()))
        threads.append(threading.Thread(target=call))
        threads[-1].start()
    for thread in threads:
        thread.join()
    return calls


def _opened(port: int, first: bytes = b"") -> socket.socket | None:
    with contextlib.suppress(OSError):
        raw = socket.create_connection(("127.0.0.1", port), timeout=5)
        raw.sendall(first)
        return raw
    return None


@contextmanager
def slow_clients(port: int, idle: int, dribbling: int) -> Iterator[None]:
    """Hold connections open, half of the idle ones without a byte; those that the server closes are opened anew."""
    stopping = threading.Event()

    def hold() -> None:
        firsts = [b"" if number % 2 else b"POST /evaluate HTTP/1.1\r\nHost: x\r\n" for number in range(idle)]
        firsts += [_DRIBBLE] * dribbling
        held: list[socket.socket | None] = [_opened(port, first) for first in firsts]
        while not stopping.wait(1.0):
            for place, raw in enumerate(held):
                if not _still_open(raw, b" " if place >= idle else b""):
                    if raw is not None:
                        raw.close()
                    held[place] = _opened(port, firsts[place])
        for raw in held:
            if raw is not None:
                raw.close()

    holding = threading.Thread(target=hold)
    holding.start()
    time.sleep(2.0)
    try:
        yield
    finally:
        stopping.set()
        holding.join()


def _still_open(raw: socket.socket | None, more: bytes) -> bool:
    """Whether the server has not closed the connection; sends ``more`` on it."""
    if raw is None:
        return False
    try:
        raw.sendall(more)
        raw.settimeout(0)
        return raw.recv(1, socket.MSG_PEEK) == b"never"
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        raw.settimeout(5)


def lose_a_worker(server: Server, how: signal.Signals, rate: float) -> tuple[Calls, float]:
    """Normal calls while a worker is lost, and how many seconds it took until another one stood in its place."""
    before = {worker.pid for worker in server.workers()}
    lost, limit = min(before), REPLACED_SECONDS[how.name]
    calls = Calls()

    def call() -> None:
        found = steadily(server.port, limit, rate)
        calls.seconds, calls.lost = found.seconds, found.lost

    calling = threading.Thread(target=call)
    calling.start()
    time.sleep(1.0)
    began = time.perf_counter()
    os.kill(lost, how)
    while time.perf_counter() - began < limit + 30:
        alive = {worker.pid for worker in server.workers() if worker.status() != psutil.STATUS_ZOMBIE}
        if lost not in alive and len(alive) == len(before):
            break
        time.sleep(0.05)
    took = time.perf_counter() - began
    calling.join()
    return calls, took


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(prog="benchmarks.slow_clients", description=__doc__)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--idle", type=int, default=200)
    options.add_argument("--dribbling", type=int, default=40)
    options.add_argument("--seconds", type=float, default=30.0)
    options.add_argument("--rate", type=float, default=10.0, help="normal calls a second")
    given = options.parse_args()
    kept: list[bool] = []
    print(f"{given.idle} idle and {given.dribbling} dribbling connections, {given.rate:.0f} calls a second")
    with tempfile.TemporaryDirectory() as data:
        settings = {"SCIATICA_CDS_STORE": "on", "SCIATICA_CDS_DATA": data, "SCIATICA_CDS_LOG_LEVEL": "error"}
        with serving(given.workers, settings) as server:
            steadily(server.port, 3.0, given.rate)
            for _ in range(2):
                _measured("alone", server, given.seconds, given.rate)
                with slow_clients(server.port, given.idle, given.dribbling):
                    beside = _measured("beside them", server, given.seconds, given.rate)
                kept.append(beside.p99 < P99_SECONDS and beside.lost == 0)
            kept += list(_losses(server, given.rate))
    sys.exit(0 if all(kept) else 1)


def _measured(name: str, server: Server, seconds: float, rate: float) -> Calls:
    """Normal calls for some time, and what they and all connections cost the workers."""
    before = server.cpu_seconds()
    calls = steadily(server.port, seconds, rate)
    print(f"{name}: {calls.said()}, {server.cpu_seconds() - before:.2f} s of CPU", flush=True)
    return calls


def _losses(server: Server, rate: float) -> Sequence[bool]:
    kept = []
    for how, said in ((signal.SIGKILL, "killed"), (signal.SIGABRT, "crashed"), (signal.SIGSTOP, "hung")):
        calls, took = lose_a_worker(server, how, rate)
        print(f"a worker {said}: replaced after {took:.1f} s; {calls.said()}", flush=True)
        kept.append(took < REPLACED_SECONDS[how.name])
    return kept


if __name__ == "__main__":
    main()
