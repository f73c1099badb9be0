"""Guard: which addresses this process may dial (FA-8).

A URL in a request is an attacker's choice until shown otherwise. A name is resolved here and only an address that was
checked is dialled, so a name that changes its address between check and connection gains nothing.
"""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
from collections.abc import Iterable

import httpx2

_LOOKUPS_AT_ONCE = 16
# Not for the internet, though not every Python knows it: site-local (RFC 3879) and documentation (RFC 9637) addresses.
_NOT_PUBLIC = tuple(ipaddress.ip_network(each) for each in ("fec0::/10", "3fff::/20"))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class UnansweredError(Exception):
    """A server was not asked, or gave no usable answer. The text says why, without URL, token or content."""


class AddressGuard:
    """The rule of what may be dialled.

    Public addresses always; private ones only for hosts or networks listed in ``private``; link-local ones (where
    clouds keep their metadata) only through a listed network; multicast and reserved ones never. ``development`` adds
    loopback.
    """

    def __init__(self, private: Iterable[str] = (), *, development: bool = False) -> None:
        """``private`` holds host names and networks such as ``10.20.0.0/16``. Raises ValueError for what is neither."""
        self._development = development
        self._hosts: set[str] = set()
        self._networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
        for entry in private:
            try:
                self._networks.append(ipaddress.ip_network(entry))
            except ValueError:
                if "/" in entry or not entry:
                    raise ValueError("a private host is a host name or a network") from None
                self._hosts.add(entry.lower())
        self._lookups = threading.BoundedSemaphore(_LOOKUPS_AT_ONCE)

    def check_url(self, url: httpx2.URL) -> None:
        """Raise UnansweredError unless the URL is https to a host, or http to loopback in development."""
        if url.userinfo:
            raise UnansweredError("the URL names a user")
        if not url.host:
            raise UnansweredError("the URL names no host")
        plain = url.scheme == "http" and self._development and is_loopback_name(url.host)
        if url.scheme != "https" and not plain:
            raise UnansweredError("only https is used")

    def addresses(self, host: str, port: int, seconds: float) -> list[str]:
        """The addresses of the host that may be dialled, at least one. Raises UnansweredError."""
        permitted = [address for address in self._resolve(host, port, seconds) if self._may_dial(address, host)]
        if not permitted:
            raise UnansweredError("the address of the server is not public and not listed")
        return permitted

    def _may_dial(self, text: str, host: str) -> bool:
        address = _real(ipaddress.ip_address(text.partition("%")[0]))
        if address.is_multicast or address.is_unspecified:
            return False
        if any(address in network for network in self._networks):
            return True
        if address.is_link_local:
            return False
        if address.is_loopback:
            return self._development or host.lower() in self._hosts
        if address.is_private or any(address in network for network in _NOT_PUBLIC):
            return host.lower() in self._hosts
        return address.is_global and not address.is_reserved

    def _resolve(self, host: str, port: int, seconds: float) -> list[str]:
        """The addresses behind a name, in the order of the resolver, which knows no time limit of its own."""
        try:
            return [str(ipaddress.ip_address(host))]
        except ValueError:
            pass
        if not self._lookups.acquire(blocking=False):
            raise UnansweredError("too many names are being resolved")
        answer: queue.SimpleQueue[list[str]] = queue.SimpleQueue()

        def look_up() -> None:
            try:
                found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                answer.put(list(dict.fromkeys(str(entry[4][0]) for entry in found)))
            except (OSError, UnicodeError):
                answer.put([])
            finally:
                self._lookups.release()

        threading.Thread(target=look_up, name="resolve", daemon=True).start()
        try:
            addresses = answer.get(timeout=max(seconds, 0.0))
        except queue.Empty:
            raise UnansweredError("the name of the server was not resolved in time") from None
        if not addresses:
            raise UnansweredError("the name of the server cannot be resolved")
        return addresses


def is_loopback_name(host: str) -> bool:
    """Whether the host is ``localhost`` or a loopback address written as such."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _real(address: _Address) -> _Address:
    """The IPv4 address that an IPv6 address stands for, where it stands for one."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
