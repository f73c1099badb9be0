"""One service and one browser for all tests of pages: it visits every page once, and the tests read what it saw.

Where Node, the packages of this folder or a browser are not there, the tests are skipped and say which.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from tests.browser.served import AUDITOR, DARK, LARGE, PASSWORD, Served, served

HERE = Path(__file__).resolve().parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SHOTS = "SCIATICA_CDS_SHOTS"
BASIC = "Basic " + base64.b64encode(f"{AUDITOR}:{PASSWORD}".encode()).decode()

Json = dict[str, Any]


@pytest.fixture(scope="session")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Json:
    """What the browser saw; of several test processes the first visits, the others read."""
    node, browser = _node(), _browser()
    here = tmp_path_factory.getbasetemp()
    shared = here.parent if os.environ.get("PYTEST_XDIST_WORKER") else here
    told = shared / "seen.json"
    with (shared / "seen.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            with served(shared / "browser-store") as site, _listening(site) as address:
                plain = {name: _without_browser(site, path) for name, path in site.pages.items()}
                visited = json.loads(_visited(node, browser, address, site))
                told.write_text(json.dumps(visited | {"plain": plain}), encoding="utf-8")
    found: Json = json.loads(told.read_bytes())
    return found


def _node() -> str:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node: the browser is driven by a Node package")
    if not (HERE / "node_modules" / "playwright-core").is_dir():
        pytest.skip("the browser tests are not installed: make browser")
    return node


def _browser() -> str | None:
    """A browser of this machine; None: the one that the packages bring."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None and not (HERE / "node_modules" / "@sparticuz").is_dir():
        pytest.skip("no Chromium on this machine, and none among the packages: make browser")
    return found


@contextmanager
def _listening(site: Served) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, site.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _without_browser(site: Served, path: str) -> Json:
    """What comes before any script: its size, and the controls that need a script and are shown all the same."""
    client = site.app.test_client()
    answer = client.get(path, headers={"Accept": "text/html", "Authorization": BASIC})
    tags = re.findall(r"<[^>]*data-needs-script[^>]*>", answer.text)
    return {
        "status": answer.status_code,
        "bytes": len(answer.data),
        "dead": [tag for tag in tags if " hidden" not in tag],
    }


def _visited(node: str, browser: str | None, address: str, site: Served) -> str:
    shots = os.environ.get(SHOTS)
    auditor = {"username": AUDITOR, "password": PASSWORD}
    asked = {
        "address": address,
        "browser": browser,
        "pages": site.pages,
        "large": sorted(LARGE),
        "dark": sorted(DARK),
        "auditor": auditor,
        "shots": shots,
    }
    command = [node, str(HERE / "visit.mjs")]
    given = json.dumps(asked)
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=580, cwd=HERE, check=False)
    if done.returncode:
        pytest.fail(f"the browser did not come through: {done.stderr[:2000]}")
    return done.stdout
