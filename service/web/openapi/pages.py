"""The description of the interface as pages: a list of the endpoints, a page for each, and one for the shapes."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from jinja2 import Environment, FileSystemLoader

Json = Mapping[str, Any]

_TEMPLATES = Path(__file__).resolve().parent / "templates"
_MOST_LINES = 120
"""So much of an example stands on a page, which is read over slow lines too; the whole is a file (product choice)."""


@cache
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True)


def index_page(document: Json, root: str, pages: str) -> str:
    """All endpoints. ``root`` is the path at which the service is mounted, ``pages`` which other pages it has."""
    return _rendered("index.html", document, root, pages)


def shapes_page(document: Json, root: str, pages: str) -> str:
    """All schemas, each under its name."""
    return _rendered("shapes.html", document, root, pages)


def operation_names(document: Json) -> frozenset[str]:
    """The endpoints that have a page."""
    return frozenset(operation["operationId"] for _, _, operation in _operations(document))


def operation_page(document: Json, name: str, root: str, pages: str, address: str) -> str:
    """One endpoint of the description with what it takes and answers, and examples.

    ``address`` is the service as the reader reaches it.
    """
    path, method, operation = _operation(document, name)
    body, answer = example(document, name, "body"), example(document, name, "answer")
    target = f"{address}{path}{_query(operation)}"
    curl = f"curl -s -H 'Content-Type: application/json' --data @body.json {shlex.quote(target)}"
    told = {"path": path, "method": method, "operation": operation, "curl": curl}
    samples = {"body": _sample(body), "answer": _sample(answer)}
    return _rendered("operation.html", document, root, pages, **told, **samples)


def example(document: Json, name: str, which: str) -> Any:
    """The example of a ``body`` or an ``answer`` of an endpoint of the description; None where it has none."""
    operation = _operation(document, name)[2]
    holder = operation.get("requestBody", {}) if which == "body" else operation["responses"].get("200", {})
    return (holder.get("content") or {}).get("application/json", {}).get("example")


def _operation(document: Json, name: str) -> tuple[str, str, Json]:
    return next(one for one in _operations(document) if one[2]["operationId"] == name)


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield path, method, operation


def _query(operation: Json) -> str:
    given = [one for one in operation.get("parameters", ()) if one.get("in") == "query" and "example" in one]
    return "?" + "&".join(f"{one['name']}={one['example']}" for one in given) if given else ""


def _sample(value: Any) -> Json | None:
    if value is None:
        return None
    lines = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode().splitlines()
    return {"shown": "\n".join(lines[:_MOST_LINES]), "more": max(0, len(lines) - _MOST_LINES)}


def _rendered(template: str, document: Json, root: str, pages: str, **more: Any) -> str:
    return _environment().get_template(template).render(**document, root=root, pages=pages, **more)
