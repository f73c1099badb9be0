"""Documents and times as a person gives them on the command line."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from service.errors import RequestError
from service.security.limits import parse_json

_MAX_DEPTH = 200


def read_document(path: Path) -> Any:
    """The JSON of a file, or of standard input for ``-``. An error names file and position; exit code 1."""
    data = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    try:
        return parse_json(data, max_depth=_MAX_DEPTH)
    except RequestError as error:
        raise click.ClickException(f"{path}: {'; '.join(map(str, error.issues))}") from None


def read_time(text: str | None) -> datetime:
    """An ISO 8601 time as an aware datetime; the present when there is none. A time without zone is UTC."""
    if text is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(f"{text} is not an ISO 8601 time, such as 2026-03-01T09:00:00Z") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
