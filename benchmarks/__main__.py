"""Print the table of aims with the figures of one run: ``python -m benchmarks [--quick] [--write]``."""

from __future__ import annotations

import argparse
import json
import platform
from dataclasses import asdict
from typing import Any

from benchmarks.aims import FIGURES, table
from benchmarks.comparison import compared, rows
from benchmarks.growth import per_resource_growth, rules_times_four
from benchmarks.measurements import Load, discover, start_cpu_seconds, steady_load
from benchmarks.server import serving


def main() -> None:
    """Measure and print; with ``--write`` also keep the figures, from which the pages take theirs."""
    options = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    options.add_argument("--quick", action="store_true", help="one round, no steady load: to see that it runs")
    options.add_argument(
        "--write", action="store_true", help="keep the figures; then python -m benchmarks.aims --write"
    )
    given = options.parse_args()
    figures: dict[str, Any] = {"python": platform.python_version(), "machine": platform.machine()}
    costs, memory = compared(1 if given.quick else 5)
    figures["calls"] = dict(rows(costs))
    figures["worker_mb"] = round(memory["used"])
    figures["worker_mb_fresh"] = round(memory["fresh"])
    figures["rules_times_four"] = round(rules_times_four(), 2)
    figures["per_resource_5000"] = round(per_resource_growth(), 2)
    figures["start_cpu_seconds"] = round(start_cpu_seconds(1 if given.quick else 5), 2)
    print(table(figures), end="")
    if not given.quick:
        with serving(workers=2) as server:
            service = discover(server)["patient-view"]
            load = steady_load(server, service, resources=200, rate=100, seconds=15)
        figures["load"] = asdict(load)
        print(_load_line(load))
    if given.write:
        FIGURES.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _load_line(load: Load) -> str:
    return (
        f"\nSteady {load.rate} calls/s of 200 resources, two workers, client on the same cores: {load.calls} calls, "
        f"{load.failed} failed, median {load.median_ms:.1f} ms, p99 {load.p99_ms:.1f} ms"
    )


if __name__ == "__main__":
    main()
