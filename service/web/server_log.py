"""What gunicorn and other libraries log, as JSON lines of the shape that the service's own have.

Only gunicorn's sentences are filled in: they name processes, signals and addresses. Of other libraries the sentence
comes without what belongs into it, and of an exception its type and line, since either may quote a request.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import orjson
from gunicorn.glogging import Logger

from service.errors import line_of_ours

_OWN = "gunicorn.error"


class JsonLine(logging.Formatter):
    """One record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON."""
        line: dict[str, Any] = {
            "process": record.process,
            "event": record.getMessage().strip() if record.name == _OWN else str(record.msg),
            "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
        }
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            line |= {"error": type(error).__name__, "where": line_of_ours(error)}
        return orjson.dumps(line).decode()


class ServerLog(Logger):  # type: ignore[misc, unused-ignore]  # gunicorn's stubs are in part untyped
    """gunicorn's logger, with lines of JSON; what other libraries warn of takes the same way."""

    def setup(self, cfg: Any) -> None:
        """Set the handlers up, at the start and when the configuration is read anew."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(JsonLine())
        others = logging.getLogger()
        if not any(isinstance(handler.formatter, JsonLine) for handler in others.handlers):
            handler = logging.StreamHandler()
            handler.setFormatter(JsonLine())
            handler.setLevel(logging.WARNING)
            others.addHandler(handler)
