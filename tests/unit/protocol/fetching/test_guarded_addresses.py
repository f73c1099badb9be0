"""No URL in a request makes this process call what the operator did not allow (FA-8)."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest

from service.protocol.fetching.servers import Servers, below
from service.security.address_guard import AddressGuard, UnansweredError
from service.security.http_client import Allowance, GuardedClient
from tests.ehr.answering import Fault
from tests.ehr.certificates import tls_for
from tests.ehr.server import SimulatedEhr
from tests.unit.protocol.fetching.conftest import Fetch, why

Resolve = Callable[[Mapping[str, list[str]]], None]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Resolve:
    """Give names addresses, so that no test asks a real resolver."""

    def resolving(table: Mapping[str, list[str]]) -> None:
        def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
            if host not in table:
                raise socket.gaierror
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in table[host]]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    return resolving


def dialled(guard: AddressGuard, host: str) -> list[str]:
    return guard.addresses(host, 443, 1.0)


PUBLIC = ["8.8.8.8", "2606:4700::1111", "2002:808:808::1", "64:ff9b::808:808", "::ffff:8.8.8.8"]
PRIVATE = ["10.1.2.3", "172.16.0.1", "192.168.1.1", "fd00::1", "::ffff:10.1.2.3", "2002:a01:203::1", "64:ff9b::a01:203"]
LINK_LOCAL = ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"]
LOOPBACK = ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]
NEVER = ["0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255", "240.0.0.1", "100.64.0.1", "192.0.2.1"]
NEVER += ["fec0::1", "feff::1", "3fff::1", "3fff:fff::1"]


@pytest.mark.requirement("FA-8")
@pytest.mark.parametrize("address", PUBLIC)
def test_fa8_public_addresses_are_dialled(address: str) -> None:
    assert len(dialled(AddressGuard(), address)) == 1


@pytest.mark.requirement("FA-8")
@pytest.mark.parametrize("address", [*PRIVATE, *LINK_LOCAL, *LOOPBACK, *NEVER])
def test_fa8_no_other_address_is_dialled_however_it_is_written(address: str) -> None:
    with pytest.raises(UnansweredError, match="not public"):
        dialled(AddressGuard(), address)


@pytest.mark.requirement("FA-8")
@pytest.mark.parametrize("address", [*PRIVATE, *LINK_LOCAL, *LOOPBACK, *NEVER])
def test_fa8_a_name_that_means_such_an_address_is_not_dialled(names: Resolve, address: str) -> None:
    names({"ehr.example.org": [address]})
    with pytest.raises(UnansweredError, match="not public"):
        dialled(AddressGuard(), "ehr.example.org")


@pytest.mark.requirement("FA-8")
def test_fa8_of_several_addresses_only_the_permitted_are_dialled(names: Resolve) -> None:
    names({"ehr.example.org": ["10.0.0.1", "8.8.8.8", "169.254.169.254"]})
    assert dialled(AddressGuard(), "ehr.example.org") == ["8.8.8.8"]


@pytest.mark.requirement("FA-8")
def test_fa8_private_addresses_are_dialled_for_listed_hosts_only(names: Resolve) -> None:
    names({"ehr.local": ["10.0.0.1"], "other.local": ["10.0.0.1"], "meta.local": ["169.254.169.254"]})
    guard = AddressGuard(private=["EHR.local", "meta.local"])
    assert dialled(guard, "ehr.local") == ["10.0.0.1"]
    for host in ("other.local", "meta.local"):
        with pytest.raises(UnansweredError):
            dialled(guard, host)


@pytest.mark.requirement("FA-8")
def test_fa8_private_addresses_are_dialled_in_listed_networks_only() -> None:
    guard = AddressGuard(private=["10.20.0.0/16", "fd00:1::/32"])
    assert dialled(guard, "10.20.255.255") == ["10.20.255.255"]
    assert dialled(guard, "fd00:1::5") == ["fd00:1::5"]
    for address in ("10.21.0.0", "10.19.255.255", "192.168.0.1", "127.0.0.1"):
        with pytest.raises(UnansweredError):
            dialled(guard, address)


@pytest.mark.parametrize("entry", ["10.0.0.0/99", "10.1.2.3/8", "https://ehr.local/", ""])
def test_a_private_host_is_a_host_or_a_network(entry: str) -> None:
    with pytest.raises(ValueError, match="private host"):
        AddressGuard(private=[entry])


@pytest.mark.requirement("FA-8")
@pytest.mark.parametrize("address", LOOPBACK)
def test_fa8_loopback_is_for_development(address: str) -> None:
    assert dialled(AddressGuard(development=True), address)
    with pytest.raises(UnansweredError):
        dialled(AddressGuard(), address)


@pytest.mark.requirement("FA-8")
def test_fa8_a_name_that_changes_its_address_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is resolved once; the second answer, meant for the connection, is never asked for."""
    answers = iter(["8.8.8.8", "127.0.0.1"])
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        address = next(answers) if host == "rebinding.example.org" else host
        asked.append(address)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    dials: list[str] = []

    def create_connection(address: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        dials.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", create_connection)
    client = GuardedClient(AddressGuard())
    with pytest.raises(UnansweredError, match="cannot be reached"):
        get(client, "https://rebinding.example.org/fhir/Patient/1")
    assert asked == dials == ["8.8.8.8"]


def test_a_resolver_that_hangs_does_not_hold_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    def hanging(*_: Any, **__: Any) -> list[Any]:
        time.sleep(2.0)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hanging)
    started = time.monotonic()
    with pytest.raises(UnansweredError, match="not resolved in time"):
        AddressGuard().addresses("slow.example.org", 443, 0.1)
    assert time.monotonic() - started < 1.5


