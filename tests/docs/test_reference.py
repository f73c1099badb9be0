"""What comments and rule files cite stands in ``docs/reference``, and what contributors are promised is there."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parents[2]
REFERENCE = PROJECT / "docs" / "reference"
CITING = ("service", "rules", "tests")
NUMBERS = r"\d+(?:\.\d+)?(?:(?:,? and|,| to)\s+\d+(?:\.\d+)?)*"
DECISION = re.compile(rf"(?:[Dd]ecisions?|[Pp]roduct\s+choices?(?:\s+no\.)?)\s+({NUMBERS})")
TERMINOLOGY = re.compile(rf"terminology\.md (?:sections? )?({NUMBERS})")
CHAPTER = re.compile(rf"[Cc]hapters? ({NUMBERS})")
REQUIREMENT = re.compile(r"\b([A-Z]{2})-(\d{1,2})\b")
ENDINGS = {".py", ".yaml", ".toml", ".html", ".js", ".md"}


def cited_in(*folders: str) -> Iterator[tuple[Path, str]]:
    for folder in folders:
        for path in (PROJECT / folder).rglob("*"):
            if path.suffix in ENDINGS and not {"node_modules", "vendor"} & set(path.parts):
                yield path, path.read_text(encoding="utf-8")


def cited(pattern: re.Pattern[str], *folders: str) -> dict[str, str]:
    """Every number that a pattern finds, lists and ranges written out, with a file that cites it."""
    found: dict[str, str] = {}
    for path, text in cited_in(*folders):
        for match in pattern.finditer(text):
            for first, last in re.findall(r"(\d+(?:\.\d+)?)(?:\s+to\s+(\d+))?", match[1]):
                every = map(str, range(int(first), int(last) + 1)) if last else [first]
                found |= dict.fromkeys(every, path.relative_to(PROJECT).as_posix())
    assert found, "nothing was found, so nothing was checked"
    return found


def not_among(known: set[str], named: dict[str, str]) -> dict[str, str]:
    return {number: path for number, path in named.items() if number not in known}


def test_lists_and_ranges_of_numbers_are_read_whole() -> None:
    assert DECISION.search("as product choices no. 45, 46 and 47 have it")[1] == "45, 46 and 47"
    assert DECISION.search("Product choice 50")[1] == "50"
    assert CHAPTER.search("chapters 2, 8 to 14")[1] == "2, 8 to 14"


def test_every_decision_that_is_cited_has_its_row() -> None:
    page = (REFERENCE / "product-decisions.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| (\d+) \|", page, re.MULTILINE))
    assert not_among(rows, cited(DECISION, *CITING)) == {}


def test_every_section_of_the_terminology_that_is_cited_is_there() -> None:
    page = (REFERENCE / "terminology.md").read_text(encoding="utf-8")
    headings = set(re.findall(r"^## (\d+)\.", page, re.MULTILINE))
    headings |= set(re.findall(r"^(\d+\.\d+) ", page, re.MULTILINE))
    assert not_among(headings, cited(TERMINOLOGY, "service", "rules")) == {}


def test_every_chapter_of_the_protocol_that_is_cited_is_there() -> None:
    page = (REFERENCE / "cds-hooks.md").read_text(encoding="utf-8")
    chapters: set[str] = set()
    for first, last in re.findall(r"^\| (\d+)(?:(?: to |, )(\d+))? \|", page, re.MULTILINE):
        chapters |= set(map(str, range(int(first), int(last or first) + 1)))
    named = {number.partition(".")[0]: path for number, path in cited(CHAPTER, "service").items()}
    assert not_among(chapters, named) == {}


def test_every_requirement_of_the_protocol_that_is_cited_is_one_of_the_table() -> None:
    with (PROJECT / "tests" / "conformance" / "requirements.csv").open(encoding="utf-8") as table:
        known = {row["id"] for row in csv.DictReader(table)}
    letters = {one.partition("-")[0] for one in known}
    named = {
        f"{match[1]}-{match[2]}": path.relative_to(PROJECT).as_posix()
        for path, text in cited_in("service", "tests")
        for match in REQUIREMENT.finditer(text)
        if match[1] in letters
    }
    assert len(named) > 100
    assert not_among(known, named) == {}


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
