"""The list of commands: in sections, one line each. Other names work for one release and are in no list."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli.main import HIDDEN, SECTIONS, group

PROJECT = Path(__file__).resolve().parents[3]
COMMANDS = [name for places in SECTIONS.values() for name in places]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(group, arguments)


def test_the_help_lists_every_command_in_its_section_on_one_line_of_eighty() -> None:
    lines = run("--help").output.splitlines()
    assert max(map(len, lines)) <= 80
    for section, places in SECTIONS.items():
        start = lines.index(f"{section}:") + 1
        assert [line.split()[0] for line in lines[start : start + len(places)]] == list(places)


@pytest.mark.parametrize("name", [*COMMANDS, *HIDDEN])
def test_every_command_explains_itself(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert "Usage: " in result.output


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (("check-request",), ("check", "request")),
        (("check-service",), ("check", "service")),
        (("token", "check"), ("check", "token")),
        (("audit", "verify"), ("store", "verify")),
    ],
)
def test_an_old_name_leads_to_the_same_command(old: tuple[str, ...], new: tuple[str, ...]) -> None:
    def result(name: tuple[str, ...]) -> str:
        return run(*name, "--help").output.partition("\n")[2]

    assert result(old) == result(new)
    assert old[0] not in COMMANDS


@pytest.mark.parametrize(
    ("typed", "meant"), [(("lnt",), "lint"), (("evalute", "x.json"), "evaluate"), (("check", "servce"), "service")]
)
def test_a_name_that_was_nearly_right_is_named(typed: tuple[str, ...], meant: str) -> None:
    result = run(*typed)
    assert result.exit_code == 2
    assert f"Did you mean {meant}?" in result.output


def test_a_name_like_no_other_brings_the_list() -> None:
    assert "There are: request, service, token." in run("check", "zzz").output


def test_what_lint_found_can_be_read_by_a_program() -> None:
    found = run("lint", "--notes", "--json")
    assert {"severity", "path", "text"} <= set(json.loads(found.output)[0])


def test_one_story_can_be_run_alone_and_an_unknown_one_is_refused() -> None:
    result = run("test", "-k", "egfr-25-and-ibuprofen", "--json")
    assert json.loads(result.output)["stories"] == 1
    assert result.exit_code == 0
    assert run("test", "-k", "no-such-story").exit_code == 1
    assert run("golden", "egfr-25-and-ibuprofn").exit_code == 2


def test_what_a_signature_covers_can_be_read_by_a_program_under_its_digest() -> None:
    from service.knowledge.digest import rule_digest
    from tests.shipped import shipped_knowledge

    (content,) = json.loads(run("show", "rf-cauda-equina-known", "--json").output)
    assert content["digest"] == rule_digest(shipped_knowledge(), "rf-cauda-equina-known")
    assert content["rule"]["id"] == "rf-cauda-equina-known"


def test_a_shell_completes_commands_as_the_page_says() -> None:
    page = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert 'eval "$(_SCIATICA_CDS_COMPLETE=bash_source sciatica-cds)"' in page
    typed = {"_SCIATICA_CDS_COMPLETE": "bash_complete", "COMP_WORDS": "sciatica-cds li", "COMP_CWORD": "1"}
    answer = CliRunner(env=typed).invoke(group, [], prog_name="sciatica-cds")
    assert "plain,lint" in answer.output
