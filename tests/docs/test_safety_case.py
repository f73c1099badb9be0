"""The safety case names only what exists, and no hazard is left out or left without a test."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from service.knowledge.checks import CHECKS
from service.knowledge.invariants import Invariants, load_invariants
from service.knowledge.model import Knowledge

PROJECT = Path(__file__).resolve().parents[2]
PAGE = PROJECT / "docs" / "safety-case.md"
HAZARDS = [f"H-{number:02}" for number in range(1, 18)]
PARTS = ("Cause:", "Effect:", "Mitigation:", "Shown by:")

TEXT = PAGE.read_text(encoding="utf-8")
NAMED_TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py::[\w:]+)`", TEXT)))
NAMES = sorted(set(re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)+)`", TEXT)))


@pytest.fixture(scope="module")
def invariants(knowledge: Knowledge, rules_path: Path) -> Invariants:
    return load_invariants(rules_path, knowledge)


def ids_of(invariants: Invariants) -> set[str]:
    listed = {item.id for item in (*invariants.never_suggested, *invariants.always_warned)}
    return listed | {
        invariants.no_hidden_conflict.id,
        invariants.every_part_matters.id,
        invariants.missing_data_never_silences.id,
        invariants.no_abrupt_stop.id,
        *([] if invariants.nothing_to_say is None else [invariants.nothing_to_say.id]),
    }


def section(hazard: str) -> str:
    found = re.search(rf"^## {hazard} .*?(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, f"{hazard} has no section"
    return found[0]


@cache
def functions_of(file: str) -> frozenset[str]:
    tree = ast.parse((PROJECT / file).read_text(encoding="utf-8"))
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}::{inner.name}" for inner in node.body if isinstance(inner, ast.FunctionDef)}
    return frozenset(names)


@pytest.mark.parametrize("hazard", HAZARDS)
def test_every_hazard_says_cause_effect_mitigation_and_test(hazard: str) -> None:
    text = section(hazard)
    assert [part for part in PARTS if part not in text] == []
    assert re.search(r"`tests/", text), f"{hazard} names no test"


def test_there_are_no_other_hazards() -> None:
    assert re.findall(r"^## (H-\d+) ", TEXT, re.MULTILINE) == HAZARDS


@pytest.mark.parametrize("name", NAMED_TESTS)
def test_every_named_test_exists(name: str) -> None:
    file, _, function = name.partition("::")
    assert (PROJECT / file).is_file(), f"{file} is gone"
    assert function in functions_of(file), f"{function} is not in {file}"


@pytest.mark.parametrize("name", NAMES)
def test_every_named_rule_finding_and_invariant_exists(name: str, knowledge: Knowledge, invariants: Invariants) -> None:
    rules = {rule.id for rule in knowledge.rules}
    assert name in rules | set(knowledge.facts) | set(knowledge.conclusions) | ids_of(invariants)


def test_every_invariant_has_its_place(invariants: Invariants) -> None:
    """What is proved is part of the argument, so a new invariant must be named."""
    unnamed = ids_of(invariants) - set(NAMES)
    assert unnamed == set()


def test_every_named_check_exists() -> None:
    known = {check.partition("-")[0] for check in CHECKS}
    assert set(re.findall(r"\bK\d{3}\b", TEXT)) <= known


def test_scores_are_left_to_the_safety_officer() -> None:
    assert "Severity and likelihood of each hazard are left to the clinical safety officer" in " ".join(TEXT.split())
