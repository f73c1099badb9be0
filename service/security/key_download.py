"""Download: an issuer's key set, fetched through the guard (JW-10): https, no redirect, two seconds, 100 kB."""

from __future__ import annotations

import time
from collections.abc import Callable

from service.security.address_guard import UnansweredError
from service.security.http_client import Allowance, GuardedClient
from service.security.keys import UnreachableError

_SECONDS = 2.0
_MAX_BYTES = 100 * 1024
_HEADERS = {"Accept": "application/jwk-set+json, application/json"}


def key_set_download(client: GuardedClient) -> Callable[[str], bytes]:
    """The function that ``keys.KeyRing`` downloads with. Raises UnreachableError saying why, without the URL."""

    def download(url: str) -> bytes:
        try:
            answer = client.get(
                url, headers=_HEADERS.copy, deadline=time.monotonic() + _SECONDS, allowance=Allowance(_MAX_BYTES)
            )
        except UnansweredError as error:
            raise UnreachableError(f"the key set was not fetched: {error}") from None
        return answer.body

    return download
