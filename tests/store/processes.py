"""The service as it runs in production, in processes of its own."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psutil

from tests.conftest import PROJECT


@contextmanager
def gunicorn(settings: Mapping[str, str], workers: int) -> Iterator[tuple[int, psutil.Process]]:
    """Port and master process of a service with these settings; everything of it is killed at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "SCIATICA_CDS_BIND": f"127.0.0.1:{port}",
        "WEB_CONCURRENCY": str(workers),
        "SCIATICA_CDS_LOG_LEVEL": "error",
        **settings,
    }
    command = [sys.executable, "-m", "gunicorn", "--config", str(PROJECT / "gunicorn.conf.py")]
    process = subprocess.Popen(command, cwd=PROJECT, env=environment, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while asked(port, "GET", "/health")[0] != 200:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield port, psutil.Process(process.pid)
    finally:
        if process.poll() is None:
            for child in psutil.Process(process.pid).children():
                child.kill()
            process.kill()
        process.wait(30)


def asked(port: int, method: str, path: str, body: str | None = None) -> tuple[int, bytes]:
    """Status and body of a request on a connection of its own; status 0 when it came to nothing."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            with connection.getresponse() as answer:
                return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
