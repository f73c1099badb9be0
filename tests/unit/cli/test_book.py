"""The rule book as files: every page is there, and every link within it leads to a file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from service.cli.book import book
from service.knowledge.loader import load
from service.web.pages.book import write_comparison
from tests.conftest import PROJECT

COMPARISON = PROJECT / "tests" / "browser" / "comparison.json"
SMALL_RULES = PROJECT / "tests" / "rules_valid"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("book") / "new"
    result = CliRunner().invoke(book, ["--rules", str(SMALL_RULES), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert f"{out / 'index.html'}" in result.output
    return out


def test_every_rule_has_its_page_and_the_same_as_data(folder: Path) -> None:
    rules = {path.stem for path in (SMALL_RULES / "phases").glob("*/*.yaml")}
    assert rules
    for name in rules:
        assert name in (folder / "rules" / f"{name}.html").read_text(encoding="utf-8")
        assert (folder / "rules" / f"{name}.json").is_file()


def test_every_link_within_the_book_leads_to_a_file(folder: Path) -> None:
    pages = list(folder.rglob("*.html"))
    assert len(pages) > 10
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for link in re.findall(r'(?:href|src)="([^"#]+)', text):
            assert link.startswith("http") or (page.parent / link).is_file(), f"{page}: {link}"
        assert "<script" not in text
        assert "<form" not in text


def test_a_folder_with_other_files_is_refused(folder: Path) -> None:
    result = CliRunner().invoke(book, ["--rules", str(SMALL_RULES), "--out", str(folder)])
    assert result.exit_code == 2
    assert "not empty" in result.output


def test_a_comparison_leads_to_the_book_only_where_there_is_one(folder: Path, tmp_path: Path) -> None:
    knowledge, report = load(SMALL_RULES), json.loads(COMPARISON.read_bytes())
    alone = write_comparison(knowledge, report, tmp_path).read_text(encoding="utf-8")
    assert set(re.findall(r'href="([^"#]+)', alone)) == {"site.css", "icon.svg", "compare.json"}
    beside = write_comparison(knowledge, report, folder).read_text(encoding="utf-8")
    assert "index.html" in beside
    for page in (alone, beside):
        assert "eGFR below 35 mL/min/1.73 m²" in page
