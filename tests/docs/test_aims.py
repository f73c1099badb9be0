"""The table of aims is one: README and the page for operators show what the last kept figures give."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.aims import CALLS, PAGES, last_figures, table, with_table


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_shows_the_table_of_the_last_figures(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    shown = table(last_figures())
    assert shown in text
    assert with_table(text, shown) == text, "python -m benchmarks.aims --write"


def test_a_table_of_other_figures_is_another_table() -> None:
    figures = last_figures()
    figures["calls"][CALLS[0].name]["50"] += 1
    assert table(figures) != table(last_figures())


def test_what_was_not_measured_is_said() -> None:
    assert "not measured" in table({})
