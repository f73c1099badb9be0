"""What the examples of a rule have seen of its condition."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from service.finding import Status
from service.knowledge.conditions import Truth
from service.knowledge.coverage import coverage, rule_coverage
from service.knowledge.examples import findings_of, outcome
from service.knowledge.loader import load
from tests.unit.knowledge.rule_folders import VALID, changed_rules

CO = "phases/3_safety/nsaid-contraindicated.yaml"


def test_good_examples_miss_nothing() -> None:
    for rule in coverage(load(VALID)):
        assert rule.missing == 0
        assert rule.wanted > 0


def test_a_missing_example_is_told_with_the_test_and_the_side(tmp_path: Path) -> None:
    changes = [{"file": CO, "find": "given: {egfr: 29}", "put": "given: {anticoagulant-active: present}"}]
    knowledge = load(changed_rules(tmp_path, changes))
    result = rule_coverage(knowledge, knowledge.rules[0])
    assert result.leaves[0].missing == frozenset()
    assert result.leaves[1].missing == {Truth.TRUE}
    assert result.limits[0].missing == ("below",)
    assert result.missing == 2


def test_what_an_example_does_not_give_is_absent_and_a_number_unknown() -> None:
    knowledge = load(VALID)
    rule = knowledge.rules[0]
    findings = findings_of(knowledge, rule, rule.examples[1])
    assert findings["anticoagulant-active"].status is Status.ABSENT
    assert (findings["egfr"].value, findings["egfr"].unit) == (Decimal(29), "mL/min/{1.73_m2}")
    anticoagulant = findings_of(knowledge, knowledge.rules[1], knowledge.rules[1].examples[1])
    assert anticoagulant["nsaid-ordered"].status is Status.ABSENT


def test_every_example_comes_out_as_the_rule_says() -> None:
    knowledge = load(VALID)
    outcomes = [outcome(knowledge, knowledge.rules[0], example) for example in knowledge.rules[0].examples]
    assert outcomes == [Truth.TRUE, Truth.TRUE, Truth.FALSE, Truth.FALSE, Truth.UNKNOWN]


def test_a_test_about_the_record_is_never_unknown(tmp_path: Path) -> None:
    changes = [
        {
            "file": CO,
            "find": "anticoagulant-active: present\n    - egfr",
            "put": "anticoagulant-active: not absent\n    - egfr",
        }
    ]
    knowledge = load(changed_rules(tmp_path, changes))
    assert Truth.UNKNOWN not in rule_coverage(knowledge, knowledge.rules[0]).leaves[0].possible
