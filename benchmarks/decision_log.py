"""What the decision log costs, and how quickly a large one answers.

``python -m benchmarks.decision_log load [--url URL]`` sends calls to four workers, the store off and on,
and compares CPU.
``python -m benchmarks.decision_log million [--url URL] [--rows N]`` makes a log of a million decisions and asks it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TypeVar

from benchmarks.bodies import hook_request
from benchmarks.decision_log_growth import BEGIN, grow
from benchmarks.measurements import discover, post
from benchmarks.server import serving
from service import create_app
from service.config import Settings
from service.store.audit import audit
from service.store.database import Database, store_url
from service.store.decisions import rule_set_of
from service.store.draining import drain_all
from service.store.keys import read_keyring
from service.store.options import StoreOptions
from service.store.reading import Reading
from service.store.stats import stats
from service.store.store import Store

T = TypeVar("T")
LANES = 8
# A connection stays with one worker: with few long ones a run would measure how they happened to be shared out.
CALLS_PER_CONNECTION = 20
SIZES = (5, 50, 200)
HOOKS = ("patient-view", "order-sign")
LIMIT_PER_CENT = 15.0


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(prog="benchmarks.decision_log", description=__doc__)
    options.add_argument("what", choices=["load", "million"])
    options.add_argument("--calls", type=int, default=20_000, help="calls of each of the two runs")
    options.add_argument("--workers", type=int, default=4)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--url", help="postgresql://… of an empty database; a SQLite file by default")
    options.add_argument("--folder", type=Path, help="where to put files; a temporary folder by default")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="decision-log-") as name:
        folder = given.folder or Path(name)
        if given.what == "load":
            load(folder, given.url, given.calls, given.workers)
        else:
            million(folder, given.url, given.rows)


def load(folder: Path, given_url: str | None, calls: int, workers: int) -> None:
    """CPU per call of all workers with the store off and on, and whether all calls were stored once."""
    url = given_url or str(folder / "store.db")
    settings = {"SCIATICA_CDS_DATA": str(folder), "SCIATICA_CDS_STORE": "on", "SCIATICA_CDS_STORE_URL": url}
    off: list[float] = []
    on: list[float] = []
    rounds = 4
    for _ in range(rounds):
        off.append(_run({"SCIATICA_CDS_STORE": "off"}, calls // rounds, workers))
        on.append(_run(settings, calls // rounds, workers))
    print(f"CPU per call, {workers} workers, medians of {rounds} rounds of {calls // rounds} calls:")
    more = 100 * (median(on) / median(off) - 1)
    print(f"  off {1000 * median(off):.3f} ms   on {1000 * median(on):.3f} ms   +{more:.1f} % (limit {LIMIT_PER_CENT})")
    print("  rounds off", [f"{1000 * each:.3f}" for each in off], "on", [f"{1000 * each:.3f}" for each in on])
    options = StoreOptions(url, folder / "spool", folder / "store-keys.json")
    database, keyring = Database(store_url(url)), read_keyring(options.keys)
    drain_all(database, options, keyring)
    began = time.perf_counter()
    report = audit(database, keyring)
    expected = rounds * (calls // rounds)
    print(f"  kept {report.decisions} of {expected} decisions, {len(report.issues)} faults; verified in", end=" ")
    print(f"{time.perf_counter() - began:.1f} s")
    database.close()


def _run(settings: dict[str, str], calls: int, workers: int) -> float:
    with serving(workers, settings) as server:
        services = discover(server)
        bodies = [(services[hook]["id"], hook_request(services[hook], size)) for size in SIZES for hook in HOOKS]

        def lane(number: int, most: int) -> None:
            connection = server.connect()
            for options, index in enumerate(range(number, most, LANES)):
                if options % CALLS_PER_CONNECTION == 0:
                    connection.close()
                    connection = server.connect()
                service, body = bodies[index % len(bodies)]
                post(connection, f"/cds-services/{service}", body)
            connection.close()

        def all_lanes(most: int) -> None:
            with ThreadPoolExecutor(LANES) as pool:
                list(pool.map(lambda number: lane(number, most), range(LANES)))

        before = server.cpu_seconds()
        all_lanes(calls)
        # What the answers left to do is part of their cost.
        time.sleep(1.5)
        return (server.cpu_seconds() - before) / calls


def million(folder: Path, url: str | None, rows: int) -> None:
    """How long the questions to a large log take."""
    options = StoreOptions(url or str(folder / "store.db"), folder / "spool", folder / "keys.json", wait_seconds=60)
    store = Store(options, "bench")
    app = create_app(Settings(data=folder / "seed", store="on", log_level="error"))
    client = app.test_client()
    services = {one["hook"]: one for one in client.get("/cds-services").get_json()["services"]}
    for hook in HOOKS:
        for size in SIZES:
            body = hook_request(services[hook], size)
            client.post(f"/cds-services/{services[hook]['id']}", data=body, content_type="application/json")
    log = app.extensions["sciatica-cds.decision-log"]
    log.store.close()
    seed = Reading(log.store.database, log.store.keyring)
    bodies = [kept.body for kept in seed.decisions(datetime(2020, 1, 1, tzinfo=UTC))]
    endpoint = app.extensions["sciatica-cds.rules"].endpoint
    services_in_use = endpoint.services
    rule_set = rule_set_of(services_in_use.prepared.knowledge, lambda: services_in_use.archive)
    print(f"bodies of {[len(json.dumps(body)) for body in bodies]} bytes")
    _timed(f"made {rows} decisions", lambda: grow(store, rule_set, bodies, rows))
    counted = _timed("stats (limit 5 s)", lambda: stats(store.database))
    print(f"    {counted.decisions} decisions, {counted.cards} cards, {counted.reports} reports")
    report = _timed("audit verify (limit 60 s)", lambda: audit(store.database, store.keyring))
    print(f"    {report.rows} rows, {report.checkpoints} checkpoints, {len(report.issues)} faults")
    reading = Reading(store.database, store.keyring)
    some = [kept.id for kept, _ in zip(reading.decisions(BEGIN), range(200), strict=False)]
    times = []
    for each in some:
        began = time.perf_counter()
        reading.decision(each)
        times.append(1000 * (time.perf_counter() - began))
    print(f"decision by id (limit 50 ms): median {median(times):.2f} ms, slowest {max(times):.2f} ms of {len(times)}")
    store.close()


def _timed(what: str, do: Callable[[], T]) -> T:
    began = time.perf_counter()
    result = do()
    print(f"{what}: {time.perf_counter() - began:.1f} s", flush=True)
    return result


if __name__ == "__main__":
    main()
