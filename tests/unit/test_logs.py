"""Every key that the code gives to a log line is on the list of keys a line may have; else it is dropped there."""

from __future__ import annotations

import ast
import json
import logging
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from service.logs import ALLOWED
from service.web.server_log import JsonLine

SERVICE = Path(__file__).resolve().parents[2] / "service"
LEVELS = {"debug", "info", "warning", "error", "exception"}


def keys_given() -> dict[str, str]:
    """Key -> the place that gives it: keywords of calls on ``logger()`` or ``structlog.get_logger()``."""
    found: dict[str, str] = {}
    for path in SERVICE.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                not isinstance(call, ast.Call)
                or not isinstance(call.func, ast.Attribute)
                or call.func.attr not in LEVELS
            ):
                continue
            if not ast.unparse(call.func.value).endswith(("logger()", "get_logger()")):
                continue
            for keyword in call.keywords:
                if keyword.arg is not None:
                    found[keyword.arg] = f"{path.relative_to(SERVICE)}:{call.lineno}"
    return found


def test_every_key_is_explained_to_operators(project: Path) -> None:
    page = (project / "docs" / "operations.md").read_text(encoding="utf-8")
    table = page.split("## The log", 1)[1].split("##", 1)[0]
    explained = {
        key
        for row in table.splitlines()
        if row.startswith("| `")
        for key in re.findall("`([a-z_]+)`", row.split("|")[1])
    }
    assert explained == ALLOWED | {"process"}


def record(name: str, message: str, *filled: object, error: Exception | None = None) -> dict[str, Any]:
    exc_info = None if error is None else (type(error), error, None)
    made = logging.LogRecord(name, logging.ERROR, "x.py", 1, message, filled, exc_info)
    return json.loads(JsonLine().format(made))


def test_a_line_of_gunicorn_is_json_with_its_sentence() -> None:
    line = record("gunicorn.error", "Worker (pid:%s) was sent %s!", 7, "SIGKILL")
    assert line["event"] == "Worker (pid:7) was sent SIGKILL!"
    assert line["level"] == "error"
    assert datetime.fromisoformat(line["timestamp"]).tzinfo is not None


def test_what_other_libraries_log_comes_without_what_they_quote() -> None:
    line = record("waitress", "Exception while serving %s", "/canary", error=ValueError("canary"))
    assert line["event"] == "Exception while serving %s"
    assert (line["error"], line["where"]) == ("ValueError", "unknown")
    assert "canary" not in json.dumps(line)


def test_no_key_is_given_only_to_be_dropped() -> None:
    given = keys_given()
    assert {"decision", "fired", "digest"} <= set(given), "the calls were not found"
    assert {key: place for key, place in given.items() if key not in ALLOWED} == {}
