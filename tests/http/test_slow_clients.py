"""A real server: idle and slow clients stop nobody, and what never becomes a request is refused in one shape."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.store.processes import gunicorn
from tests.store.service import SMALL_RULES

Running = tuple[int, psutil.Process]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("data")
    settings = {"SCIATICA_CDS_RULES": str(SMALL_RULES), "SCIATICA_CDS_DATA": str(data), "SCIATICA_CDS_STORE": "off"}
    with gunicorn(settings, workers=1) as running:
        yield running


def health(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status
    finally:
        connection.close()


def answered(port: int, sent: bytes) -> tuple[str, dict[str, object]]:
    """The status line and the body of whatever is sent, request or not."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
        raw.sendall(sent)
        received = b"".join(iter(lambda: raw.recv(65536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    return head.split(b"\r\n")[0].decode(), json.loads(body)


def test_idle_and_half_sent_requests_keep_nobody_from_being_answered(server: Running) -> None:
    port, _ = server
    head = b"POST /evaluate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
    held = [socket.create_connection(("127.0.0.1", port)) for _ in range(60)]
    try:
        for raw in held[:20]:
            raw.sendall(head)
        for _ in range(5):
            assert health(port) == 200
            for raw in held[:20]:
                raw.sendall(b" ")
    finally:
        for raw in held:
            raw.close()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"NONSENSE\r\n\r\n", "400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 70_000 + b"\r\n\r\n", "431"),
        (b"POST /evaluate HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", "413"),
        (b"POST /evaluate HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\ncanary\r\n", "400"),
    ],
)
def test_what_never_becomes_a_request_is_an_operation_outcome_that_quotes_nothing(
    server: Running, sent: bytes, status: str
) -> None:
    line, body = answered(server[0], sent)
    assert line.split()[1] == status
    assert body["resourceType"] == "OperationOutcome"
    assert "canary" not in json.dumps(body)
    assert "NONSENSE" not in json.dumps(body)


def test_a_worker_that_is_killed_is_replaced(server: Running) -> None:
    port, master = server
    (worker,) = master.children()
    os.kill(worker.pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if health(port) == 200:
                break
        except OSError:
            time.sleep(0.1)
    assert health(port) == 200
    assert worker.pid not in {child.pid for child in master.children()}


def test_nothing_of_a_body_is_written_to_a_disk(server: Running, project: Path) -> None:
    port, master = server
    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
        length = 2_000_000
        raw.sendall(b"POST /evaluate HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % length)
        raw.sendall(b" " * (length - 1))
        assert health(port) == 200
        (worker,) = master.children()
        opened = [file.path for file in worker.open_files()]
    allowed = (str(project), "/dev/shm")  # the heartbeat of the worker
    assert [path for path in opened if not path.startswith(allowed)] == []
