"""OpenTelemetry, for who wants it (extra ``otel``): a span for each request and each part of a call, sent by OTLP.

Where to send them, and more, is said by the variables of OpenTelemetry (``OTEL_EXPORTER_OTLP_ENDPOINT``,
``OTEL_SERVICE_NAME``, ``OTEL_TRACES_SAMPLER``). A client's ``traceparent`` is taken up; none is sent to FHIR servers.
The text of an exception may quote a request, so a span names its type only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from service import spans
from service.errors import SettingsError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

NAME = "sciatica-cds"


class OpenTelemetry:
    """Makes spans with a tracer provider of the SDK."""

    def __init__(self, provider: Any) -> None:
        self._tracer = provider.get_tracer(NAME)

    def span(self, name: str) -> AbstractContextManager[object]:
        """A span within the one that is open."""
        return self._open(name)

    def note(self, key: str, value: spans.Value) -> None:
        """Say something of the span that is open."""
        from opentelemetry import trace

        trace.get_current_span().set_attribute(key, value)

    def request(self, headers: dict[str, str]) -> AbstractContextManager[object]:
        """The span of a request; one of the client's is its parent where the headers name it."""
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        parent = TraceContextTextMapPropagator().extract(headers)
        return self._open("call", context=parent, kind=SpanKind.SERVER)

    @contextmanager
    def _open(self, name: str, **more: Any) -> Iterator[object]:
        from opentelemetry.trace import Status, StatusCode

        opened = self._tracer.start_as_current_span(name, record_exception=False, set_status_on_exception=False, **more)
        with opened as span:
            try:
                yield span
            except BaseException as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(Status(StatusCode.ERROR))
                raise


class Traced:
    """The WSGI application with a span around every request."""

    def __init__(self, app: WSGIApplication, telemetry: OpenTelemetry) -> None:
        self._app = app
        self._telemetry = telemetry

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Call the application within a span."""
        names = {"traceparent": "HTTP_TRACEPARENT", "tracestate": "HTTP_TRACESTATE"}
        headers = {name: environ[key] for name, key in names.items() if key in environ}
        with self._telemetry.request(headers):
            return self._app(environ, start_response)


def exporting(version: str) -> Any:
    """A provider that sends spans by OTLP over HTTP. Raises SettingsError where the extra is not installed."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise SettingsError("SCIATICA_CDS_TRACES=on needs the extra otel: pip install 'sciatica-cds[otel]'") from None
    resource = Resource.create({"service.name": NAME, "service.version": version})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def traced(app: WSGIApplication, provider: Any) -> WSGIApplication:
    """The application with traces, whose parts are spans from now on."""
    telemetry = OpenTelemetry(provider)
    spans.trace_with(telemetry)
    return Traced(app, telemetry)
