"""The snippets of docs/calling.md do what they show, and the collection of requests holds every operation."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import re
import threading
from pathlib import Path

from flask import Flask
from werkzeug.serving import make_server

from service.web.openapi.examples import SMALLEST


def test_the_python_snippet_prints_a_card(app: Flask, project: Path) -> None:
    page = (project / "docs" / "calling.md").read_text(encoding="utf-8")
    (snippet,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    server = make_server("127.0.0.1", 0, app)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    printed = io.StringIO()
    local = snippet.replace("127.0.0.1:8080", f"127.0.0.1:{server.port}")
    local = local.replace('"docs/smallest-bundle.json"', repr(str(project / "docs" / "smallest-bundle.json")))
    with contextlib.redirect_stdout(printed):
        exec(local, {})  # the page's own text
    server.shutdown()
    server.server_close()
    assert printed.getvalue().startswith(("info ", "warning "))


def test_the_smallest_chart_of_the_page_is_that_of_the_description(project: Path) -> None:
    assert json.loads((project / "docs" / "smallest-bundle.json").read_text(encoding="utf-8")) == SMALLEST


def test_the_collection_holds_every_operation_with_its_example(app: Flask, project: Path) -> None:
    spec = importlib.util.spec_from_file_location("postman", project / "tools" / "postman.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    client = app.test_client()
    described = client.get("/openapi.json").get_json()
    made = tool.collection(described)
    assert len(made["item"]) == sum(map(len, described["paths"].values()))
    for item in made["item"]:
        request = item["request"]
        path = request["url"]["raw"].removeprefix("{{base}}")
        body = request.get("body", {}).get("raw")
        answer = client.open(path, method=request["method"], data=body, content_type="application/json")
        assert answer.status_code == 200, item["name"]
