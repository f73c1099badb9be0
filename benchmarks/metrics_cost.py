"""What the figures for Prometheus cost: ``python -m benchmarks.metrics_cost``.

Within one process: the CPU of counting as a share of the CPU of the calls that are counted. Then a service with two
workers under a steady load is scraped once a second: every scrape must be whole and the calls in it must add up; the
CPU of the process that tells the figures is that of the scrapes.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import urllib.request
from typing import Any

from benchmarks.server import PROJECT, free_port, serving

CHART = (PROJECT / "fhir_examples" / "egfr-25-and-ibuprofen" / "bundle.json").read_bytes()
ASKED = "/evaluate?hook=order-sign&now=2026-11-24T09:00:00Z"
AIM = 0.01
SCRAPE_SECONDS = 15


def share_of_counting(calls: int) -> tuple[float, float]:
    """Of calls about a chart with cards: CPU milliseconds of a call, and of that the counting."""
    with tempfile.TemporaryDirectory() as folder:
        # Read by the client library when it is first imported: counts of several processes go through files.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        from service import create_app
        from service.config import Settings

        app = create_app(Settings(metrics_bind="127.0.0.1:0", log_level="error"))
        observer: Any = app.extensions["sciatica-cds.observer"]
        counted = observer.answered
        spent = [0]

        def timed(*told: Any) -> None:
            began = time.thread_time_ns()
            counted(*told)
            spent[0] += time.thread_time_ns() - began

        observer.answered = timed
        client = app.test_client()
        began = 0
        for number in range(calls + 50):
            if number == 50:
                spent[0], began = 0, time.thread_time_ns()
            answer = client.post(ASKED, data=CHART, content_type="application/json")
            assert answer.status_code == 200
        whole = time.thread_time_ns() - began
        del os.environ["PROMETHEUS_MULTIPROC_DIR"]
    return whole / calls / 1e6, spent[0] / calls / 1e6


def scraped_under_load(seconds: int, rate: int) -> tuple[float, int]:
    """CPU milliseconds of a scrape, and how many calls the last scrape counted that were not made (or the reverse)."""
    port = free_port()
    with (
        tempfile.TemporaryDirectory() as data,
        serving(2, {"SCIATICA_CDS_METRICS_BIND": f"127.0.0.1:{port}", "SCIATICA_CDS_DATA": data}) as server,
    ):
        connection = server.connect()
        told = server.master.cpu_times()
        made = counted = 0
        for _ in range(seconds):
            due = time.perf_counter() + 1.0
            for _ in range(rate):
                connection.request("POST", ASKED, CHART, {"Content-Type": "application/json"})
                connection.getresponse().read()
                made += 1
            counted = _counted(port)
            time.sleep(max(0.0, due - time.perf_counter()))
        after = server.master.cpu_times()
    return (after.user + after.system - told.user - told.system) * 1000 / seconds, counted - made


def _counted(port: int) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return int(sum(float(line.rsplit(None, 1)[1]) for line in lines if line.startswith("sciatica_cds_calls_total")))


def main() -> None:
    """Measure and print; ends with 1 when the aim is missed or figures are lost."""
    options = argparse.ArgumentParser(prog="benchmarks.metrics_cost", description=__doc__)
    options.add_argument("--calls", type=int, default=300)
    options.add_argument("--seconds", type=int, default=20)
    options.add_argument("--rate", type=int, default=10)
    given = options.parse_args()
    scrape, off = scraped_under_load(given.seconds, given.rate)
    print(
        f"a scrape under load: {scrape:.1f} ms of CPU, {100 * scrape / 1000 / SCRAPE_SECONDS:.2f} % of a core", end=" "
    )
    print(f"when scraped every {SCRAPE_SECONDS} s; calls in the last one off by {off}")
    call, counting = share_of_counting(given.calls)
    print(f"counting: {counting * 1000:.0f} us of {call:.1f} ms of CPU a call, {100 * counting / call:.2f} %")
    sys.exit(0 if counting / call <= AIM and scrape / 1000 / SCRAPE_SECONDS <= AIM and off == 0 else 1)


if __name__ == "__main__":
    main()
