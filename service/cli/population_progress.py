"""How far a population run is: a bar with rate and time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from service.population.running import Progress

_WORDS = {"read": "reading lines", "decide": "deciding", "write": "writing"}
_SECONDS_BETWEEN_LINES = 10


@contextmanager
def watched() -> Iterator[Progress]:
    """Something to tell how far a run is."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[rate]}"),
    )
    # Drawn when something is told: a thread that redraws would keep workers from being copied.
    with Progress(*columns, console=Console(stderr=True), auto_refresh=False) as bars:
        tasks: dict[str, TaskID] = {}
        began: dict[str, float] = {}

        def tell(stage: str, done: int, total: int, patients: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(_WORDS[stage], total=total, rate="")
                began[stage] = time.monotonic()
            bars.update(tasks[stage], completed=done, total=total, rate=_rate(patients, began[stage]), refresh=True)

        yield tell


def _rate(patients: int, began: float) -> str:
    seconds = time.monotonic() - began
    return f"{patients / seconds:,.0f} patients/s" if patients and seconds > 0 else ""


class _Lines:
    """A line when a stage begins and ends, and now and then between."""

    def __init__(self) -> None:
        self._began: dict[str, float] = {}
        self._first: dict[str, int] = {}
        self._last = 0.0

    def __call__(self, stage: str, done: int, total: int, patients: int) -> None:
        """Say how far it is."""
        now = time.monotonic()
        is_new = stage not in self._began
        began = self._began.setdefault(stage, now)
        first = self._first.setdefault(stage, done)
        if not is_new and done < total and now - self._last < _SECONDS_BETWEEN_LINES:
            return
        self._last = now
        left = (now - began) / (done - first) * (total - done) if done > first else None
        line = f"{_WORDS[stage]}: {done} of {total}"
        if patients:
            line += f", {patients:,} patients, {_rate(patients, began)}"
        if left is not None and done < total:
            line += f", about {left:,.0f} s left"
        click.echo(line, err=True)
