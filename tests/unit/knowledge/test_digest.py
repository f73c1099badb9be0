"""The digest: changes with the meaning of the rules, and with nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from service.knowledge.digest import knowledge_digest, rule_digest
from service.knowledge.loader import load
from tests.unit.knowledge.rule_folders import VALID, changed_rules

CO = "phases/3_safety/nsaid-contraindicated.yaml"
SF = "phases/3_safety/sf-nsaid-contraindicated.yaml"
FL = "phases/5_pathway/fl-stay-active.yaml"

SAME = {
    "a comment": {"file": FL, "find": "title:", "put": "# for reviewers\ntitle:"},
    "white space": {"file": FL, "find": "title: Advise", "put": "title:    Advise"},
    "the order of keys": {
        "file": FL,
        "find": "id: fl-stay-active\ntitle: Advise usual activity\n",
        "put": "title: Advise usual activity\nid: fl-stay-active\n",
    },
    "quotes": {"file": FL, "find": "title: Advise usual activity", "put": 'title: "Advise usual activity"'},
    "a number with zeros": {"file": CO, "find": "less_than: 30", "put": "less_than: 30.0"},
    "a default written out": {
        "file": "facts/problem.yaml",
        "find": "codes: [cond-sciatica]",
        "put": "codes: [cond-sciatica], history: false",
    },
    "null for nothing": {"file": FL, "find": "effective: null\n", "put": ""},
}
DIFFERENT = {
    "a word of a card": {"file": FL, "find": "as tolerated", "put": "always"},
    "a limit": {"file": CO, "find": "less_than: 30", "put": "less_than: 31"},
    "any for all": {"file": SF, "find": "  all:", "put": "  any:"},
    "a code": {"file": "value_sets/med-anticoagulant.yaml", "find": "11289", "put": "11288"},
    "a look-back": {"file": "facts/safety.yaml", "find": "look_back_days: 365", "put": "look_back_days: 364"},
    "a setting": {"file": "ruleset.yaml", "find": "drug_safety_scope: in-scope", "put": "drug_safety_scope: always"},
    "the state of a source": {"file": "sources/NICE-NG59.yaml", "find": "status: current", "put": "status: disputed"},
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_what_does_not_change_the_meaning_keeps_the_digest(change: dict[str, str], tmp_path: Path) -> None:
    assert load(changed_rules(tmp_path, [change])).digest == load(VALID).digest


@pytest.mark.parametrize("change", DIFFERENT.values(), ids=DIFFERENT)
def test_what_changes_the_meaning_changes_the_digest(change: dict[str, str], tmp_path: Path) -> None:
    assert load(changed_rules(tmp_path, [change])).digest != load(VALID).digest


def test_a_fact_may_move_to_another_file(tmp_path: Path) -> None:
    rules = changed_rules(tmp_path, [])
    (rules / "facts/problem.yaml").rename(rules / "facts/zz.yaml")
    assert load(rules).digest == load(VALID).digest


def test_the_digest_is_the_same_in_another_process() -> None:
    program = (
        "import sys; from pathlib import Path; from service.knowledge.loader import load;"
        "print(load(Path(sys.argv[1])).digest)"
    )
    for seed in ("1", "2"):
        result = subprocess.run(
            [sys.executable, "-c", program, str(VALID)],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(VALID.parents[1])},
        )
        assert result.stdout.strip() == load(VALID).digest


def test_a_digest_is_64_hexadecimal_digits_and_does_not_hold_itself() -> None:
    knowledge = load(VALID)
    assert len(knowledge.digest) == 64
    assert int(knowledge.digest, 16)
    assert knowledge_digest(knowledge) == knowledge.digest


REVIEWED = {
    "its words": {"file": SF, "find": "Choose other", "put": "Take other"},
    "the rule that draws its conclusion": {"file": CO, "find": "less_than: 30", "put": "less_than: 31"},
    "a fact behind the conclusion": {
        "file": "facts/safety.yaml",
        "find": "look_back_days: 365",
        "put": "look_back_days: 90",
    },
    "a value set behind that": {"file": "value_sets/med-anticoagulant.yaml", "find": "11289", "put": "11288"},
    "its source": {"file": "sources/LBL-NSAID.yaml", "find": "status: current", "put": "status: disputed"},
    "a statement it cites": {"file": "sources/LBL-NSAID.yaml", "find": "bleeding rises", "put": "bleeding doubles"},
    "the mark of a statement it cites": {
        "file": "sources/LBL-NSAID.yaml",
        "find": "    mark: verified",
        "put": "    mark: partly",
    },
    "a rule that is shown in its place": {
        "file": "ruleset.yaml",
        "find": "services:\n",
        "put": "families:\n  - {id: both, order: [fl-stay-active, sf-nsaid-contraindicated]}\nservices:\n",
    },
    "its override reasons": {"file": "override_reasons.yaml", "find": "Agreed with", "put": "Discussed with"},
}
NOT_REVIEWED = {
    "another rule": {"file": FL, "find": "as tolerated", "put": "always"},
    "a source of another rule": {
        "file": "sources/NICE-NG59.yaml",
        "find": "status: current",
        "put": "status: disputed",
    },
    "another statement of its source": {
        "file": "sources/LBL-NSAID.yaml",
        "find": "statements:\n",
        "put": "statements:\n  - {id: REC-1, section: a, says: Another thing., mark: verified}\n",
    },
    "the words of the rule that draws": {"file": CO, "find": "Gathers", "put": "Collects"},
    "its owner": {"file": SF, "find": "owner: unassigned", "put": "owner: tester"},
    "its status": {"file": SF, "find": "status: draft", "put": "status: active"},
    "the title of the rule set": {"file": "ruleset.yaml", "find": "version: 0.1.0", "put": "version: 0.2.0"},
}


@pytest.mark.parametrize("change", REVIEWED.values(), ids=REVIEWED)
def test_an_approval_ends_when_this_changes(change: dict[str, str], tmp_path: Path) -> None:
    name = "sf-nsaid-contraindicated"
    assert rule_digest(load(changed_rules(tmp_path, [change])), name) != rule_digest(load(VALID), name)


@pytest.mark.parametrize("change", NOT_REVIEWED.values(), ids=NOT_REVIEWED)
def test_an_approval_survives_when_this_changes(change: dict[str, str], tmp_path: Path) -> None:
    name = "sf-nsaid-contraindicated"
    assert rule_digest(load(changed_rules(tmp_path, [change])), name) == rule_digest(load(VALID), name)


def test_an_order_template_is_part_of_what_is_approved(tmp_path: Path) -> None:
    change = {"file": "orders/stay-active-leaflet.yaml", "find": "priority: routine", "put": "priority: urgent"}
    changed = load(changed_rules(tmp_path, [change]))
    assert rule_digest(changed, "fl-stay-active") != rule_digest(load(VALID), "fl-stay-active")


def test_a_rule_that_does_not_exist_has_no_digest() -> None:
    with pytest.raises(KeyError):
        rule_digest(load(VALID), "nothing")
