"""Auditors: who is in the file, with the right password, and nobody else."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from service.security.auditors import Auditors, AuditorsError, auditor_line, read_auditors

PASSWORD = "correct horse: battery"


@pytest.fixture(scope="module")
def auditors(tmp_path_factory: pytest.TempPathFactory) -> Auditors:
    file = tmp_path_factory.mktemp("auditors") / "auditors"
    file.write_text(f"# who may look\n\n{auditor_line('anna', PASSWORD)}\n", encoding="utf-8")
    return read_auditors(file)


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def test_the_right_password_opens_and_is_remembered(auditors: Auditors) -> None:
    assert auditors.admits(basic("anna", PASSWORD))
    assert auditors.admits(basic("anna", PASSWORD))


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "Basic",
        "Basic ???",
        "Basic " + base64.b64encode(b"anna").decode(),
        "Bearer " + base64.b64encode(f"anna:{PASSWORD}".encode()).decode(),
        basic("anna", PASSWORD + "x"),
        basic("anna", ""),
        basic("bert", PASSWORD),
        basic("anna", "x" * 1000),
    ],
)
def test_nothing_else_opens(auditors: Auditors, given: str | None) -> None:
    assert not auditors.admits(given)


def test_no_password_stands_in_the_file() -> None:
    line = auditor_line("anna", PASSWORD)
    assert PASSWORD not in line
    assert line != auditor_line("anna", PASSWORD), "salted"


@pytest.mark.parametrize(
    ("name", "password"), [("a:b", PASSWORD), ("", PASSWORD), ("anna", "short"), ("anna", "x" * 300)]
)
def test_a_name_or_password_that_cannot_be_used_is_refused(name: str, password: str) -> None:
    with pytest.raises(AuditorsError):
        auditor_line(name, password)


@pytest.mark.parametrize("text", ["", "# nobody\n", "anna\n", "anna:zz:zz\n"])
def test_a_file_that_names_nobody_or_nonsense_stops_the_start(tmp_path: Path, text: str) -> None:
    file = tmp_path / "auditors"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(AuditorsError) as refused:
        read_auditors(file)
    assert "zz" not in str(refused.value)
