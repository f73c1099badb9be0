"""Transport: HTTP through the guard, with one deadline over connecting, writing and reading together.

The time-outs of an HTTP client hold per operation: a server that sends one byte a second would never meet them. Here
every operation gets what is left of the deadline of the call. The deadline travels beside the call, since connections
are kept and serve many calls.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore2
import httpx2

from service.security.address_guard import AddressGuard

_deadline: ContextVar[float] = ContextVar("deadline")

_MAX_CONNECTIONS = 64
_IDLE_SECONDS = 30.0


@contextmanager
def until(deadline: float) -> Iterator[None]:
    """All network operations of this thread inside the block end by ``deadline`` (monotonic seconds)."""
    token = _deadline.set(deadline)
    try:
        yield
    finally:
        _deadline.reset(token)


def _left(at_most: float | None = None) -> float:
    """Seconds left of the deadline. Raises TimeoutException when there are none, and when no deadline was set."""
    left = _deadline.get(0.0) - time.monotonic()
    if left <= 0:
        raise httpcore2.TimeoutException
    return left if at_most is None else min(left, at_most)


class _TimedStream(httpcore2.NetworkStream):
    """A connection whose every operation ends by the deadline of the call that uses it."""

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        return _TimedStream(self._inner.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _GuardedBackend(httpcore2.NetworkBackend):
    """Dials only addresses the guard has passed; TLS still checks the certificate against the name."""

    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        addresses = self._guard.addresses(host, port, _left(timeout))
        problem: Exception = httpcore2.ConnectError()
        for number, address in enumerate(addresses):
            # An address that swallows packets must leave time for the next one.
            share = _left(timeout) / (len(addresses) - number)
            try:
                return _TimedStream(self._inner.connect_tcp(address, port, share, local_address, socket_options))
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                problem = error
        raise problem


class _Body(httpx2.SyncByteStream):
    def __init__(self, response: httpcore2.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class GuardedTransport(httpx2.BaseTransport):
    """The transport of httpx2 over guarded connections. Raises UnansweredError and the errors of httpcore2."""

    def __init__(self, guard: AddressGuard, ssl_context: ssl.SSLContext) -> None:
        self._guard = guard
        self._pool = httpcore2.ConnectionPool(
            ssl_context=ssl_context,
            max_connections=_MAX_CONNECTIONS,
            keepalive_expiry=_IDLE_SECONDS,
            network_backend=_GuardedBackend(guard),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send the request if the guard passes its URL."""
        self._guard.check_url(request.url)
        response = self._pool.handle_request(
            httpcore2.Request(
                method=request.method,
                url=httpcore2.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx2.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()
