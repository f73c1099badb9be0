"""Client: one GET through the guard, with a deadline and a byte limit, and nothing kept between calls.

No redirect is followed, no proxy or certificate setting of the environment is read, no cookie is kept (it would carry
one patient's session into another's call), no compressed answer is accepted (its size is only known when it is too
late).
"""

from __future__ import annotations

import http.cookiejar
import logging
import ssl
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import httpcore2
import httpx2

from service.security.address_guard import AddressGuard, UnansweredError
from service.security.transport import GuardedTransport, until

_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "sciatica-cds"}
_SUCCESS = 200
_REDIRECTS = range(300, 400)
_TOO_LARGE = "the answer is larger than allowed"
_LONGEST_LENGTH = 18
"""Digits of an announced length; more than that is too large whatever it says."""

for _name in ("httpx2", "httpcore2"):
    # Both log URLs, and the URL of a search names the patient.
    logging.getLogger(_name).setLevel(logging.WARNING)


class Allowance:
    """How many bytes may be read: ``limit`` by all answers that share it, ``each`` by one of them. Safe for threads.

    With ``each`` below ``limit`` one endless answer cannot starve the others.
    """

    def __init__(self, limit: int, each: int | None = None) -> None:
        self.each = limit if each is None else each
        self._left = limit
        self._mutex = threading.Lock()

    def spend(self, count: int) -> None:
        """Take ``count`` bytes. Raises UnansweredError when that is more than is left."""
        with self._mutex:
            self._left -= count
            if self._left < 0:
                raise UnansweredError(_TOO_LARGE)


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of a 200 answer and its media type, in lower case without parameters."""

    media_type: str
    body: bytes = field(repr=False)


@cache
def _authorities_of_the_system() -> ssl.SSLContext:
    return httpx2.create_ssl_context(trust_env=False)


class GuardedClient:
    """Gets documents from servers that the guard lets through. One per process; safe for threads."""

    def __init__(self, guard: AddressGuard, ca_file: Path | None = None) -> None:
        """``ca_file`` holds the certificate authorities to trust instead of the system's, such as a hospital's own."""
        self._guard = guard
        self._mutex = threading.Lock()
        self._made: httpx2.Client | None = None
        self._closing: Callable[[], object] = lambda: None
        if ca_file:
            # Whether the file can be read is said at the start.
            self._make(ssl.create_default_context(cafile=ca_file))

    @property
    def _client(self) -> httpx2.Client:
        """Made when it is first needed: reading the authorities of the system takes a while, and many never ask."""
        with self._mutex:
            return self._made or self._make(_authorities_of_the_system())

    def _make(self, ssl_context: ssl.SSLContext) -> httpx2.Client:
        self._made = client = httpx2.Client(
            transport=GuardedTransport(self._guard, ssl_context),
            follow_redirects=False,
            trust_env=False,
            headers=_HEADERS,
            cookies=http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(allowed_domains=[])),
        )
        # Kept connections end with their owner, whoever forgets to close it.
        self._closing = weakref.finalize(self, client.close)
        return client

    def get(
        self,
        url: httpx2.URL | str,
        *,
        headers: Callable[[], Mapping[str, str]],
        deadline: float,
        allowance: Allowance,
    ) -> Answer:
        """The answer of the server, if it is 200 and came whole by ``deadline`` (monotonic seconds).

        ``headers`` is asked at the last moment, so a token that was withdrawn meanwhile is not sent. Raises
        UnansweredError with a reason that names neither the URL nor anything the server said.
        """
        if time.monotonic() >= deadline:
            raise UnansweredError("no time was left to ask")
        try:
            with until(deadline):
                return self._get(url, headers(), deadline, allowance)
        except (httpcore2.TimeoutException, httpx2.TimeoutException):
            raise UnansweredError("the server did not answer in time") from None
        except (httpcore2.NetworkError, httpx2.NetworkError):
            raise UnansweredError("the server cannot be reached") from None
        except (httpcore2.ProtocolError, httpcore2.UnsupportedProtocol, httpx2.HTTPError):
            raise UnansweredError("the server broke off or does not speak HTTP") from None
        except (httpx2.InvalidURL, UnicodeError):
            raise UnansweredError("the URL is malformed") from None

    def _get(self, url: httpx2.URL | str, headers: Mapping[str, str], deadline: float, allowance: Allowance) -> Answer:
        timeout = httpx2.Timeout(deadline - time.monotonic())
        with self._client.stream("GET", url, headers=headers, timeout=timeout) as response:
            if response.status_code in _REDIRECTS:
                raise UnansweredError("the server redirects elsewhere")
            if response.status_code != _SUCCESS:
                raise UnansweredError(f"the server answered {response.status_code}")
            if response.headers.get("content-encoding", "identity") != "identity":
                raise UnansweredError("the answer is compressed although that was not asked for")
            media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            return Answer(media_type, _body(response, allowance))

    def close(self) -> None:
        """Close all connections."""
        self._closing()


def _body(response: httpx2.Response, allowance: Allowance) -> bytes:
    """The bytes of the answer, counted as they come. Raises UnansweredError when they are too many."""
    announced = response.headers.get("content-length", "")
    is_number = announced.isascii() and announced.isdigit()
    if is_number and (len(announced) > _LONGEST_LENGTH or int(announced) > allowance.each):
        raise UnansweredError(_TOO_LARGE)
    chunks: list[bytes] = []
    read = 0
    for chunk in response.iter_raw():
        read += len(chunk)
        if read > allowance.each:
            raise UnansweredError(_TOO_LARGE)
        allowance.spend(len(chunk))
        chunks.append(chunk)
    return b"".join(chunks)
