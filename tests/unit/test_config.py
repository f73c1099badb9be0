"""Settings: read from the environment, and refused where they would be unsafe."""

from __future__ import annotations

import dataclasses

import pytest

from service.config import Settings, SettingsError, read_settings

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
    ],
)
def test_a_bad_value_is_refused_with_its_setting_itself_and_what_is_accepted(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(SettingsError, match=f"{name} is '{value}': .* is meant"):
        settings(monkeypatch, **{name: value})


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
