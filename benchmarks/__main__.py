"""Print the figures of one run: ``python -m benchmarks [--quick] [--json FILE]``."""

from __future__ import annotations

import argparse
import json
import platform
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.measurements import CallCost, Load, call_cost, discover, start_seconds, steady_load
from benchmarks.server import serving

SIZES = (5, 50, 200)
AIM_MS = {5: 1.5, 50: 3.0, 200: 6.0}
HOOKS = ("patient-view", "order-sign")
MEGABYTE = 1024 * 1024


def main() -> None:
    """Measure and print; with ``--json`` also write the figures to a file."""
    options = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    options.add_argument("--quick", action="store_true", help="one start, no steady load: to see that it runs")
    options.add_argument("--json", type=Path, help="also write the figures here")
    given = options.parse_args()
    console = Console(highlight=False, width=110)
    figures: dict[str, Any] = {"python": platform.python_version(), "machine": platform.machine()}

    with serving(workers=1) as server:
        services = discover(server)
        fresh = server.resident_bytes()[0]
        costs = [call_cost(server, services[hook], size) for hook in HOOKS if hook in services for size in SIZES]
        used, own = server.resident_bytes()[0], server.own_bytes()[0]
    console.print(_cost_table(costs))
    figures["calls"] = [{**asdict(cost), "ratio": cost.ratio} for cost in costs]
    figures["resident_mb"] = {"fresh": fresh / MEGABYTE, "after_calls": used / MEGABYTE, "own": own / MEGABYTE}
    console.print(
        f"Resident memory per worker: {fresh / MEGABYTE:.0f} MB fresh, {used / MEGABYTE:.0f} MB after the calls "
        f"(aim: < 150); {own / MEGABYTE:.0f} MB of it its own, the rest shared with the other workers"
    )

    figures["start_seconds"] = start_seconds(1 if given.quick else 5)
    console.print(f"Start to first healthy answer: {figures['start_seconds']:.2f} s (aim: < 3)")

    if not given.quick:
        with serving(workers=2) as server:
            load = steady_load(server, services["patient-view"], resources=200, rate=100, seconds=15)
        figures["load"] = asdict(load)
        console.print(_load_line(load))
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _cost_table(costs: list[CallCost]) -> Table:
    table = Table(title="One worker, sequential calls, both engines and trace on; medians of 5 rounds")
    for heading in (
        "hook",
        "resources",
        "body KB",
        "cards",
        "CPU ms",
        "aim ms",
        "JSON floor ms",
        "ratio",
        "latency ms",
    ):
        table.add_column(heading, justify="left" if heading == "hook" else "right")
    for cost in costs:
        table.add_row(
            cost.hook,
            str(cost.resources),
            f"{cost.body_bytes / 1024:.1f}",
            str(cost.cards),
            f"{cost.cpu_ms:.2f}",
            f"{AIM_MS[cost.resources]:.1f}",
            f"{cost.floor_ms:.3f}",
            f"{cost.ratio:.1f}",
            f"{cost.latency_ms:.2f}",
        )
    return table


def _load_line(load: Load) -> str:
    return (
        f"Steady {load.rate} calls/s of 200 resources, two workers, client on the same cores: {load.calls} calls, "
        f"{load.failed} failed, median {load.median_ms:.1f} ms, p99 {load.p99_ms:.1f} ms"
    )


if __name__ == "__main__":
    main()
