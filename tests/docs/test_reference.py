"""What comments and rule files cite stands in ``docs/reference``, and what contributors are promised is there."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parents[2]
REFERENCE = PROJECT / "docs" / "reference"
CITING = ("service", "rules", "tests")
DECISION = re.compile(r"(?:decisions?|product choices? no\.) (\d+)(?: and (\d+))?")


def cited_in(folder: str) -> Iterator[tuple[Path, str]]:
    for path in (PROJECT / folder).rglob("*"):
        if path.suffix in {".py", ".yaml"} and "node_modules" not in path.parts:
            yield path, path.read_text(encoding="utf-8")


def test_every_decision_that_is_cited_has_its_row() -> None:
    rows = set(
        re.findall(r"^\| (\d+) \|", (REFERENCE / "product-decisions.md").read_text(encoding="utf-8"), re.MULTILINE)
    )
    cited = {
        (number, path.relative_to(PROJECT).as_posix())
        for folder in CITING
        for path, text in cited_in(folder)
        for found in DECISION.finditer(text)
        for number in found.groups()
        if number is not None
    }
    assert len(cited) > 20, "nothing was found, so nothing was checked"
    assert {(number, path) for number, path in cited if number not in rows} == set()


def test_every_section_of_the_terminology_that_is_cited_is_there() -> None:
    page = (REFERENCE / "terminology.md").read_text(encoding="utf-8")
    headings = set(re.findall(r"^## (\d+)\.", page, re.MULTILINE)) | set(
        re.findall(r"^(\d+\.\d+) ", page, re.MULTILINE)
    )
    cited = {
        number
        for _, text in cited_in("service")
        for number in re.findall(r"terminology\.md (?:section )?(\d+(?:\.\d+)?)", text)
    }
    assert cited
    assert cited <= headings


def test_every_chapter_of_the_protocol_that_is_cited_is_there() -> None:
    page = (REFERENCE / "cds-hooks.md").read_text(encoding="utf-8")
    chapters: set[int] = set()
    for first, last in re.findall(r"^\| (\d+)(?:(?: to |, )(\d+))? \|", page, re.MULTILINE):
        chapters |= set(range(int(first), int(last or first) + 1))
    cited = {int(number) for _, text in cited_in("service") for number in re.findall(r"chapters? (\d+)", text)}
    assert cited
    assert cited <= chapters


def test_the_build_runs_every_python_that_is_promised() -> None:
    jobs = yaml.safe_load((PROJECT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))["jobs"]
    promised = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    first, beyond = (int(minor) for minor in re.findall(r"3\.(\d+)", promised))
    assert jobs["test"]["strategy"]["matrix"]["python"] == [f"3.{minor}" for minor in range(first, beyond)]
    assert any("make test" in step.get("run", "") for step in jobs["test"]["steps"])
    assert any("tests/store" in step.get("run", "") for step in jobs["postgresql"]["steps"])


def test_every_path_with_an_owner_is_there() -> None:
    lines = (PROJECT / ".github" / "CODEOWNERS").read_text(encoding="utf-8").splitlines()
    paths = [line.split()[0] for line in lines if line and not line.startswith("#")]
    assert "/rules/" in paths
    assert [path for path in paths if not (PROJECT / path.strip("/")).exists()] == []


def test_every_form_for_issues_can_be_read() -> None:
    for path in (PROJECT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"):
        assert yaml.safe_load(path.read_text(encoding="utf-8")), path.name
    hooks = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert all(hook["entry"].startswith(".venv/bin/") for repo in hooks["repos"] for hook in repo["hooks"])


def test_the_list_of_decisions_names_each_page_once() -> None:
    folder = PROJECT / "docs" / "decisions"
    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text(encoding="utf-8"))
    assert listed == sorted(path.name for path in folder.glob("0*.md"))
