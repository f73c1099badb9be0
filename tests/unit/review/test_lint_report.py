"""Lint for a build server, and a rule that changed without a new version."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from click.testing import CliRunner

from service.cli.main import group
from tests.conftest import PROJECT


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PROJECT / "tests" / "rules_valid", tmp_path / "rules"))


def some_rule(rules: Path) -> Path:
    return next(file for file in sorted(rules.glob("phases/*/*.yaml")) if "purpose: " in file.read_text())


def run(rules: Path, *options: str) -> tuple[int, str]:
    done = CliRunner().invoke(group, ["lint", "--rules", str(rules), *options])
    return done.exit_code, done.output


def spoil(rules: Path) -> str:
    """A summary that is too long: an error in a known file."""
    file = next(file for file in sorted(rules.glob("phases/*/*.yaml")) if "summary:" in file.read_text())
    lines = file.read_text().splitlines()
    place = next(number for number, line in enumerate(lines) if line.strip().startswith("summary:"))
    lines[place] = lines[place].split("summary:")[0] + "summary: " + "x" * 150
    file.write_text("\n".join(lines) + "\n")
    return file.relative_to(rules).as_posix()


def test_each_format_names_the_file_the_line_and_the_check(rules: Path) -> None:
    file = spoil(rules)
    status, text = run(rules, "--format", "json")
    found: list[dict[str, Any]] = json.loads(text)
    (too_long,) = [each for each in found if each["code"].startswith("K020")]
    assert status == 1
    assert too_long["file"].endswith(file)
    assert too_long["line"] >= 1
    line = too_long["line"]
    assert f"::error file={too_long['file']},line={line},title=K020" in run(rules, "--format", "github")[1]
    sarif = json.loads(run(rules, "--format", "sarif")[1])
    (result,) = [each for each in sarif["runs"][0]["results"] if each["ruleId"].startswith("K020")]
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == line
    assert result["ruleId"] in {rule["id"] for rule in sarif["runs"][0]["tool"]["driver"]["rules"]}
    suite = fromstring(run(rules, "--format", "junit")[1])
    assert int(suite.attrib["failures"]) == len(found)
    assert len(suite.findall("testcase")) == int(suite.attrib["tests"])


def test_nothing_wrong_ends_with_0_in_every_format(rules: Path) -> None:
    for form in ("text", "json", "github", "junit", "sarif"):
        assert run(rules, "--format", form)[0] == 0, form


def test_a_rule_that_changed_without_a_new_version_is_refused_and_one_with_a_new_version_is_not(
    rules: Path, tmp_path: Path
) -> None:
    before = Path(shutil.copytree(rules, tmp_path / "before"))
    assert run(rules, "--since", str(before))[0] == 0
    file = some_rule(rules)
    file.write_text(file.read_text().replace("purpose: ", "purpose: Now ", 1))
    status, said = run(rules, "--since", str(before))
    assert status == 1
    assert f"{file.stem} has changed and is still version 1.0.0" in said
