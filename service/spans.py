"""Spans: how long each part of a call takes, where the operator wants traces.

Off, a span is one shared object that does nothing, and nothing of OpenTelemetry is imported. What sends them lives in
``service/web/tracing.py``; rooms below it only name their parts here.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

Value = str | int | bool
NOTHING: AbstractContextManager[object] = nullcontext()

# What may be said of a span: ids of ours and of calls, numbers and words of closed sets; nothing of a patient (SE-9).
ALLOWED = frozenset(
    {
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "error.type",
        "sciatica_cds.request",
        "sciatica_cds.service",
        "sciatica_cds.hook",
        "sciatica_cds.decision",
        "sciatica_cds.digest",
        "sciatica_cds.cards",
        "sciatica_cds.gated",
    }
)


class Tracer(Protocol):
    """What makes spans."""

    def span(self, name: str) -> AbstractContextManager[object]: ...

    def note(self, key: str, value: Value) -> None: ...


class _Tracing:
    tracer: Tracer | None = None


def trace_with(tracer: Tracer | None) -> None:
    """Let spans of this process be made by a tracer; None turns them off."""
    _Tracing.tracer = tracer


def span(name: str) -> AbstractContextManager[object]:
    """A span of this name around a block."""
    return NOTHING if _Tracing.tracer is None else _Tracing.tracer.span(name)


def note(key: str, value: Value | None) -> None:
    """Say something of the span that is open; keys that are not allowed, and nothing, are passed over."""
    if _Tracing.tracer is not None and value is not None and key in ALLOWED:
        _Tracing.tracer.note(key, value)
