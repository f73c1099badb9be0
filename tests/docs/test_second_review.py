"""The page of the second review: every row names rules, findings or files that exist, and no row is missing."""

from __future__ import annotations

import re

from service.config import PROJECT
from service.knowledge.model import Knowledge

_PAGE = PROJECT / "docs" / "second-review.md"
_CANDIDATES, _CORRECTIONS = 34, 19
_DECISIONS = [str(number) for number in range(25, 49)]


def rows(heading: str) -> list[tuple[str, str]]:
    """The rows of the table under a heading: what was asked for, and what holds it."""
    part = _PAGE.read_text(encoding="utf-8").split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in part.splitlines() if line.startswith("| ")][1:]
    return [(cells[1].strip(), cells[2].strip()) for cells in (line.split("|") for line in lines)]


def test_every_candidate_correction_and_decision_has_a_row() -> None:
    candidates = [name for name, _ in rows("The 34 candidate rules")]
    assert len(set(candidates)) == len(candidates) == _CANDIDATES
    assert len(rows("The 19 corrections")) == _CORRECTIONS
    assert [name for name, _ in rows("Decisions 25 to 48")] == _DECISIONS


def test_what_a_row_names_exists(knowledge: Knowledge) -> None:
    known = {rule.id for rule in knowledge.rules} | knowledge.facts.keys() | knowledge.conclusions.keys()
    headings = ("The 34 candidate rules", "The 19 corrections", "Decisions 25 to 48")
    named = [name for heading in headings for _, held in rows(heading) for name in re.findall(r"`([^`]+)`", held)]
    assert named
    assert [name for name in named if name not in known and not (PROJECT / name).exists()] == []
