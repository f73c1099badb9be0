"""Rules with variants, guards and defaults become flat rules that say the same as if all were written out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.errors import KnowledgeError
from service.knowledge.loader import load
from service.knowledge.model import Indicator, Knowledge, Rule
from tests.unit.knowledge.rule_folders import changed_rules

SF = "phases/3_safety/sf-nsaid-contraindicated.yaml"
FL = "phases/5_pathway/fl-stay-active.yaml"
RULESET = "ruleset.yaml"
EXAMPLES = """examples:
  - name: Sciatica is an active problem
    given: {sciatica-active: present}
    expect: fires
  - name: Sciatica is not on the list
    given: {sciatica-active: absent}
    expect: silent
  - name: The problem list was not sent
    given: {sciatica-active: unknown}
    expect: undecided
"""
VARIANTS = """variants:
  - id: fl-stay-active-weak-kidneys
    title: Advise usual activity with weak kidneys
    adds: {egfr: {less_than: 30}}
    card: {summary: Advise usual activity and look after the kidneys., patient: null}
    also: {unverified_parts: [The kidneys.], limitations: Nor about dialysis.}
    examples:
      - {name: Weak kidneys, given: {sciatica-active: present, egfr: 29}, expect: fires}
  - id: fl-stay-active
    examples:
      - {name: Sciatica, given: {sciatica-active: present}, expect: fires}
"""


def rules_with(folder: Path, *changes: dict[str, Any]) -> Knowledge:
    return load(changed_rules(folder, changes))


def rule(knowledge: Knowledge, name: str) -> Rule:
    return next(rule for rule in knowledge.rules if rule.id == name)


@pytest.fixture
def varied(tmp_path: Path) -> Knowledge:
    return rules_with(tmp_path, {"file": FL, "find": EXAMPLES, "put": VARIANTS})


def test_every_variant_is_a_rule_of_its_own(varied: Knowledge) -> None:
    weak, plain = rule(varied, "fl-stay-active-weak-kidneys"), rule(varied, "fl-stay-active")
    assert weak.title == "Advise usual activity with weak kidneys"
    assert [str(part) for part in weak.when.parts] == ["sciatica-active present", "egfr less than 30"]  # type: ignore[union-attr]
    assert str(plain.when) == "sciatica-active present"
    assert weak.version == plain.version == "1.1.0"
    assert [example.name for example in weak.examples] == ["Weak kidneys"]


def test_a_variant_changes_of_the_card_what_it_names_and_no_more(varied: Knowledge) -> None:
    weak, plain = rule(varied, "fl-stay-active-weak-kidneys").card, rule(varied, "fl-stay-active").card
    assert weak is not None
    assert plain is not None
    assert weak.summary == "Advise usual activity and look after the kidneys."
    assert weak.patient_summary is None
    assert weak.suggestions == plain.suggestions
    assert plain.patient_summary == "Keep moving as far as you can."


def test_a_variant_adds_to_lists_and_limitations(varied: Knowledge) -> None:
    weak, plain = rule(varied, "fl-stay-active-weak-kidneys"), rule(varied, "fl-stay-active")
    assert weak.unverified_parts == ("The kidneys.",)
    assert weak.limitations == "It says nothing about work. Nor about dialysis."
    assert plain.limitations == "It says nothing about work."


LIKE = """variants:
  - id: fl-stay-active-weak-kidneys
    purpose: Looks after weak kidneys.
    adds: {egfr: {less_than: 30}}
    card: {summary: Advise usual activity and look after the kidneys., patient: null}
    examples:
      - {fires: Weak kidneys, given: {egfr: 29}}
  - id: fl-stay-active-failing-kidneys
    like: fl-stay-active-weak-kidneys
    adds: {egfr: {less_than: 60}}
    card: {summary: Advise usual activity and check the kidneys.}
    examples:
      - {fires: Failing kidneys, given: {egfr: 31}}
      - {silent: No sciatica, given: {egfr: 31, sciatica-active: absent}}
"""
TABLE = """variants:
  - each:
      id: fl-stay-active-<stage>
      title: <Stage> kidneys, eGFR below <limit>
      adds: {egfr: {less_than: <limit>}}
      examples:
        - {silent: On the limit, given: {egfr: <limit>}}
    of:
      - {stage: failing, limit: 15}
      - {stage: weak, limit: 30}