def test_an_unknown_name_is_said_to_be_unknown(names: Resolve) -> None:
    names({})
    with pytest.raises(UnansweredError, match="cannot be resolved"):
        dialled(AddressGuard(), "nowhere.example.org")


def get(client: GuardedClient, url: str, seconds: float = 2.0) -> bytes:
    allowance = Allowance(1_000_000)
    return client.get(url, headers=dict, deadline=time.monotonic() + seconds, allowance=allowance).body


@pytest.mark.requirement("FA-8")
@pytest.mark.parametrize(
    "url",
    [
        "http://ehr.example.org/fhir",
        "file:///etc/passwd",
        "ftp://ehr.example.org/",
        "gopher://127.0.0.1:25/",
        "https://good.example.org@127.0.0.1/",
        "https://:pw@ehr.example.org/",
        "https:///fhir",
        "ehr.example.org/fhir",
        "",
        "http://127.0.0.1:8000/fhir",
        "http://localhost/fhir",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://[::1]/",
    ],
)
def test_fa8_no_dangerous_url_is_called_in_production(url: str) -> None:
    with pytest.raises(UnansweredError):
        get(GuardedClient(AddressGuard()), url, 0.3)


@pytest.mark.requirement("FA-8")
def test_fa8_plain_http_is_for_loopback_even_in_development(names: Resolve) -> None:
    names({"ehr.example.org": ["127.0.0.1"]})
    with pytest.raises(UnansweredError, match="only https"):
        get(GuardedClient(AddressGuard(development=True)), "http://ehr.example.org/fhir")


def test_no_setting_of_the_environment_sends_the_call_elsewhere(
    ehr: SimulatedEhr, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SimulatedEhr() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.base)
        client = GuardedClient(AddressGuard(development=True))
        assert b"keys" in get(client, ehr.jku)
        assert proxy.seen == []
        client.close()


@pytest.mark.parametrize("fault", [Fault.SLOW, Fault.DRIP])
def test_one_deadline_holds_over_all_operations_together(ehr: SimulatedEhr, fault: Fault) -> None:
    ehr.faults["jwks"] = fault
    client = GuardedClient(AddressGuard(development=True))
    started = time.monotonic()
    with pytest.raises(UnansweredError, match="in time"):
        get(client, ehr.jku, 0.3)
    assert 0.25 < time.monotonic() - started < 1.5
    client.close()


@pytest.mark.requirement("SE-1")
def test_se1_tls_is_checked_against_the_name_although_the_address_is_dialled(tmp_path: Path) -> None:
    context, ca_file = tls_for("localhost", tmp_path)
    with SimulatedEhr(tls=context, host="localhost") as ehr:
        listed = AddressGuard(private=["localhost", "127.0.0.0/8"])
        trusting = GuardedClient(listed, ca_file)
        assert b"keys" in get(trusting, ehr.jku)
        with pytest.raises(UnansweredError, match="cannot be reached"):
            get(trusting, ehr.jku.replace("localhost", "127.0.0.1"))
        with pytest.raises(UnansweredError, match="cannot be reached"):
            get(GuardedClient(listed), ehr.jku)
        with pytest.raises(UnansweredError, match="not public"):
            get(GuardedClient(AddressGuard(), ca_file), ehr.jku)
        trusting.close()


BASE = "https://ehr.example.org/fhir/r4"


