"""Every key that the code gives to a log line is on the list of keys a line may have; else it is dropped there."""

from __future__ import annotations

import ast
from pathlib import Path

from service.logs import ALLOWED

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


def test_no_key_is_given_only_to_be_dropped() -> None:
    given = keys_given()
    assert {"decision", "fired", "digest"} <= set(given), "the calls were not found"
    assert {key: place for key, place in given.items() if key not in ALLOWED} == {}
