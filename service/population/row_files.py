"""Row files: the rows of one bucket as its worker leaves them, to be put together into tables later.

MessagePack: a worker needs no Arrow for it, whose libraries would take a fifth of what it may use.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from service.population.run_folder import written

Json = dict[str, Any]
_decode = msgspec.msgpack.Decoder(list[Json]).decode


def rows_as_bytes(rows: Sequence[Json]) -> bytes:
    """Rows as the content of a file."""
    return msgspec.msgpack.encode(rows)


def write_rows(path: Path, rows: Sequence[Json]) -> None:
    """Write the rows of one bucket."""
    with written(path) as file:
        file.write(rows_as_bytes(rows))


def read_rows(path: Path) -> list[Json]:
    """The rows of one bucket."""
    return _decode(path.read_bytes())
