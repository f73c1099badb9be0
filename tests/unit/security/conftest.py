from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.security.authenticator import AuthenticationSettings, Authenticator, Caller
from service.security.issuers import Issuer
from service.security.keys import KeyRing
from service.security.replay import Replay
from tests.ehr.signing import new_key, public_jwk

BASE = "https://cds.example.org/api"
PATH = "/cds-services/sciatica-patient-view"
AUD = f"{BASE}{PATH}"
ISS = "https://ehr.example.org"
JKU = "https://ehr.example.org/jwks.json"
NOW = 1_795_500_000.0
ALGORITHMS = ("ES384", "RS384", "ES256", "RS256")


def no_network(url: str) -> bytes:
    pytest.fail(f"the key set was fetched from {url}")


@pytest.fixture
def issuer() -> Issuer:
    keys = [
        public_jwk(new_key("ES384"), "key-1"),
        public_jwk(new_key("RS384"), "key-rsa"),
        public_jwk(new_key("ES256"), "key-256"),
    ]
    return Issuer(ISS, jkus=(JKU,), static_keys=tuple(keys))


@pytest.fixture
def replay(tmp_path: Path) -> Replay:
    return Replay(tmp_path / "replay.db")


@pytest.fixture
def authenticator(issuer: Issuer, replay: Replay) -> Authenticator:
    return make(issuer, replay)


def make(issuer: Issuer, replay: Replay | None, keys: KeyRing | None = None, **settings: object) -> Authenticator:
    chosen = AuthenticationSettings(**{"public_url": BASE, **settings})  # type: ignore[arg-type]
    return Authenticator(chosen, {issuer.iss: issuer}, keys or KeyRing(no_network, time.monotonic), replay)


@pytest.fixture
def call(authenticator: Authenticator) -> Callable[..., Caller]:
    """One call with a token, at a fixed time."""

    def calling(token: str, path: str = PATH, now: float = NOW) -> Caller:
        return authenticator.authenticate(f"Bearer {token}", path, datetime.fromtimestamp(now, UTC))

    return calling
