"""Instructions of a call, which do not depend on how busy a machine is: ``python -m benchmarks.instructions dense 50``.

Runs the application under callgrind, part of Valgrind (``apt-get install valgrind``), with the store and its thread,
every call about another patient. Two builds are compared by it to a hundredth, where their times differ by half within
an hour. Valgrind knows no instructions for SHA-256, so that hashing counts some four times what it takes; and one of a
hundred calls that the gate lets pass is decided in full, so "nothing to say" wants some hundred calls.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from itertools import islice
from typing import Any

from werkzeug.test import create_environ

from benchmarks.bodies import KINDS, calls
from benchmarks.comparison import HOOK
from benchmarks.server import PROJECT

_WARM_UP = 40
_DRAINED_SECONDS = 1.5
"""After so long the thread of the store has written the rows of all calls."""
_COLLECTED = re.compile(r"Collected : (\d+)")


def instructions(kind: str, size: int, number: int) -> float:
    """Millions of instructions a call. Raises RuntimeError with what Valgrind said where it could not run."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        inside = [sys.executable, "-m", "benchmarks.instructions", kind, str(size), "--calls", str(number), "--inside"]
        tool = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/calls", "--instr-atstart=no"]
        settings = {
            "PYTHONHASHSEED": "0",
            "SCIATICA_CDS_STORE": "on",
            "SCIATICA_CDS_DATA": f"{folder}/data",
            "SCIATICA_CDS_LOG_LEVEL": "info",
        }
        ran = subprocess.run(
            [*tool, *inside], cwd=PROJECT, env={**os.environ, **settings}, capture_output=True, text=True, check=False
        )
    found = _COLLECTED.search(ran.stderr)
    if ran.returncode or found is None:
        raise RuntimeError(ran.stderr[-2000:])
    return int(found[1]) / 1e6 / number


def _run_inside(kind: str, size: int, number: int) -> None:
    """Make the calls; only those after the first are counted."""
    from service import create_app
    from service.garbage import collect_seldom, keep_what_is_there

    app = create_app()
    keep_what_is_there()
    collect_seldom()
    listed = app.test_client().get("/cds-services").get_json()["services"]
    service = next(one for one in listed if one["hook"] == HOOK)
    path = f"/cds-services/{service['id']}"
    asked = [
        create_environ(path, method="POST", data=body, content_type="application/json")
        for body in islice(calls(service, size, kind), _WARM_UP + number)
    ]
    _ask(app, asked[:_WARM_UP])
    _collect("on")
    _ask(app, asked[_WARM_UP:])
    time.sleep(_DRAINED_SECONDS)
    _collect("off")


def _ask(app: Any, asked: Iterable[dict[str, Any]]) -> None:
    for environ in asked:
        statuses: list[str] = []
        answer = app(environ, lambda status, _headers, _error=None, told=statuses: told.append(status))
        b"".join(answer)
        answer.close()
        if not statuses[0].startswith("200"):
            raise RuntimeError(statuses[0])


def _collect(state: str) -> None:
    control = ["callgrind_control", "-i", state, str(os.getpid())]
    subprocess.run(control, check=True, capture_output=True)


def main() -> int:
    """Measure and print one figure."""
    options = argparse.ArgumentParser(prog="benchmarks.instructions", description=__doc__)
    options.add_argument("kind", choices=KINDS)
    options.add_argument("size", type=int)
    options.add_argument("--calls", type=int, default=60)
    options.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.inside:
        _run_inside(given.kind, given.size, given.calls)
        return 0
    if shutil.which("valgrind") is None:
        sys.stderr.write("No valgrind on this machine: apt-get install valgrind.\n")
        return 1
    print(f"{given.kind}, {given.size} resources: {instructions(given.kind, given.size, given.calls):.2f} M a call")
    return 0


if __name__ == "__main__":
    sys.exit(main())
