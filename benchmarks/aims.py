"""The aims, what was measured last, and the one table of both that ``make bench`` prints and the pages show.

``python -m benchmarks.aims --write`` puts the table into README.md and docs/operations.md; a test holds them equal.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
FIGURES = Path(__file__).resolve().parent / "figures.json"
PAGES = (PROJECT / "README.md", PROJECT / "docs" / "operations.md")
BEGIN, END = "<!-- table of aims: written by benchmarks/aims.py -->\n", "<!-- end of the table of aims -->\n"
SIZES = (5, 50, 200)


@dataclass(frozen=True)
class CallAim:
    """An aim for a kind of chart: CPU ms at 5, 50 and 200 resources, at most so many times HealthChain's handler."""

    kind: str
    gate: bool
    most_ms: tuple[float, float, float] | None
    most_times: float | None

    @property
    def name(self) -> str:
        """The row as it is read, and its key among the figures."""
        return f"{self.kind}, gate {'on' if self.gate else 'off'}"


CALLS = (
    CallAim("nothing to say", gate=True, most_ms=(2, 3, 5), most_times=2.5),
    CallAim("nothing to say", gate=False, most_ms=None, most_times=None),
    CallAim("realistic", gate=True, most_ms=(4, 5, 8), most_times=None),
    CallAim("dense", gate=True, most_ms=(4.5, 7.5, 14), most_times=5.5),
)


@dataclass(frozen=True)
class OtherAim:
    """An aim that is one number, with the figure it is compared with and its unit."""

    figure: str
    says: str
    most: float
    unit: str = ""


OTHERS = (
    OtherAim("rules_times_four", "the engine with four times the rules, as a multiple", 4),
    OtherAim("per_resource_5000", "CPU per resource at 5,000 against 1,250 resources, as a multiple", 1.2),
    OtherAim("start_cpu_seconds", "CPU to start", 1.5, " s"),
    OtherAim("worker_mb", "resident memory of a worker after some hundred calls, what it shares included", 160, " MB"),
)


def table(figures: dict[str, Any]) -> str:
    """The aims and what was measured, as one Markdown table. A cell is what was measured, then the aim."""
    return "\n".join(_lines(figures)) + "\n"


def _lines(figures: dict[str, Any]) -> Iterator[str]:
    yield "| CPU of a call: measured (aim) | 5 resources | 50 | 200 | times rule-less Flask | times HealthChain |"
    yield "|---|---|---|---|---|---|"
    for aim in CALLS:
        cells = figures.get("calls", {}).get(aim.name, {})
        measured = [cells.get(str(size)) for size in SIZES]
        aims: tuple[float | None, ...] = aim.most_ms or (None, None, None)
        shown = [_cell(value, most, " ms") for value, most in zip(measured, aims, strict=True)]
        times = [_times(cells.get("flask"), None), _times(cells.get("healthchain"), aim.most_times)]
        yield f"| {aim.name} | {' | '.join([*shown, *times])} |"
    yield ""
    yield "| What else is measured | measured (aim) |"
    yield "|---|---|"
    for other in OTHERS:
        yield f"| {other.says} | {_cell(figures.get(other.figure), other.most, other.unit)} |"


def _cell(value: float | None, most: float | None, unit: str) -> str:
    told = "not measured" if value is None else f"{value:.3g}{unit}"
    return told if most is None else f"{told} (≤ {most:g})"


def _times(values: list[float] | None, most: float | None) -> str:
    told = "not measured" if not values else " / ".join(f"{value:.1f}" for value in values)
    return told if most is None else f"{told} (≤ {most:g})"


def last_figures() -> dict[str, Any]:
    """What was measured last."""
    found: dict[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8"))
    return found


def with_table(page: str, shown: str) -> str:
    """A page with its table of aims replaced."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{shown}\n{END}{after}"


def main() -> None:
    """Print the table of the last figures; with ``--write`` put it into the pages."""
    options = argparse.ArgumentParser(prog="benchmarks.aims", description=__doc__)
    options.add_argument("--write", action="store_true")
    shown = table(last_figures())
    print(shown, end="")
    if options.parse_args().write:
        for page in PAGES:
            page.write_text(with_table(page.read_text(encoding="utf-8"), shown), encoding="utf-8")


if __name__ == "__main__":
    main()
