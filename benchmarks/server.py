"""The service under measurement: a gunicorn of its own on loopback, and what its workers cost."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import psutil

from service.cli.serve import MEMORY

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Server:
    """A running service: its port, its workers, and how long it took until it was healthy."""

    port: int
    master: psutil.Process
    start_seconds: float

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def workers(self) -> list[psutil.Process]:
        return [child for child in self.master.children() if child.is_running()]

    def cpu_seconds(self) -> float:
        """CPU time that all workers have used since they started, in user and system mode.

        A server without workers answers in its one process.
        """
        processes = self.workers() or [self.master]
        return sum(times.user + times.system for times in (one.cpu_times() for one in processes))

    def resident_bytes(self) -> list[int]:
        """Resident memory of each worker, what it shares with the others included."""
        return [worker.memory_info().rss for worker in self.workers()]

    def own_bytes(self) -> list[int]:
        """Memory of each worker that it shares with nobody: what one more worker costs."""
        return [worker.memory_full_info().uss for worker in self.workers()]


@contextmanager
def running(command: Sequence[str], port: int, path: str, settings: Mapping[str, str]) -> Iterator[Server]:
    """Start a server with a command and wait until it answers at ``path``; stop it afterwards."""
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=PROJECT, env={**os.environ, **settings}, stderr=subprocess.DEVNULL)
    try:
        _await(path, port, process)
        yield Server(port, psutil.Process(process.pid), time.perf_counter() - began)
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def serving(workers: int, settings: Mapping[str, str] = MappingProxyType({})) -> Iterator[Server]:
    """Start the service with its defaults and ``workers`` workers; stop it afterwards.

    Nothing is remembered unless ``settings`` (environment variables) say so: what the store costs is measured apart.
    """
    port = free_port()
    environment = {
        "SCIATICA_CDS_BIND": f"127.0.0.1:{port}",
        "WEB_CONCURRENCY": str(workers),
        "SCIATICA_CDS_STORE": "off",
        **MEMORY,
        **settings,
    }
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py"]
    with running(command, port, "/health", environment) as server:
        yield server


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(path: str, port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.perf_counter() + 60
    while time.perf_counter() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == http.client.OK:
                return
        except OSError:
            time.sleep(0.02)
        finally:
            connection.close()
    raise RuntimeError("the service did not become healthy; start it by hand to see why: make serve")
