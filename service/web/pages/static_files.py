"""The files that pages are dressed and helped by, each under a name with a digest of its content.

Such a name may be stored for ever: what changes gets another name. Files of others stand in ``static/vendor`` with
their licences; ``static/vendor/README.md`` says where each comes from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

STATIC = Path(__file__).resolve().parent.parent / "static"
_TYPES = MappingProxyType({".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"})
_DIGITS = 12


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file: where it is, the name it is served under, and what it is."""

    path: Path
    served_as: str
    type: str


@cache
def static_files() -> Mapping[str, StaticFile]:
    """Every file by its plain name, such as ``site.css``."""
    paths = [path for path in sorted(STATIC.rglob("*")) if path.suffix in _TYPES]
    return {path.name: StaticFile(path, _served_as(path), _TYPES[path.suffix]) for path in paths}


@cache
def served(name: str) -> StaticFile | None:
    """The file that is served under this name."""
    return next((one for one in static_files().values() if one.served_as == name), None)


def _served_as(path: Path) -> str:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:_DIGITS]
    return f"{path.stem}.{digest}{path.suffix}"
