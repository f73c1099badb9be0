"""Whether an address can be listened on: asked before the server tries it five times and ends without advice."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Mapping
from typing import Any

from service.config import BIND
from service.errors import SettingsError

_HANDED_OVER = ("GUNICORN_FD", "LISTEN_FDS")
"""Variables that name open sockets, handed over by systemd or by a server that is being replaced."""


def refuse_unusable(addresses: list[Any], environment: Mapping[str, str] = os.environ) -> None:
    """Raise SettingsError when nothing can listen on one of the addresses (of gunicorn), with what to do."""
    if any(name in environment for name in _HANDED_OVER):
        return
    for address in addresses:
        # Anything else is a path of the file system.
        if isinstance(address, tuple):
            _refuse(str(address[0]), int(address[1]))


def _refuse(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(f"{host}:{port} {_why(error, port)}") from None


def _why(error: OSError, port: int) -> str:
    other = port + 1 if 1024 <= port < 65535 else 8081  # noqa: PLR2004  # below belongs to root; above is no port
    another = (
        f"choose another port, such as {BIND}=127.0.0.1:{other}, `serve --port {other}` or `make serve PORT={other}`"
    )
    if error.errno == errno.EADDRINUSE:
        return f"is in use by another program: stop that program, or {another}"
    if error.errno == errno.EACCES:
        return f"may not be used without the rights of root: {another}"
    return f"is no address of this machine ({BIND}): 127.0.0.1 is for this machine only, 0.0.0.0 for every network"
