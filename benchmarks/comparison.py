"""CPU of one call over HTTP, store and log on, every call about another patient, beside handlers without rules.

All servers run side by side and are asked in turn, so that a machine that slows down slows them all.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import islice
from typing import Any

from benchmarks.aims import CALLS, SIZES
from benchmarks.bodies import KINDS, calls
from benchmarks.handlers.starting import FLASK, HEALTHCHAIN, handlers
from benchmarks.measurements import discover, post
from benchmarks.server import Server, serving

HOOK = "patient-view"
ROUND_SECONDS = 1.0
Costs = dict[tuple[str, str, int], float]


def compared(rounds: int) -> tuple[Costs, Mapping[str, float]]:
    """Milliseconds of CPU per call by server, kind and size (medians of rounds), and the memory of our worker in MB.

    Servers are ``gate on``, ``gate off`` and the handlers that could be had.
    """
    with ExitStack() as running:
        folder = running.enter_context(tempfile.TemporaryDirectory(prefix="bench-"))
        servers: dict[str, tuple[Server, str]] = {}
        for name, gate in (("gate on", "true"), ("gate off", "false")):
            settings = {
                "SCIATICA_CDS_STORE": "on",
                "SCIATICA_CDS_DATA": f"{folder}/{name.replace(' ', '-')}",
                "SCIATICA_CDS_GATE": gate,
            }
            with serving(1, settings):
                """The first start of a rule set fills its cache; what is measured is any other start."""
            server = running.enter_context(serving(1, settings))
            servers[name] = server, f"/cds-services/{discover(server)[HOOK]['id']}"
        servers |= running.enter_context(handlers())
        ours = servers["gate on"][0]
        service = discover(ours)[HOOK]
        memory = {"fresh": ours.resident_bytes()[0] / 1e6}
        found: dict[tuple[str, str, int], list[float]] = {}
        for kind in KINDS:
            for size in SIZES:
                asked = calls(service, size, kind)
                for _ in range(rounds):
                    for name, (server, path) in servers.items():
                        found.setdefault((name, kind, size), []).append(_cost(server, path, asked))
        memory["used"] = ours.resident_bytes()[0] / 1e6
    return {cell: statistics.median(costs) for cell, costs in found.items()}, memory


def _cost(server: Server, path: str, asked: Iterator[bytes]) -> float:
    """Milliseconds of CPU per call in one round."""
    connection = server.connect()
    for body in islice(asked, 20):
        post(connection, path, body)
    before, done, ends = server.cpu_seconds(), 0, time.perf_counter() + ROUND_SECONDS
    # Worker CPU is counted in ticks of 10 ms: a round of a second keeps the error near one per cent.
    while time.perf_counter() < ends:
        post(connection, path, next(asked))
        done += 1
    cost = 1000 * (server.cpu_seconds() - before) / done
    connection.close()
    return cost


def rows(costs: Costs) -> Iterator[tuple[str, dict[str, Any]]]:
    """The figures of each row of the table of aims."""
    for aim in CALLS:
        ours = {size: costs[f"gate {'on' if aim.gate else 'off'}", aim.kind, size] for size in SIZES}
        row: dict[str, Any] = {str(size): round(cost, 2) for size, cost in ours.items()}
        for key, name in (("flask", FLASK), ("healthchain", HEALTHCHAIN)):
            theirs = [costs.get((name, aim.kind, size)) for size in SIZES]
            if None not in theirs:
                row[key] = [round(ours[size] / (its or 1), 1) for size, its in zip(SIZES, theirs, strict=True)]
        yield aim.name, row
