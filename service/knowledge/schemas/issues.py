"""Turns what a shape refuses into issues that point at a line."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from marshmallow import Schema, ValidationError

from service.errors import Issue
from service.knowledge.documents import Items, Table, line_of

# marshmallow's own sentences, in the words of this project.
_WORDING = {
    "Missing data for required field.": "is missing",
    "Field may not be null.": "must not be empty",
    "Invalid input type.": "must be a mapping of keys",
    "Not a valid mapping type.": "must be a mapping of keys",
    "Not a valid date.": "must be a date like 2026-11-24",
    "Not a valid list.": "must be a list",
}


@cache
def made(shape: type[Schema]) -> Schema:
    """The one object of a shape: to make one for each file takes longer than to read the file with it."""
    return shape()


def read_shape(shape: Schema, data: Any, file: str) -> tuple[Any, list[Issue]]:
    """The object that ``data`` stands for, or None and every issue found in it."""
    if not isinstance(data, Table):
        return None, [Issue(f"{file}:1", "must be a mapping of keys")]
    if not data:
        return None, [Issue(f"{file}:1", "this file is empty")]
    try:
        return shape.load(data), []
    except ValidationError as error:
        return None, list(issues_of(error.messages, data, file))


def issues_of(messages: Any, data: Table, file: str) -> Iterator[Issue]:
    """One issue per refusal, each at the line of the nearest thing that exists."""
    for path, message in _flat(messages, data, ()):
        name = ".".join(str(step + 1) if isinstance(step, int) else step for step in path)
        text = _WORDING.get(message, str(message))
        where = f"{file}:{line_of(data, path, data.line)}"
        yield Issue(where, f"{name}: {text}" if name else text, getattr(message, "hint", None))


def _flat(messages: Any, data: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(messages, str):
        yield path, messages
    elif isinstance(messages, list):
        for message in messages:
            yield from _flat(message, data, path)
    else:
        for step, inner in messages.items():
            if _exists(data, step):
                yield from _flat(inner, data[step], (*path, step))
            elif step in {"_schema", "key", "value"}:
                # marshmallow's own steps, which the file does not have.
                yield from _flat(inner, data, path)
            else:
                yield from _flat(inner, None, (*path, step))


def _exists(data: Any, step: Any) -> bool:
    if isinstance(data, Items):
        return isinstance(step, int) and step < len(data)
    return isinstance(data, Table) and step in data
