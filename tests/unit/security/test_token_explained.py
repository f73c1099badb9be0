"""What ``sciatica-cds token check`` tells an integrator."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from service.security.authenticator import Authenticator
from tests.ehr.signing import claims_for, new_key, sign
from tests.unit.security.conftest import AUD, NOW, PATH

WHEN = datetime.fromtimestamp(NOW, UTC)


def explain(authenticator: Authenticator, text: str) -> list[str]:
    return authenticator.explain(text, PATH, WHEN)


def token(**changed: Any) -> str:
    return sign({**claims_for(AUD, NOW), **changed}, new_key("ES384"))


def test_a_good_token_is_accepted_and_not_used_up(authenticator: Authenticator) -> None:
    text = token()
    lines = explain(authenticator, text)
    assert lines[-1] == "accepted"
    assert all(line.startswith("ok") for line in lines[:-1])
    assert explain(authenticator, f"Bearer {text}") == lines
    assert authenticator.authenticate(f"Bearer {text}", PATH, WHEN).jti
    assert "FAIL jti: used before" in explain(authenticator, text)


def test_every_wrong_claim_is_named_with_the_reason_at_once(authenticator: Authenticator) -> None:
    lines = explain(authenticator, token(aud="https://wrong.example.org", exp=int(NOW) - 100, iat=int(NOW) - 400))
    assert f"FAIL aud: is 'https://wrong.example.org', accepted is exactly: {AUD} or {AUD}/" in lines
    assert "FAIL exp: is in the past (100 s behind the time of the check)" in lines
    assert "ok   signature: made with the issuer's key" in lines
    assert lines[-1] == "refused: aud, exp"


def test_an_unknown_issuer_and_key_are_explained_without_a_key(authenticator: Authenticator) -> None:
    lines = explain(authenticator, token(iss="https://nobody.example.org"))
    assert "FAIL iss: 'https://nobody.example.org' is not a trusted issuer; the comparison is exact" in lines
    assert "FAIL signature: not checked: no key to check it with" in lines


def test_what_is_no_token_is_explained(authenticator: Authenticator) -> None:
    assert explain(authenticator, "abc") == ["FAIL token: 1 parts, a signed JWT has three"]
    assert explain(authenticator, "Basic abc") == ["FAIL Authorization: the scheme is not Bearer"]


@pytest.mark.requirement("SE-8")
def test_se8_the_signature_is_never_shown(authenticator: Authenticator) -> None:
    for text in [token(), token(exp=1), f"{token()}=", f"Bearer {token()}"]:
        result = "\n".join(explain(authenticator, text))
        assert text.rsplit(".", 1)[1] not in result
        assert text.split(".")[1] not in result
