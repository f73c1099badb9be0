"""Where keys come from: fetched from the EHR's real JWKS endpoint, kept, refreshed, and static for offline sites."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.errors import UnauthorizedError
from service.security.address_guard import AddressGuard
from service.security.authenticator import Authenticator
from service.security.http_client import GuardedClient
from service.security.issuers import Issuer, IssuersError, read_issuers
from service.security.keys import KeyRing, UnreachableError, key_set_download
from service.security.replay import Replay
from tests.ehr.answering import Fault
from tests.ehr.server import SimulatedEhr
from tests.ehr.signing import claims_for, new_key, public_jwk, sign
from tests.unit.security.conftest import AUD, PATH, make


class Clock:
    """A monotonic clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ehr() -> Iterator[SimulatedEhr]:
    with SimulatedEhr() as running:
        yield running


@pytest.fixture
def online(ehr: SimulatedEhr, replay: Replay, clock: Clock) -> Iterator[Authenticator]:
    client = GuardedClient(AddressGuard(development=True))
    yield make(Issuer(ehr.iss, jkus=(ehr.jku,)), replay, KeyRing(key_set_download(client), clock))
    client.close()


def accepted(authenticator: Authenticator, token: str) -> bool:
    try:
        authenticator.authenticate(f"Bearer {token}", PATH, datetime.now(UTC))
    except UnauthorizedError:
        return False
    return True


def refusal(authenticator: Authenticator, token: str) -> str:
    with pytest.raises(UnauthorizedError) as caught:
        authenticator.authenticate(f"Bearer {token}", PATH, datetime.now(UTC))
    return caught.value.claim


def fetches(ehr: SimulatedEhr) -> int:
    return sum(seen.path == "/jwks.json" for seen in ehr.seen)


@pytest.mark.requirement("JW-10")
def test_jw10_the_key_set_is_fetched_once_and_kept_ten_minutes(
    ehr: SimulatedEhr, online: Authenticator, clock: Clock
) -> None:
    for _ in range(3):
        assert accepted(online, ehr.token(AUD))
    assert fetches(ehr) == 1
    clock.now += 599
    assert accepted(online, ehr.token(AUD))
    assert fetches(ehr) == 1
    clock.now += 1
    assert accepted(online, ehr.token(AUD))
    assert fetches(ehr) == 2


@pytest.mark.requirement("JW-10")
def test_jw10_a_rotated_key_is_found_with_one_refresh_a_minute(
    ehr: SimulatedEhr, online: Authenticator, clock: Clock
) -> None:
    assert accepted(online, ehr.token(AUD))
    ehr.keys["key-2"] = new_key("ES384", 2)
    assert not accepted(online, ehr.token(AUD, kid="key-2")), "asked less than a minute ago"
    assert fetches(ehr) == 1
    clock.now += 60
    assert accepted(online, ehr.token(AUD, kid="key-2"))
    assert fetches(ehr) == 2


@pytest.mark.requirement("JW-10")
def test_jw10_unknown_kids_cannot_make_the_service_hammer_the_ehr(
    ehr: SimulatedEhr, online: Authenticator, clock: Clock
) -> None:
    assert accepted(online, ehr.token(AUD))
    clock.now += 61
    for number in range(20):
        stranger = sign(claims_for(AUD, time.time(), ehr.iss), new_key("ES384", 9), kid=f"made-up-{number}")
        assert refusal(online, stranger) == "kid"
    assert fetches(ehr) == 2


@pytest.mark.requirement("JW-10")
def test_jw10_a_withdrawn_key_is_refused_after_the_next_refresh(
    ehr: SimulatedEhr, online: Authenticator, clock: Clock
) -> None:
    token = ehr.token(AUD)
    assert accepted(online, ehr.token(AUD))
    del ehr.keys["key-1"]
    clock.now += 601
    assert refusal(online, token) == "kid"


@pytest.mark.requirement("JW-10")
def test_jw10_an_unreachable_key_set_with_a_warm_cache_still_verifies_for_a_day(
    ehr: SimulatedEhr, online: Authenticator, clock: Clock
) -> None:
    assert accepted(online, ehr.token(AUD))
    tokens = [ehr.token(AUD) for _ in range(3)]
    ehr.stop()
    clock.now += 601
    assert accepted(online, tokens[0])
    clock.now += 24 * 3600 - 602
    assert accepted(online, tokens[1])
    clock.now += 2
    assert refusal(online, tokens[2]) == "jku"


