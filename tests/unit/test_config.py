"""Settings: read from the environment, and refused where they would be unsafe."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from service import create_app
from service.cli.main import main
from service.config import ALGORITHMS, Settings, read_settings
from service.errors import ServiceError, SettingsError
from service.security.keys import FITTING
from tests.store.service import SMALL_RULES

SAFE = {
    "SCIATICA_CDS_MODE": "production",
    "SCIATICA_CDS_TLS_PROXY": "true",
    "SCIATICA_CDS_PUBLIC_URL": "https://cds.example/api/",
}


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("SCIATICA_CDS_"):
            monkeypatch.delenv(name)


def settings(monkeypatch: pytest.MonkeyPatch, **given: str) -> Settings:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return read_settings()


def test_without_any_setting_the_service_runs_for_development(monkeypatch: pytest.MonkeyPatch) -> None:
    # What runs from the environment writes to its data folder; Settings made in a program write nothing unless asked.
    assert settings(monkeypatch) == Settings(store="on", rules_cache="on")


def test_settings_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().mode = "production"  # type: ignore[misc]


@pytest.mark.requirement("SE-2")
def test_se_2_production_requires_authentication_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings(monkeypatch, **SAFE).authentication == "required"


@pytest.mark.requirement("SE-2")
def test_se_2_open_in_production_must_be_said_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="ALLOW_OPEN"):
        settings(monkeypatch, **SAFE, SCIATICA_CDS_AUTHENTICATION="open")
    assert settings(monkeypatch, SCIATICA_CDS_ALLOW_OPEN="true").authentication == "open"


@pytest.mark.requirement("TR-2")
@pytest.mark.parametrize("missing", ["SCIATICA_CDS_TLS_PROXY", "SCIATICA_CDS_PUBLIC_URL"])
def test_tr_2_production_refuses_plain_http(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    with pytest.raises(SettingsError, match=missing):
        settings(monkeypatch, **{name: value for name, value in SAFE.items() if name != missing})


@pytest.mark.requirement("TR-2")
def test_tr_2_a_public_url_in_production_is_https(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="https"):
        settings(monkeypatch, **SAFE | {"SCIATICA_CDS_PUBLIC_URL": "http://cds.example"})


@pytest.mark.requirement("CO-3")
def test_co_3_a_wildcard_origin_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="CORS_ORIGINS"):
        settings(monkeypatch, SCIATICA_CDS_CORS_ORIGINS="*")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SCIATICA_CDS_MODE", "canary"),
        ("SCIATICA_CDS_MAX_BODY_BYTES", "canary"),
        ("SCIATICA_CDS_MAX_BODY_BYTES", "10"),
        ("SCIATICA_CDS_STRICT", "canary"),
        ("SCIATICA_CDS_JURISDICTION", "canary"),
        ("SCIATICA_CDS_TRUSTED_PROXIES", "-1"),
        ("SCIATICA_CDS_PUBLIC_URL", "cds.example.org"),
        ("SCIATICA_CDS_PUBLIC_URL", "https://cds.example.org/?x=1"),
        ("SCIATICA_CDS_CORS_ORIGINS", "ehr.example.org"),
        ("SCIATICA_CDS_CORS_ORIGINS", "https://ehr.example.org/app"),
        ("SCIATICA_CDS_PATH_PREFIX", "https://cds.example.org/cds"),
        ("SCIATICA_CDS_SERVICE_PATHS", "epic/sign"),
        ("SCIATICA_CDS_METRICS_BIND", "9090"),
    ],
)
def test_a_bad_value_is_refused_with_its_setting_itself_and_what_is_accepted(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(SettingsError, match=f"{name} is '{re.escape(value)}': .* (is|are) meant"):
        settings(monkeypatch, **{name: value})


def test_algorithms_with_a_shared_secret_are_refused_with_those_that_are_accepted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(SettingsError, match="one or more of RS256, RS384, PS384, ES256, ES384 are meant"):
        settings(monkeypatch, SCIATICA_CDS_JWT_ALGORITHMS="HS256,RS384")
    assert set(ALGORITHMS) == FITTING.keys()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"hidden_services": frozenset({"order-sign"})},
            "HIDDEN_SERVICES: there is no service order-sign; did you mean",
        ),
        ({"service_paths": (("sign", "sciatica-sign"),)}, "SERVICE_PATHS: there is no service sciatica-sign"),
        ({"issuers": Path("/nowhere/issuers.json")}, "ISSUERS: /nowhere/issuers.json: the file cannot be read"),
        (
            {"authentication": "required", "public_url": "https://cds.example.org"},
            "required authentication needs SCIATICA_CDS_ISSUERS",
        ),
        ({"fetch_servers": ("fhir",)}, "SCIATICA_CDS_FETCH_SERVERS: a FHIR server is listed by its base URL"),
        ({"store": "on", "store_url": "mysql://h/d", "data": Path("var")}, "SCIATICA_CDS_STORE_URL"),
    ],
)
def test_what_a_setting_names_and_is_not_there_stops_the_start(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ServiceError) as refused:
        create_app(Settings(rules=SMALL_RULES, **given))
    assert said in str(refused.value)


def test_a_command_answers_a_wrong_setting_with_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SCIATICA_CDS_MODE", "prod")
    monkeypatch.setattr("sys.argv", ["sciatica-cds", "stats"])
    with pytest.raises(SystemExit, match="2"):
        main()
    result = capsys.readouterr().err
    assert (
        result
        == "Error: SCIATICA_CDS_MODE is 'prod': one of development, production is meant; did you mean production?\n"
    )


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("SCIATICA_CDS_REQUIRE_APROVED", "did you mean SCIATICA_CDS_REQUIRE_APPROVED?"),
        ("SCIATICA_CDS_AUTHENTIFICATION", "did you mean SCIATICA_CDS_AUTHENTICATION?"),
        ("SCIATICA_CDS_ZZZ", "is no setting. docs/operations.md lists them all"),
    ],
)
def test_a_mistyped_setting_stops_the_start_and_the_right_one_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        settings(monkeypatch, **{name: "true"})
    assert meant in str(refused.value)


def test_every_setting_says_what_it_is_for_and_has_a_default_that_it_would_accept_itself() -> None:
    for setting in dataclasses.fields(Settings):
        given = setting.metadata
        assert given["says"], setting.name
        assert given["group"], setting.name
        if "choices" in given and setting.default is not None:
            assert setting.default in given["choices"], setting.name
        if "range" in given and setting.default is not None:
            least, most = given["range"]
            assert least <= setting.default <= (most or setting.default), setting.name


def test_lists_and_prefixes_are_tidied(monkeypatch: pytest.MonkeyPatch) -> None:
    read = settings(
        monkeypatch,
        SCIATICA_CDS_CORS_ORIGINS=" https://a.example , https://b.example,",
        SCIATICA_CDS_PATH_PREFIX="api/cds/",
        SCIATICA_CDS_HIDDEN_SERVICES="sciatica-order-sign",
    )
    assert read.cors_origins == ("https://a.example", "https://b.example")
    assert read.path_prefix == "/api/cds"
    assert read.hidden_services == {"sciatica-order-sign"}


def test_only_given_settings_are_told_to_the_rule_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings(monkeypatch).knowledge_settings == {}
    assert settings(monkeypatch, SCIATICA_CDS_JURISDICTION="uk").knowledge_settings == {"jurisdiction": "uk"}
