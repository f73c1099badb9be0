"""Starts the handlers to compare with. HealthChain is installed once into an environment below ``build/``."""

from __future__ import annotations

import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.server import PROJECT, Server, free_port, running

HERE = Path(__file__).resolve().parent
ENVIRONMENT = PROJECT / "build" / "healthchain"
FLASK, HEALTHCHAIN = "rule-less Flask", "HealthChain"


@contextmanager
def handlers() -> Iterator[Mapping[str, tuple[Server, str]]]:
    """The running handlers by name, each with the path that it answers; HealthChain only where it could be had."""
    with ExitStack() as servers:
        found: dict[str, tuple[Server, str]] = {}
        port = free_port()
        command = [sys.executable, "-m", "gunicorn", "--config", str(HERE / "gunicorn_settings.py")]
        command += ["--bind", f"127.0.0.1:{port}", "benchmarks.handlers.plain_flask:app"]
        plain = running(command, port, "/ready", {})
        found[FLASK] = servers.enter_context(plain), "/cds-services/patient-view"
        if (python := _python_with_healthchain()) is not None:
            port = free_port()
            command = [str(python), str(HERE / "healthchain_handler.py"), str(port)]
            other = servers.enter_context(running(command, port, "/ready", {}))
            found[HEALTHCHAIN] = other, "/cds/cds-services/patient-view"
        yield found


def _python_with_healthchain() -> Path | None:
    """A Python that has the package; None where it cannot be installed."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        venv.create(ENVIRONMENT, with_pip=True)
    wanted = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*wanted, "-r", str(HERE / "requirements.txt")], check=False, capture_output=True)
    return python if done.returncode == 0 else None
