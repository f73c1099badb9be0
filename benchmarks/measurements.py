"""What is measured, one function each. Figures are medians of rounds, taken in one run."""

from __future__ import annotations

import http.client
import json
import statistics
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from benchmarks.bodies import hook_request
from benchmarks.server import Server, serving

HEADERS = {"Content-Type": "application/json"}


def discover(server: Server) -> dict[str, Mapping[str, Any]]:
    """The services on offer, by hook."""
    connection = server.connect()
    connection.request("GET", "/cds-services")
    services = json.load(connection.getresponse())["services"]
    return {service["hook"]: service for service in services}


def post(connection: http.client.HTTPConnection, path: str, body: bytes) -> bytes:
    """Send one call and return the answer; anything but 200 ends the measurement."""
    connection.request("POST", path, body, HEADERS)
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != http.client.OK:
        raise RuntimeError(f"HTTP {answer.status}: {content[:300]!r}")
    return content


def start_cpu_seconds(rounds: int) -> float:
    """Median CPU, of the main process and its one worker, from the start of gunicorn to the first answer on /health."""
    spent = []
    for _ in range(rounds):
        with serving(workers=1) as server:
            main = server.master.cpu_times()
            spent.append(main.user + main.system + server.cpu_seconds())
    return statistics.median(spent)


@dataclass(frozen=True)
class Load:
    """Calls at a steady rate, whether or not earlier ones are answered. Latency counts from when a call was due."""

    rate: int
    calls: int
    failed: int
    median_ms: float
    p99_ms: float


def steady_load(server: Server, service: Mapping[str, Any], *, resources: int, rate: int, seconds: int) -> Load:
    """Send ``rate`` calls a second for ``seconds`` over 16 connections."""
    body, path = hook_request(service, resources), f"/cds-services/{service['id']}"
    connections = [server.connect() for _ in range(16)]
    began = time.perf_counter() + 0.1

    def lane(number: int) -> list[float | None]:
        taken: list[float | None] = []
        for index in range(number, rate * seconds, len(connections)):
            due = began + index / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            try:
                post(connections[number], path, body)
            except (RuntimeError, OSError, http.client.HTTPException):
                connections[number].close()
                taken.append(None)
            else:
                taken.append(1000 * (time.perf_counter() - due))
        return taken

    with ThreadPoolExecutor(len(connections)) as pool:
        taken = [each for lane_taken in pool.map(lane, range(len(connections))) for each in lane_taken]
    answered = sorted(each for each in taken if each is not None)
    p99 = answered[int(0.99 * (len(answered) - 1))]
    return Load(rate, len(taken), len(taken) - len(answered), statistics.median(answered), p99)
