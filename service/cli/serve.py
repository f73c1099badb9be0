"""Commands that run the service."""

from __future__ import annotations

import os
import sys

import click

from service.config import BIND, MOST_WORKERS, NO_START, PROJECT, bind_address, worker_count
from service.errors import SettingsError

# Else glibc keeps an arena for each thread, and what calls have used is never given back.
MEMORY = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_TRIM_THRESHOLD_": "131072",
    "MALLOC_MMAP_THRESHOLD_": "131072",
}


@click.command()
@click.option("--host", help=f"The address to listen on; otherwise that of {BIND}, or 127.0.0.1.")
@click.option("--port", type=click.IntRange(0, 65535), help=f"The port; otherwise that of {BIND}, or 8080.")
@click.option(
    "--workers", type=click.IntRange(1, MOST_WORKERS), help="Processes; otherwise WEB_CONCURRENCY, or one per core."
)
def serve(host: str | None, port: int | None, workers: int | None) -> None:
    """Run the service with its production server until it is told to stop.

    Ends with 2 when a setting is wrong or the port is in use, with 1 when the
    rules are refused.
    """
    try:
        given_host, _, given_port = bind_address().rpartition(":")
        address = f"{host or given_host}:{given_port if port is None else port}"
        environment = MEMORY | os.environ | {BIND: address, "WEB_CONCURRENCY": str(workers or worker_count())}
    except SettingsError as error:
        click.echo(f"{NO_START}{error}", err=True)
        sys.exit(2)
    command = [sys.executable, "-m", "gunicorn", "--config", str(PROJECT / "gunicorn.conf.py")]
    os.execve(sys.executable, command, environment)  # noqa: S606  # our own interpreter, no shell wanted


@click.command()
@click.option("--once", is_flag=True, help="Print the cards and end, instead of leaving the service running.")
def demo(*, once: bool) -> None:
    """Start the service, send it the example stories, print their cards, and leave it running."""
    from service.cli.demo import run

    sys.exit(run(once))
