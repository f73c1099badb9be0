"""What the pages cost: CPU of the first and of a later answer, and size; each in the process that answers it.

``python -m benchmarks.pages`` prints a line for each page and ends with 1 where one is above the aim. The first answer
is that of a service that just started and was warmed by nothing but one page of another kind (templates, framework).
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

from werkzeug.test import TestResponse

from service.garbage import collect_seldom
from tests.browser.conftest import BASIC
from tests.browser.served import served

MOST_MILLISECONDS = 150.0
MOST_BYTES = 60_000
# What a process does once, whichever page is asked for first, the look at the password among it: no part of any page.
_BEFORE = ("/docs/style.css", "/decisions/none")


def _measured(ask: Callable[[], TestResponse]) -> tuple[float, TestResponse]:
    """The milliseconds of CPU of an answer, and the answer."""
    begun = time.process_time()
    answer = ask()
    return 1000 * (time.process_time() - begun), answer


def main() -> int:
    """Print the figures. Returns 1 where a page is above an aim, else 0."""
    # As in a worker.
    collect_seldom()
    above = []
    print(f"{'page':32} {'first ms':>9} {'later ms':>9} {'bytes':>7}")
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as site:
        client = site.app.test_client()
        headers = {"Accept": "text/html", "Authorization": BASIC}
        for path in _BEFORE:
            client.get(path, headers=headers)
        for name, path in site.pages.items():
            first, answer = _measured(lambda: client.get(path, headers=headers))  # noqa: B023  # called at once
            later = min(_measured(lambda: client.get(path, headers=headers))[0] for _ in range(3))  # noqa: B023
            size = len(answer.data)
            print(f"{name:32} {first:9.1f} {later:9.1f} {size:7}")
            if first > MOST_MILLISECONDS or size > MOST_BYTES or answer.status_code != HTTPStatus.OK:
                above.append(name)
    print("above the aim:", ", ".join(above) or "none")
    return 1 if above else 0


if __name__ == "__main__":
    sys.exit(main())
