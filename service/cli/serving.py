"""Commands that run the service."""

from __future__ import annotations

import os
import sys

import click

from service.config import PROJECT


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
def serve(host: str, port: int, workers: int) -> None:
    """Run the service with its production server until it is told to stop."""
    environment = os.environ | {"SCIATICA_CDS_BIND": f"{host}:{port}", "WEB_CONCURRENCY": str(workers)}
    command = [sys.executable, "-m", "gunicorn", "--config", str(PROJECT / "gunicorn.conf.py")]
    os.execve(sys.executable, command, environment)  # noqa: S606  # our own interpreter, no shell wanted


@click.command()
@click.option("--once", is_flag=True, help="Print the cards and end, instead of leaving the service running.")
def demo(*, once: bool) -> None:
    """Start the service, send it the example stories, print their cards, and leave it running."""
    from service.cli.demo import run

    sys.exit(run(once))