"""


def test_a_variant_takes_what_it_does_not_say_from_the_one_above_that_it_is_like(tmp_path: Path) -> None:
    knowledge = rules_with(tmp_path, {"file": FL, "find": EXAMPLES, "put": LIKE})
    other = rule(knowledge, "fl-stay-active-failing-kidneys")
    assert other.purpose == "Looks after weak kidneys."
    assert [str(part) for part in other.when.parts] == ["sciatica-active present", "egfr less than 60"]  # type: ignore[union-attr]
    assert other.card is not None
    assert (other.card.summary, other.card.patient_summary) == ("Advise usual activity and check the kidneys.", None)
    assert [example.name for example in other.examples] == ["Failing kidneys", "No sciatica"]


def test_a_variant_like_none_above_it_is_refused(tmp_path: Path) -> None:
    wrong = LIKE.replace("like: fl-stay-active-weak-kidneys", "like: fl-stay-active-weak-kidney")
    with pytest.raises(
        KnowledgeError, match=r"like: must name a variant above.*did you mean fl-stay-active-weak-kidneys"
    ):
        rules_with(tmp_path, {"file": FL, "find": EXAMPLES, "put": wrong})


def test_an_example_of_a_variant_starts_from_what_all_variants_share(tmp_path: Path) -> None:
    knowledge = rules_with(tmp_path, {"file": FL, "find": EXAMPLES, "put": LIKE})
    fires, silent = rule(knowledge, "fl-stay-active-failing-kidneys").examples
    assert (fires.given["sciatica-active"].status, silent.given["sciatica-active"].status) == ("present", "absent")


def test_a_table_of_variants_gives_one_rule_a_row(tmp_path: Path) -> None:
    knowledge = rules_with(tmp_path, {"file": FL, "find": EXAMPLES, "put": TABLE})
    weak = rule(knowledge, "fl-stay-active-weak")
    assert weak.title == "Weak kidneys, eGFR below 30"
    assert [str(part) for part in weak.when.parts] == ["sciatica-active present", "egfr less than 30"]  # type: ignore[union-attr]
    assert weak.examples[0].given["egfr"].low == 30
    assert weak.at != rule(knowledge, "fl-stay-active-failing").at


def test_the_first_variant_goes_before_the_second(varied: Knowledge) -> None:
    weak, plain = rule(varied, "fl-stay-active-weak-kidneys"), rule(varied, "fl-stay-active")
    assert weak.family == plain.family == "fl-stay-active"
    assert weak.precedence < plain.precedence


def test_the_order_of_a_family_is_the_one_written_and_not_that_of_the_names(tmp_path: Path) -> None:
    put = "families:\n  - {id: both, order: [sf-nsaid-contraindicated, fl-stay-active]}\nservices:\n"
    knowledge = rules_with(tmp_path, {"file": RULESET, "find": "services:\n", "put": put})
    first, second = rule(knowledge, "sf-nsaid-contraindicated"), rule(knowledge, "fl-stay-active")
    assert second.card is not None
    as_severe = replace(second, card=replace(second.card, indicator=Indicator.CRITICAL))
    assert first.precedence < as_severe.precedence
    assert first.id > as_severe.id


GUARD = (
    "guards:\n  - {id: sciatica, title: Sciatica, when: {all: [{sciatica-active: present}, {egfr: {at_least: 30}}]}}\n"
)


def test_a_guard_binds_the_rules_of_its_phase_that_show_a_card(tmp_path: Path) -> None:
    knowledge = rules_with(
        tmp_path,
        {"file": RULESET, "find": "phases:\n", "put": f"{GUARD}phases:\n"},
        {"file": RULESET, "find": "title: Safety,", "put": "title: Safety, applies_when: sciatica,"},
    )
    warning = rule(knowledge, "sf-nsaid-contraindicated")
    assert [str(part) for part in warning.when.parts] == [  # type: ignore[union-attr]
        "sciatica-active present",
        "egfr at least 30",
        "nsaid-ordered present",
        "nsaid-contraindicated present",
    ]
    assert warning.examples[0].given["sciatica-active"].status == "present"
    assert "egfr" not in warning.examples[0].given
    assert "sciatica-active" not in rule(knowledge, "nsaid-contraindicated").reads


def test_a_rule_may_say_that_the_guard_of_its_phase_does_not_bind_it(tmp_path: Path) -> None:
    knowledge = rules_with(
        tmp_path,
        {"file": RULESET, "find": "phases:\n", "put": f"{GUARD}phases:\n"},
        {"file": RULESET, "find": "title: Safety,", "put": "title: Safety, applies_when: sciatica,"},
        {"file": SF, "find": "hooks:", "put": "applies_when: always\nhooks:"},
    )
    assert "sciatica-active" not in rule(knowledge, "sf-nsaid-contraindicated").reads


def test_what_a_rule_does_not_say_the_defaults_say(tmp_path: Path) -> None:
    defaults = (
        "defaults:\n  status: draft\n  version: 1.0.0\n  owner: tester\n  review_by: 2027-11-24\n"
        "  history: [{version: 1.0.0, date: 2026-11-24, change: First version.}]\nphases:\n"
    )
    own = "version: 1.0.0\nstatus: draft\neffective: null\nowner: unassigned\nreview_by: 2027-11-24\n"
    knowledge = rules_with(
        tmp_path,
        {"file": RULESET, "find": "phases:\n", "put": defaults},
        {"file": SF, "find": own, "put": ""},
    )
    assert rule(knowledge, "sf-nsaid-contraindicated").owner == "tester"
    assert rule(knowledge, "fl-stay-active").owner == "unassigned"


def test_a_citation_bears_the_words_of_its_statement(tmp_path: Path) -> None:
    put = "- opposes: NICE-NG59/REC-029\n    why: Activity alone is not enough."
    changed = {"file": FL, "find": "- supports: NICE-NG59/REC-029", "put": put}
    (citation,) = rule(rules_with(tmp_path, changed), "fl-stay-active").citations
    assert (citation.section, citation.says) == ("1.2.1", "Provide information and encourage normal activity.")
    assert not citation.supports
    assert citation.why == "Activity alone is not enough."