@pytest.mark.requirement("JW-10")
@pytest.mark.parametrize(
    "fault",
    [
        Fault.HTML,
        Fault.REDIRECT,
        Fault.HUGE,
        Fault.ENDLESS,
        Fault.ERROR,
        Fault.TRUNCATED,
        Fault.NOT_JSON,
        Fault.OUTCOME,
        Fault.COMPRESSED,
    ],
)
def test_jw10_a_misbehaving_key_server_is_refused_and_asked_again_later(
    ehr: SimulatedEhr, online: Authenticator, clock: Clock, fault: Fault
) -> None:
    ehr.faults["jwks"] = fault
    assert refusal(online, ehr.token(AUD)) == "jku"
    assert not [seen for seen in ehr.seen if "elsewhere" in seen.path]
    del ehr.faults["jwks"]
    assert refusal(online, ehr.token(AUD)) == "jku", "not asked again at once"
    clock.now += 5
    assert accepted(online, ehr.token(AUD))


@pytest.mark.requirement("JW-10")
def test_jw10_a_slow_key_server_costs_two_seconds_at_most(ehr: SimulatedEhr, online: Authenticator) -> None:
    ehr.slowness = 5.0
    ehr.faults["jwks"] = Fault.SLOW
    started = time.monotonic()
    assert refusal(online, ehr.token(AUD)) == "jku"
    assert 1.8 < time.monotonic() - started < 4.0


@pytest.mark.requirement("JW-10")
def test_jw10_the_first_listed_url_serves_tokens_without_jku(ehr: SimulatedEhr, online: Authenticator) -> None:
    assert accepted(online, sign(claims_for(AUD, time.time(), ehr.iss), ehr.keys["key-1"]))


@pytest.mark.requirement("JW-10")
def test_jw10_a_production_service_fetches_no_key_set_over_plain_http(ehr: SimulatedEhr, replay: Replay) -> None:
    client = GuardedClient(AddressGuard(private=["127.0.0.1"]))
    strict = make(Issuer(ehr.iss, jkus=(ehr.jku,)), replay, KeyRing(key_set_download(client)))
    assert refusal(strict, ehr.token(AUD)) == "jku"
    assert fetches(ehr) == 0


def write(folder: Path, *issuers: object) -> Path:
    path = folder / "issuers.json"
    path.write_text(json.dumps({"issuers": issuers}))
    return path


@pytest.mark.requirement("JW-11")
def test_jw11_an_offline_site_keeps_the_keys_in_a_file(tmp_path: Path, replay: Replay) -> None:
    key = new_key("ES384")
    (tmp_path / "ehr.jwks.json").write_text(json.dumps({"keys": [public_jwk(key, "key-1")]}))
    issuers = read_issuers(write(tmp_path, {"iss": "https://ehr.example.org", "jwks_file": "ehr.jwks.json"}))
    offline = make(issuers["https://ehr.example.org"], replay)
    assert accepted(offline, sign(claims_for(AUD, time.time()), key))


@pytest.mark.requirement("SE-5")
def test_se5_everything_about_an_issuer_stands_in_one_file(tmp_path: Path) -> None:
    issuer = {
        "iss": "https://ehr.example.org",
        "jku": "https://ehr.example.org/jwks.json",
        "audiences": ["typed-in-by-hand"],
        "tenants": ["hospital-1"],
        "fhir_servers": ["https://ehr.example.org/fhir/r4"],
    }
    read = read_issuers(write(tmp_path, issuer, {"iss": "b", "jku": ["https://b.example.org/1"]}))
    assert set(read) == {"https://ehr.example.org", "b"}
    first = read["https://ehr.example.org"]
    assert first.jkus == ("https://ehr.example.org/jwks.json",)
    assert first.audiences == {"typed-in-by-hand"}
    assert first.tenants == {"hospital-1"}
    assert first.fhir_servers == ("https://ehr.example.org/fhir/r4",)


@pytest.mark.requirement("SE-5")
def test_se5_all_faults_of_the_issuers_file_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "empty.json").write_text('{"keys": []}')
    path = write(
        tmp_path,
        {"iss": "a"},
        {"iss": "b", "jku": "http://b.example.org/jwks.json"},
        {"iss": "c", "jku": "https://c.example.org/jwks.json", "tenant": "x"},
        {"iss": "d", "jwks_file": "missing.json"},
        {"iss": "e", "jwks_file": "empty.json"},
        {"iss": "f", "jku": ["https://f.example.org/1"]},
        {"iss": "f", "jku": ["https://f.example.org/1"]},
        {"iss": "g", "jku": [7]},
        {"jku": "https://h.example.org/1"},
        "i",
    )
    with pytest.raises(IssuersError) as caught:
        read_issuers(path)
    assert [str(fault) for fault in caught.value.issues] == [
        "issuers.json: issuers[0]: no keys (give jku, jku_list or jwks_file)",
        "issuers.json: issuers[1].jku: must be an https URL (http is for loopback in development)",
        (
            "issuers.json: issuers[2]: unknown key tenant "
            "(known: algorithms, audiences, fhir_servers, iss, jku, jku_list, jwks_file, profile, tenants)"
        ),
        "issuers.json: issuers[3].jwks_file: the file cannot be read",
        "issuers.json: issuers[4].jwks_file: not a JWK Set with keys",
        "issuers.json: issuers[6]: the same iss a second time",
        "issuers.json: issuers[7].jku: must be a text or a list of texts",
        "issuers.json: issuers[8]: iss is missing",
        "issuers.json: issuers[9]: iss is missing",
    ]


