"""The body of a request as bytes, never more of it in memory than the limit allows."""

from __future__ import annotations

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request

from service.errors import Issue, RequestError
from service.security.limits import check_media_type, too_large

_CHUNK = 64 * 1024
# A body over the limit is read on and thrown away up to here: a client that is still sending when
# the connection closes sees a broken pipe instead of the 413.
_DRAIN = 64 * 1024 * 1024


def read_body(request: Request, limit: int) -> bytes:
    """The bytes of a JSON body. Raises RequestError with 413 (too large) or 415 (not JSON, or compressed)."""
    check_media_type(request.headers.get("Content-Type"))
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding != "identity":
        raise RequestError([Issue("Content-Encoding", "a compressed body is not accepted", "send it as it is")], 415)
    chunks: list[bytes] = []
    total, length = 0, request.content_length
    # A body that told its length has ended there, and need not be asked for more.
    while total <= _DRAIN and total != length and (chunk := _read(request)):
        total += len(chunk)
        if total <= limit:
            chunks.append(chunk)
        else:
            chunks.clear()
    if total > limit:
        raise too_large(limit)
    return b"".join(chunks)


def _read(request: Request) -> bytes:
    try:
        return request.stream.read(_CHUNK)
    except HTTPException:
        raise
    except Exception:  # noqa: BLE001  # each server raises errors of its own for a broken transfer (a bad chunk size)
        raise RequestError([Issue("body", "the body could not be read", "its transfer was broken off")]) from None
