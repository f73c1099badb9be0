"""The worker that gunicorn runs: waitress takes requests in whole, gunicorn minds the processes.

A worker of gunicorn's own gives each connection a thread before the request has arrived, so a few idle or slow
clients stop it. Here one thread waits for all connections, a request is handed to a thread when its last byte
has come, and what takes too long or too much is refused with an OperationOutcome (SC-4). Bodies stay in memory:
nothing of a chart is written to a disk.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import time
from typing import Any

import orjson
from gunicorn.workers.base import Worker
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, create_server
from waitress.task import ErrorTask, WSGITask

from service.errors import Issue
from service.web.error_answers import outcome

# A request line and its headers; a token of an EHR takes one to four kilobytes.
HEADER_BYTES = 64 * 1024
# From the first byte of a request to its last.
REQUEST_SECONDS = 30
# How long a connection may stay open between two requests, or without any.
IDLE_SECONDS = 15
CONNECTIONS = 2000
# So much is read of a connection at once: each reading costs a round over all connections. With more, the allocator
# would ask the kernel for each reading.
_READ_BYTES = 64 * 1024
# How often the main process is given a sign of life, which is a call of the system.
_SIGN_SECONDS = 1.0
# How long a stopping worker still takes requests on connections that are open, so that none is dropped.
LINGER_SECONDS = 2.0
# Reads of what is left on a connection that closes.
_MOST_READS = 32

_FAULTS = {
    400: Issue("request", "is not HTTP as RFC 9112 means it"),
    413: Issue("body", "is larger than this service takes"),
    431: Issue("headers", f"are larger than {HEADER_BYTES} bytes together"),
    501: Issue("Transfer-Encoding", "is not one this service reads", "send Content-Length"),
}
_UNEXPECTED = Issue("service", "the request could not be taken")


class _Refusal(ErrorTask):
    """The answer to a request that never reached the application; nothing of the request is quoted."""

    def execute(self) -> None:
        refused: Any = self.request
        error = refused.error
        body = orjson.dumps(outcome(error.code, [_FAULTS.get(error.code, _UNEXPECTED)]))
        self.status = f"{error.code} {error.reason}"
        self.response_headers = [("Content-Type", "application/json")]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Answer(WSGITask):
    """The answer of the application; the last one on its connection when the worker is stopping."""

    def execute(self) -> None:
        if not self.channel.server.accepting:
            self.set_close_on_finish()
        super().execute()

    def write(self, data: bytes) -> None:
        """Send a part of the body. A whole one goes with its headers: each sending is a call of the system."""
        is_whole = self.complete and self.has_body and self.content_length == len(data)
        if self.wrote_header or not is_whole:
            super().write(data)
            return
        self.channel.write_soon(self.build_response_header() + data)
        self.wrote_header, self.content_bytes_written = True, len(data)


class _Channel(HTTPChannel):
    """One connection. ``began`` is when the request that is arriving began to arrive."""

    task_class = _Answer
    error_task_class = _Refusal
    began = 0.0

    def received(self, data: bytes) -> bool:
        if self.request is None:
            self.began = time.time()
        return bool(super().received(data))

    def handle_close(self) -> None:
        """Close, having taken what already came: closed over unread bytes, the answer to them could be lost."""
        if self.socket is not None:
            # Nothing more may have come, or the client be gone already.
            with contextlib.suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)
                for _ in range(_MOST_READS):
                    if not self.socket.recv(65536):
                        break
        super().handle_close()


class BufferingWorker(Worker):
    """A process that answers. gunicorn replaces it when it dies or gives no sign of life for ``timeout`` seconds."""

    _sign_due = 0.0

    def run(self) -> None:
        """Serve until told to stop, then finish what has begun."""
        # Waiting in line is normal here, and said by the time that calls take.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        application: Any = self.wsgi
        flask: Any = self.app.callable
        # What gunicorn hands over wraps the sockets that it listens on.
        wrappers: list[Any] = list(self.sockets)
        most = flask.extensions["sciatica-cds.settings"].max_body_bytes
        connections: dict[int, Any] = {}
        made = create_server(
            application,
            map=connections,
            sockets=[wrapped.sock for wrapped in wrappers],
            threads=self.cfg.threads,
            connection_limit=CONNECTIONS,
            channel_timeout=IDLE_SECONDS,
            cleanup_interval=1,
            max_request_header_size=HEADER_BYTES,
            max_request_body_size=most,
            recv_bytes=_READ_BYTES,
            # Larger than any body: nothing overflows into a file.
            inbuf_overflow=most + HEADER_BYTES,
            ident=None,
            # Proxies are trusted, or not, by the application's own setting.
            clear_untrusted_proxy_headers=False,
        )
        listening: list[Any] = [each for each in connections.values() if isinstance(each, BaseWSGIServer)]
        for server in listening:
            server.channel_class = _Channel
        while self.alive and self.ppid == os.getppid():
            self._turn(connections, listening)
        self._finish(connections, listening)
        made.task_dispatcher.shutdown(cancel_pending=True, timeout=1)

    def _turn(self, connections: dict[int, Any], listening: list[Any], seconds: float = 1.0) -> None:
        """One round over all connections that have something to say."""
        if time.monotonic() >= self._sign_due:
            self._sign_due = time.monotonic() + _SIGN_SECONDS
            self.notify()
        wasyncore.loop(timeout=seconds, use_poll=True, map=connections, count=1)
        late = time.time() - REQUEST_SECONDS
        for server in listening:
            for channel in list(server.active_channels.values()):
                if channel.request is not None and channel.began < late:
                    channel.will_close = True

    def _finish(self, connections: dict[int, Any], listening: list[Any]) -> None:
        """Take no new connections, answer what has arrived or is arriving, close the others after a moment."""
        for server in listening:
            server.accepting = False
            server.del_channel(connections)
        lingers, ends = time.monotonic() + LINGER_SECONDS, time.monotonic() + self.cfg.graceful_timeout
        while time.monotonic() < ends:
            open_ones = [channel for server in listening for channel in server.active_channels.values()]
            busy = any(channel.requests or channel.request or channel.total_outbufs_len for channel in open_ones)
            if not open_ones or (not busy and time.monotonic() > lingers):
                break
            self._turn(connections, listening, 0.1)