@pytest.mark.requirement("SE-5")
@pytest.mark.parametrize("text", ["", "{", "[]", '{"issuers": []}', '{"issuers": [], "issuers": []}'])
def test_se5_a_file_that_is_no_list_of_issuers_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "issuers.json"
    path.write_text(text)
    with pytest.raises(IssuersError):
        read_issuers(path)
    with pytest.raises(IssuersError):
        read_issuers(tmp_path / "missing.json")


@pytest.mark.requirement("SE-5")
def test_se5_plain_http_is_for_loopback_in_development(tmp_path: Path) -> None:
    for host, development, allowed in [
        ("127.0.0.1:8000", True, True),
        ("localhost", True, True),
        ("[::1]:8000", True, True),
        ("127.0.0.1:8000", False, False),
        ("ehr.example.org", True, False),
        ("localhost.example.org", True, False),
    ]:
        path = write(tmp_path, {"iss": "a", "jku": f"http://{host}/jwks.json"})
        if allowed:
            assert read_issuers(path, development=development)
        else:
            with pytest.raises(IssuersError):
                read_issuers(path, development=development)


# D20: a vendor publishes which URLs of keys are its own.

LIST, LISTED = "https://vendor.example/jku", "https://vendor.example/keys/tenant-7"


class Published:
    """A vendor's list, which changes, and how often it was asked for."""

    def __init__(self, *urls: str) -> None:
        self.body: object = list(urls)
        self.asked = 0

    def __call__(self, url: str) -> bytes:
        assert url == LIST
        self.asked += 1
        if self.body is None:
            raise UnreachableError("no answer")
        return json.dumps(self.body).encode()


@pytest.mark.parametrize("shape", [lambda urls: urls, lambda urls: {"jku": urls, "updated": "today"}])
def test_d20_a_published_list_says_which_urls_of_keys_are_the_issuers(clock: Clock, shape: Callable[..., Any]) -> None:
    published = Published()
    published.body = shape([LISTED])
    ring, issuer = KeyRing(published, clock), Issuer("i", jku_list=LIST)
    assert [ring.lists(issuer, LISTED) for _ in range(3)] == [True] * 3
    assert published.asked == 1
    assert not ring.lists(issuer, 7)
    assert not ring.lists(Issuer("other"), LISTED)


def test_d20_the_list_is_asked_again_for_a_url_that_is_new_but_not_for_each_one_that_is_invented(clock: Clock) -> None:
    published = Published(LISTED)
    ring, issuer = KeyRing(published, clock), Issuer("i", jku_list=LIST)
    assert ring.lists(issuer, LISTED)
    assert not any(ring.lists(issuer, f"https://evil.example/{number}") for number in range(20))
    assert published.asked == 1, "a minute has not passed"
    published.body = [LISTED, "https://vendor.example/keys/new"]
    clock.now += 61
    assert ring.lists(issuer, "https://vendor.example/keys/new")


def test_d20_a_list_that_cannot_be_had_stays_in_use_for_a_day_and_then_no_longer(clock: Clock) -> None:
    published = Published(LISTED)
    ring, issuer = KeyRing(published, clock), Issuer("i", jku_list=LIST)
    assert ring.lists(issuer, LISTED)
    published.body = None
    clock.now += 3600
    assert ring.lists(issuer, LISTED)
    clock.now += 24 * 3600
    assert not ring.lists(issuer, LISTED)


def test_d20_the_issuers_file_names_the_list_by_https(tmp_path: Path) -> None:
    file = tmp_path / "issuers.json"
    file.write_text(json.dumps({"issuers": [{"iss": "i", "jku_list": LIST}]}), encoding="utf-8")
    assert read_issuers(file)["i"].jku_list == LIST
    file.write_text(json.dumps({"issuers": [{"iss": "i", "jku_list": "http://vendor.example"}]}), encoding="utf-8")
    with pytest.raises(IssuersError, match="must be an https URL"):
        read_issuers(file)
