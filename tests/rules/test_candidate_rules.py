"""The 102 candidate rules of the evidence review all exist, and every rule beyond them has its reason on the page."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path

from service.knowledge.model import Knowledge

HERE = Path(__file__).resolve().parent
PAGE = (HERE.parents[1] / "rules" / "README.md").read_text(encoding="utf-8")
CANDIDATES = set((HERE / "candidate_ids.txt").read_text(encoding="utf-8").split())


def part(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def first_column(text: str) -> set[str]:
    cells = re.findall(r"^\| (`.*?`) \|", text, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def test_there_are_102_candidates() -> None:
    assert len(CANDIDATES) == 102


def test_every_candidate_is_a_rule(knowledge: Knowledge) -> None:
    assert CANDIDATES - {rule.id for rule in knowledge.rules} == set()


def test_every_card_beyond_the_candidates_has_a_reason_and_no_other_is_listed(knowledge: Knowledge) -> None:
    added = {rule.id for rule in knowledge.rules if rule.card is not None} - CANDIDATES
    listed = first_column(part("What differs from the list of candidate rules"))
    assert [rule for rule in sorted(added) if not any(fnmatchcase(rule, name) for name in listed)] == []
    assert [name for name in sorted(listed) if not any(fnmatchcase(rule, name) for rule in added)] == []


def test_a_rule_named_after_another_stands_beside_it(knowledge: Knowledge) -> None:
    rules = {rule.id for rule in knowledge.rules}
    for ending in ("-renewal", "-mri-unsafe", "-uk"):
        assert {rule.removesuffix(ending) for rule in rules if rule.endswith(ending)} <= rules


def test_every_product_choice_stands_in_a_file_that_is_there() -> None:
    rows = re.findall(r"^\| (\d+) \| .*? \| (.*?) \|$", part("Product choices"), re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 25))
    for number, files in rows:
        for name in re.findall(r"`([^`]+)`", files):
            assert (HERE.parents[1] / "rules" / name).is_file(), f"{number}: {name}"


def test_the_rule_explained_is_as_the_page_says(knowledge: Knowledge) -> None:
    rule = next(rule for rule in knowledge.rules if rule.id == "sf-nsaid-egfr-30-59")
    assert rule.card is not None
    assert rule.card.indicator == "warning"
    assert rule.family == "nsaid-renal"
    assert rule.reads == {"nsaid-now-ordered", "drug-safety-applies", "egfr"}
    assert len(rule.card.suggestions) == 2
