"""``token check``: an integrator is result, claim by claim, what the service thinks of a token."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli.main import group
from tests.ehr.signing import claims_for, new_key, public_jwk, sign

BASE = "https://cds.example.org"
ISS = "https://ehr.example.org"


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    issuers = tmp_path / "issuers.json"
    keys = {"keys": [public_jwk(new_key("ES384"), "key-1")]}
    (tmp_path / "keys.json").write_text(json.dumps(keys))
    issuers.write_text(json.dumps({"issuers": [{"iss": ISS, "jwks_file": "keys.json"}]}))
    monkeypatch.setenv("SCIATICA_CDS_ISSUERS", str(issuers))
    monkeypatch.setenv("SCIATICA_CDS_PUBLIC_URL", BASE)

    def ask(token: str, *options: str) -> Result:
        return CliRunner().invoke(group, ["token", "check", "-", *options], input=token)

    return ask


def token(path: str, **changed: object) -> str:
    return sign({**claims_for(BASE + path, time.time(), ISS), **changed}, new_key("ES384"))


def test_a_good_token_is_accepted_and_may_be_asked_about_again(asked) -> None:
    good = token("/cds-services")
    for text in (good, f"Bearer {good}", good + "\n"):
        result = asked(text)
        assert result.exit_code == 0, result.output
        assert result.output.splitlines()[-1] == "accepted"


def test_what_is_wrong_is_named_and_what_would_be_right(asked) -> None:
    result = asked(token("/cds-services/abc", exp=1), "--service", "other")
    assert result.exit_code == 1
    assert result.output.splitlines()[-1].startswith("refused: ")
    assert "accepted is exactly: https://cds.example.org/cds-services/other" in result.output
    assert "FAIL exp: is in the past" in result.output


def test_the_endpoint_is_part_of_the_question(asked) -> None:
    report = token("/cds-services/abc/feedback")
    assert asked(report, "--service", "abc", "--feedback").exit_code == 0
    assert asked(report, "--service", "abc").exit_code == 1
    assert asked(report, "--feedback").exit_code == 2


def test_settings_that_are_wrong_are_named(asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCIATICA_CDS_ISSUERS")
    result = asked(token("/cds-services"))
    assert result.exit_code == 1
    assert "ISSUERS" in result.output


def test_without_settings_what_can_be_seen_is_said_all_the_same(asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCIATICA_CDS_ISSUERS")
    monkeypatch.delenv("SCIATICA_CDS_PUBLIC_URL")
    result = asked(token("/cds-services", exp=1))
    assert result.exit_code == 1
    assert "SCIATICA_CDS_ISSUERS is not set: no issuer is trusted" in result.output
    assert "SCIATICA_CDS_PUBLIC_URL is not set" in result.output
    assert "FAIL exp: is in the past" in result.output


def test_a_file_of_issuers_that_is_not_there_is_named_with_its_path(asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCIATICA_CDS_ISSUERS", "/nowhere/issuers.json")
    assert "/nowhere/issuers.json: the file cannot be read" in asked(token("/cds-services")).output
