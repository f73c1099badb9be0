"""Which of equally severe cards comes first is written in ruleset.yaml, and no name of a file decides it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from service.knowledge.loader import load
from service.knowledge.model import Knowledge
from tests.unit.knowledge.rule_folders import VALID

PHASE = "phases/5_pathway"
ORDER = "order: [fl-stay-active, fl-heat]"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """The small rule set with a second piece of advice, whose place is written after the first."""
    folder = tmp_path / "rules"
    shutil.copytree(VALID, folder)
    text = (folder / PHASE / "fl-stay-active.yaml").read_text(encoding="utf-8")
    (folder / PHASE / "fl-heat.yaml").write_text(text.replace("id: fl-stay-active", "id: fl-heat"), encoding="utf-8")
    put(folder, "title: Pathway of care}", f"title: Pathway of care, {ORDER}}}")
    return folder


def put(folder: Path, old: str, new: str) -> None:
    path = folder / "ruleset.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def rename(folder: Path, old: str, new: str) -> None:
    """A rule under another name: its file, its id, and where ruleset.yaml names it."""
    path = folder / PHASE / f"{old}.yaml"
    text = path.read_text(encoding="utf-8").replace(f"id: {old}", f"id: {new}", 1)
    path.unlink()
    (folder / PHASE / f"{new}.yaml").write_text(text, encoding="utf-8")
    put(folder, old, new)


def order(knowledge: Knowledge) -> list[str]:
    return [rule.id for rule in knowledge.rules if rule.phase == "5_pathway"]


def test_renaming_a_rule_file_leaves_its_card_where_it_is(rules: Path) -> None:
    assert order(load(rules)) == ["fl-stay-active", "fl-heat"]
    rename(rules, "fl-stay-active", "zz-stay-active")
    assert order(load(rules)) == ["zz-stay-active", "fl-heat"]
    rename(rules, "fl-heat", "aa-heat")
    assert order(load(rules)) == ["zz-stay-active", "aa-heat"]


def test_of_the_emergencies_cauda_equina_is_read_first(knowledge: Knowledge) -> None:
    cards = [rule.id for rule in knowledge.rules if rule.phase == "1_red_flags" and rule.card is not None]
    assert cards[0] == "rf-cauda-equina-suspected"
    later = [cards.index(f"rf-{one}") for one in ("acute-limb-ischaemia", "infection-suspected", "cancer-history")]
    assert later == sorted(later)
