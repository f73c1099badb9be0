"""The workflow for pull requests calls commands that there are, and finds its comment by the marker that they write."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from service.cli.main import SECTIONS, group
from service.review.comparison.markdown import MARKER

FILE = Path(__file__).resolve().parents[2] / ".github" / "workflows" / "rules.yml"

COMMANDS = [name for places in SECTIONS.values() for name in places]


@pytest.fixture(scope="module")
def text() -> str:
    return FILE.read_text(encoding="utf-8")


def test_every_command_and_option_in_it_is_there(text: str) -> None:
    called = re.findall(r"sciatica-cds ([a-z][a-z-]*)((?: \S+)*)", text)
    assert {"lint", "test", "compare", "impact"} <= {name for name, _ in called}
    for name, rest in called:
        if name == "compare" and rest.startswith(" -->"):
            continue
        assert name in COMMANDS
        options = {option for one in group.get_command(None, name).params for option in one.opts}
        assert set(re.findall(r" (--[a-z]+)", rest)) <= options


def test_it_runs_where_rules_change_and_edits_the_one_comment(text: str) -> None:
    # YAML 1.1 reads the key "on" as true.
    workflow = yaml.safe_load(text)
    assert workflow[True] == {"pull_request": {"paths": ["rules/**"]}}
    assert MARKER in text
    assert workflow["permissions"]["contents"] == "read"
