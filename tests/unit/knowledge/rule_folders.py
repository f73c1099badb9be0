"""Rule folders for tests: the small valid one, and copies of it with one thing changed."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

TESTS = Path(__file__).resolve().parents[2]
VALID = TESTS / "rules_valid"
BROKEN = TESTS / "rules_broken"


@dataclass(frozen=True)
class BrokenCase:
    """One file of ``tests/rules_broken``: what to change in the valid rules, and what must be said of it."""

    name: str
    says: tuple[str, ...]
    changes: Sequence[dict[str, Any]]

    def build(self, folder: Path) -> Path:
        return changed_rules(folder, self.changes)


def broken_cases(kind: str) -> list[BrokenCase]:
    """Every case under ``tests/rules_broken/<kind>``, in the order of the names."""
    return [_case(path) for path in sorted((BROKEN / kind).glob("*.yaml"))]


def _case(path: Path) -> BrokenCase:
    case = yaml.safe_load(path.read_text(encoding="utf-8"))
    return BrokenCase(path.stem, tuple(case["says"].splitlines()), case["changes"])


def changed_rules(folder: Path, changes: Sequence[dict[str, Any]]) -> Path:
    """A copy of the valid rules in ``folder`` with the changes made: replaced, added or deleted text."""
    rules = folder / "rules"
    shutil.copytree(VALID, rules)
    for change in changes:
        path = rules / change["file"]
        if change.get("delete"):
            path.unlink()
        elif "find" in change:
            text = path.read_text(encoding="utf-8")
            assert text.count(change["find"]) >= 1, f"{change['find']!r} is not in {change['file']}"
            path.write_text(text.replace(change["find"], change["put"], 1), encoding="utf-8")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(change["put"], encoding="utf-8")
    return rules