@pytest.mark.requirement("FA-8")
@pytest.mark.parametrize(
    "named",
    [BASE, f"{BASE}/", "https://EHR.example.org/fhir/r4", "https://ehr.example.org:443/fhir/r4", f" {BASE} "],
)
def test_fa8_a_listed_server_may_be_spelt_in_several_ways(named: str) -> None:
    assert str(Servers([f"{BASE}/"]).permit(named)) == BASE


@pytest.mark.requirement("FA-8")
@pytest.mark.parametrize(
    "named",
    [
        "http://ehr.example.org/fhir/r4",
        "https://ehr.example.org/fhir",
        "https://ehr.example.org/fhir/r4/extra",
        "https://ehr.example.org/fhir/R4",
        "https://ehr.example.org:8443/fhir/r4",
        "https://ehr.example.org.evil.com/fhir/r4",
        "https://ehr.example.org@evil.com/fhir/r4",
        "https://evil.com/https://ehr.example.org/fhir/r4",
        "https://evil.com/#https://ehr.example.org/fhir/r4",
        "https://evil.com\\@ehr.example.org/fhir/r4",
        f"{BASE}?x=1",
        f"{BASE}#x",
        f"{BASE}/../r4",
        f"{BASE}/%2e%2e/r4",
        "https://ehr.example.org./fhir/r4",
        "file:///etc/passwd",
        "https://169.254.169.254/latest/meta-data",
        "",
        "x",
        "https://" + "a" * 5000,
    ],
)
def test_fa8_any_other_server_is_refused(named: str) -> None:
    with pytest.raises(UnansweredError):
        Servers([BASE]).permit(named)


@pytest.mark.requirement("FA-8")
def test_fa8_an_issuer_with_a_list_of_its_own_may_name_only_those(ehr: SimulatedEhr, fetch: Fetch) -> None:
    other = ["https://another.example.org/fhir"]
    assert "list of servers" in (why(fetch(None, None, own_servers=other)["labs"]) or "")
    assert ehr.seen == []
    assert why(fetch(None, None, servers=[], own_servers=[ehr.fhir_server])["labs"]) is None
    assert ehr.queries()


@pytest.mark.parametrize("base", ["ehr.example.org/fhir", "https://u@ehr.example.org/", f"{BASE}?a=b", "ftp://x/"])
def test_a_list_of_servers_holds_base_urls(base: str) -> None:
    with pytest.raises(ValueError, match="base URL"):
        Servers([base])


@pytest.mark.requirement("RP-9")
@pytest.mark.parametrize(
    ("link", "followed"),
    [
        (f"{BASE}?_getpages=abc", f"{BASE}?_getpages=abc"),
        (f"{BASE}/Condition?page=2", f"{BASE}/Condition?page=2"),
        (f"{BASE}/Condition?page=2#here", f"{BASE}/Condition?page=2"),
        ("Condition?page=2", f"{BASE}/Condition?page=2"),
        ("?page=2", f"{BASE}/Condition?page=2"),
        ("/fhir/r4/Condition?page=2", f"{BASE}/Condition?page=2"),
        ("https://ehr.example.org:443/fhir/r4/Condition?page=2", f"{BASE}/Condition?page=2"),
        (f"{BASE}/Condition?url=https://evil.com/", f"{BASE}/Condition?url=https://evil.com/"),
    ],
)
def test_rp9_next_links_on_the_same_server_are_followed(link: str, followed: str) -> None:
    current = httpx2.URL(f"{BASE}/Condition?patient=1")
    assert str(below(httpx2.URL(BASE), current, link)) == followed


@pytest.mark.requirement("RP-9")
@pytest.mark.parametrize(
    "link",
    [
        "http://ehr.example.org/fhir/r4/Condition",
        "https://ehr.example.org:8443/fhir/r4/Condition",
        "https://evil.com/fhir/r4/Condition",
        "//evil.com/fhir/r4/Condition",
        "https://ehr.example.org@evil.com/fhir/r4/Condition",
        "https://u:p@ehr.example.org/fhir/r4/Condition",
        "https://ehr.example.org/fhir/r40/Condition",
        "https://ehr.example.org/fhir/other",
        "https://ehr.example.org/",
        "../../admin",
        f"{BASE}/../admin",
        f"{BASE}/%2e%2e/admin",
        f"{BASE}/..%2fadmin",
        f"{BASE}/..\\admin",
        f"{BASE}/%5c..%5cadmin",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://[::1",
        "https://ehr.example.org:99999999/",
        f"{BASE}/" + "x" * 5000,
    ],
)
def test_rp9_any_other_next_link_is_refused(link: str) -> None:
    current = httpx2.URL(f"{BASE}/Condition?patient=1")
    with pytest.raises(UnansweredError):
        below(httpx2.URL(BASE), current, link)
