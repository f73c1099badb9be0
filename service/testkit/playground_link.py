"""A link that opens a chart in the playground: the chart stands behind the sign that browsers do not send on."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode


def playground_link(document: Any, *, hook: str, now: str, complete: Iterable[str] = ()) -> str:
    """The address below that of a service, as the page's own "share" writes it: deflated, base64 for addresses.

    The playground is the first page of a service.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    packed = base64.urlsafe_b64encode(packer.compress(text) + packer.flush()).rstrip(b"=").decode()
    parts = {"chart": packed, "hook": hook, "now": now, "complete": ", ".join(sorted(complete))}
    return f"/#{urlencode(parts)}"
