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

ROUNDS = 5
# Worker CPU is counted in ticks of 10 ms: a round this long keeps the error near one per cent.
ROUND_SECONDS = 1.0
HEADERS = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class CallCost:
    """What one call costs: ``cpu_ms`` in the worker, ``floor_ms`` for json.loads + json.dumps of the same body."""

    hook: str
    resources: int
    body_bytes: int
    cards: int
    cpu_ms: float
    floor_ms: float
    latency_ms: float

    @property
    def ratio(self) -> float:
        return self.cpu_ms / self.floor_ms


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


def call_cost(server: Server, service: Mapping[str, Any], resources: int) -> CallCost:
    """CPU of the one worker per call of ``service``, with the JSON floor of the same bytes measured in between."""
    path = f"/cds-services/{service['id']}"
    body = hook_request(service, resources)
    connection = server.connect()
    cards = len(json.loads(post(connection, path, body))["cards"])
    for _ in range(20):
        post(connection, path, body)
    cpu, floor, latencies = [], [], []
    for _ in range(ROUNDS):
        floor.append(_json_floor(body))
        before, calls, ends = server.cpu_seconds(), 0, time.perf_counter() + ROUND_SECONDS
        while time.perf_counter() < ends:
            began = time.perf_counter()
            post(connection, path, body)
            latencies.append(time.perf_counter() - began)
            calls += 1
        cpu.append((server.cpu_seconds() - before) / calls)
    return CallCost(
        service["hook"],
        resources,
        len(body),
        cards,
        1000 * statistics.median(cpu),
        1000 * statistics.median(floor),
        1000 * statistics.median(latencies),
    )


def _json_floor(body: bytes) -> float:
    """CPU seconds of the standard library's decode and encode of the body: what any Python service pays."""
    times = []
    for _ in range(50):
        began = time.process_time_ns()
        json.dumps(json.loads(body))
        times.append(time.process_time_ns() - began)
    return statistics.median(times) / 1e9


def start_seconds(rounds: int = ROUNDS) -> float:
    """Median time from starting gunicorn with one worker to its first answer on /health."""
    times = []
    for _ in range(rounds):
        with serving(workers=1) as server:
            times.append(server.start_seconds)
    return statistics.median(times)


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
