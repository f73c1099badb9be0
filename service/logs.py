"""Log lines: JSON, and only keys on a list that holds nothing of a patient (SE-9, FA-4, SE-8)."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog

# Every key a line may have. Values of these are ours (ids of rules, services, calls; numbers; names of settings).
_NAMES = """
event level timestamp request decision service hook hook_instance status method milliseconds cards fired missing
number problems deviations unasked gated client claim issuer error where warning ruleset digest rules checkpoint
"""
ALLOWED = frozenset(_NAMES.split())


def only_allowed(_logger: Any, _name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop what is not on the list and say how much was dropped, so that a slip shows without leaking."""
    dropped = [key for key in line if key not in ALLOWED]
    for key in dropped:
        del line[key]
    if dropped:
        line["warning"] = f"{len(dropped)} keys not allowed in the log were dropped"
    return line


class _Configured:
    logger: Any = None


def configure(level: str) -> None:
    """Send log lines of ``level`` and above to standard error as JSON. Called once per process."""
    structlog.configure(
        processors=[
            only_allowed,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=_serialized),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=_standard_error()),
        cache_logger_on_first_use=False,
    )
    # Bound once: binding a logger for a line costs half as much as writing it.
    _Configured.logger = structlog.get_logger().bind()


def logger() -> Any:
    """The logger of the service."""
    return _Configured.logger or structlog.get_logger()


def _serialized(line: Any, **_options: Any) -> str:
    return orjson.dumps(line, default=str).decode()


def _standard_error() -> Any:
    import sys

    return sys.stderr
