"""Beginning a rule, drawing what stands around one, and answers for programs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli.main import group
from tests.unit.knowledge.rule_folders import VALID


def run(*arguments: str) -> Result:
    return CliRunner().invoke(group, arguments)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(VALID, tmp_path / "rules"))
    header = folder / "ruleset.yaml"
    text = header.read_text(encoding="utf-8")
    short = "  - {id: 3_safety, title: Safety, own_cards: true, checks_orders: true}\n"
    assert short in text
    keys = ("id: 3_safety", "title: Safety", "own_cards: true", "checks_orders: true")
    whole = "  - " + "\n    ".join([*keys, "order: [sf-nsaid-contraindicated]"]) + "\n"
    header.write_text(text.replace(short, whole), encoding="utf-8")
    return folder


def test_a_new_rule_is_a_file_to_fill_in_that_lint_refuses_until_it_is(rules: Path) -> None:
    made = run("new", "rule", "sf-new-danger", "--phase", "3_safety", "--write", "--rules", str(rules))
    assert made.exit_code == 0, made.output
    text = (rules / "phases" / "3_safety" / "sf-new-danger.yaml").read_text(encoding="utf-8")
    assert text.startswith("title: ")
    assert text.count("TO DO") > 10
    refused = run("lint", "--rules", str(rules))
    assert refused.exit_code == 1
    assert "sf-new-danger.yaml" in str(refused.exception)


def test_a_new_rule_has_its_place_at_the_end_of_the_order_and_nothing_else_moves(rules: Path) -> None:
    before = (rules / "ruleset.yaml").read_text(encoding="utf-8").splitlines()
    run("new", "rule", "sf-new-danger", "--phase", "3_safety", "--write", "--rules", str(rules))
    after = (rules / "ruleset.yaml").read_text(encoding="utf-8").splitlines()
    assert [line for line in after if line not in before][-1].strip().endswith("sf-new-danger]")
    assert len([line for line in before if line not in after]) <= 1


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("fl-new", "--phase", "5_pathwy"), "there is no phase 5_pathwy; did you mean 5_pathway?"),
        (("fl-stay-active", "--phase", "5_pathway"), "there is a rule fl-stay-active already"),
        (("Fl New", "--phase", "5_pathway"), "small letters, digits and single hyphens"),
    ],
)
def test_a_rule_that_cannot_begin_is_refused_with_what_would_be_right(
    rules: Path, words: tuple[str, ...], answer: str
) -> None:
    refused = run("new", "rule", *words, "--rules", str(rules))
    assert refused.exit_code == 2
    assert answer in refused.output


def test_the_graph_of_a_finding_leads_to_the_rules_that_read_it(rules: Path) -> None:
    drawn = run("graph", "nsaid-contraindicated", "--rules", str(rules))
    assert drawn.output.startswith("flowchart LR\n")
    assert "<br/>sf-nsaid-contraindicated" in drawn.output
    edges = json.loads(run("graph", "nsaid-contraindicated", "--rules", str(rules), "--json").output)["edges"]
    assert {"from": "conclusion:nsaid-contraindicated", "to": "rule:sf-nsaid-contraindicated"} in edges


def test_the_graph_of_a_rule_begins_with_what_it_rests_on(rules: Path) -> None:
    edges = json.loads(run("graph", "sf-nsaid-contraindicated", "--rules", str(rules), "--json").output)["edges"]
    assert any(edge["to"] == "rule:sf-nsaid-contraindicated" for edge in edges)
    assert any(edge["from"].startswith("fact:") for edge in edges)


@pytest.mark.parametrize(
    ("words", "key"),
    [(("coverage",), "gaps"), (("approvals",), "approved")],
)
def test_a_command_answers_a_program_with_a_list_of_objects(rules: Path, words: tuple[str, ...], key: str) -> None:
    answer = run(*words, "--rules", str(rules), "--json")
    assert all(key in one for one in json.loads(answer.output)), answer.output


def test_the_decision_table_is_there_for_a_program_too(rules: Path) -> None:
    tables = json.loads(run("table", "sf-nsaid-contraindicated", "--rules", str(rules), "--json").output)
    assert {"fires", "sf-nsaid-contraindicated"} & {row["result"] for row in tables["sf-nsaid-contraindicated"]}
