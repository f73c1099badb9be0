"""Pairs of drugs: one declaration makes every direction, and a side that no rule shows is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from service.errors import KnowledgeError
from service.knowledge.loader import load
from service.knowledge.model import Knowledge, leaves

RULE = "phases/3_safety/sf-new-1a2-inhibitor-active-tizanidine.yaml"


@pytest.fixture
def rules(tmp_path: Path, rules_path: Path) -> Path:
    shutil.copytree(rules_path, tmp_path / "rules")
    return tmp_path / "rules"


def asked_by(knowledge: Knowledge, rule_id: str) -> set[str]:
    rule = next(rule for rule in knowledge.rules if rule.id == rule_id)
    return {str(leaf) for leaf in leaves(rule.when)} - {"drug-safety-applies present"}


def test_one_declaration_gives_each_direction_its_condition(knowledge: Knowledge) -> None:
    assert asked_by(knowledge, "sf-new-1a2-inhibitor-active-tizanidine") == {
        "cyp1a2-strong-ordered present",
        "tizanidine-active present",
        "tizanidine-ordered not present",
    }
    assert asked_by(knowledge, "sf-tizanidine-1a2-running") == {
        "tizanidine-active present",
        "cyp1a2-strong-active present",
    }


def test_a_pair_with_a_side_that_no_rule_shows_is_refused(rules: Path) -> None:
    text = (rules / RULE).read_text(encoding="utf-8")
    (rules / RULE).write_text(text.replace("side: running", "side: second"), encoding="utf-8")
    with pytest.raises(KnowledgeError, match="tizanidine-and-cyp1a2-inhibitor: no rule shows its side running"):
        load(rules)


def test_a_pair_that_is_not_declared_is_refused_with_a_hint(rules: Path) -> None:
    text = (rules / RULE).read_text(encoding="utf-8")
    (rules / RULE).write_text(text.replace("id: tizanidine-and-cyp", "id: tizanidine-and-cip", 1), encoding="utf-8")
    with pytest.raises(KnowledgeError, match="did you mean tizanidine-and-cyp1a2-inhibitor"):
        load(rules)


def test_a_rule_that_writes_its_own_condition_must_read_the_whole_pair(rules: Path) -> None:
    file = rules / "phases/3_safety/sf-cyclo-liver-eye-bladder.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("        - anticholinergic-active: present\n", ""), encoding="utf-8")
    with pytest.raises(KnowledgeError, match="does not read anticholinergic-active"):
        load(rules)
