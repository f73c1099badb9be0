"""Planted faults: what is planted, and who notices."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from service.knowledge.model import Example, Given
from service.review.mutation import Case, Charts, mutants, notice_mutants, noticed_by_examples
from service.review.proposals import as_yaml, propose_examples, with_examples
from tests.rules_in_python import a_rule, all_of, any_of, found, is_, measured, number
from tests.unit.review.test_proof import shipped

PROJECT = Path(__file__).resolve().parents[3]
RENAL = "phases/3_safety/sf-nsaid-egfr-30-59.yaml"
RULE = a_rule("nsaid", all_of(is_("ordered"), any_of(number("egfr", less_than=30), is_("dialysis"))))


def faults() -> set[str]:
    return {mutant.fault for mutant in mutants(RULE)}


def test_every_kind_of_fault_is_planted() -> None:
    assert {
        "all swapped",
        "any swapped",
        "'ordered present' dropped",
        "'ordered present' turned to absent",
        "'egfr less than 30' moved to 29",
        "'egfr less than 30' moved to 31",
        "'egfr less than 30' turned to at least",
        "'dialysis present' dropped",
    } <= faults()


def test_a_mutant_differs_from_its_rule() -> None:
    assert all(mutant.when != RULE.when for mutant in mutants(RULE))


def test_an_example_at_the_limit_notices_that_the_limit_moved() -> None:
    at_limit = Example(
        "eGFR 30", {"ordered": Given("present"), "egfr": Given("present", *[measured("egfr", 30).low] * 2)}, "silent"
    )
    rule = replace(RULE, examples=(at_limit,))
    moved = next(mutant for mutant in mutants(rule) if mutant.fault.endswith("moved to 31"))
    assert noticed_by_examples(shipped(), moved)


def test_without_examples_nothing_is_noticed() -> None:
    assert not any(noticed_by_examples(shipped(), mutant) for mutant in mutants(RULE))


def test_a_story_notices_what_the_examples_miss() -> None:
    knowledge = replace(shipped(), phases=(replace(shipped().phases[0], rules=(RULE,)),))
    facts = {finding.name: finding for finding in (found("ordered"), measured("egfr", 30), found("dialysis", "absent"))}
    charts = Charts(knowledge, [Case("eGFR of 30", "patient-view", facts)])
    moved = next(mutant for mutant in mutants(RULE) if mutant.fault.endswith("moved to 31"))
    assert charts.notice(moved)


def test_proposed_examples_show_every_test_deciding_and_every_limit_on_it_and_beside_it() -> None:
    proposed = propose_examples(RULE.when, frozenset({"egfr"}))
    told = as_yaml(proposed)
    asked = {line: before for before, line in pairwise(told.splitlines())}
    assert asked["    given: {ordered: present, egfr: 30}"].startswith("  - silent: ")
    assert asked["    given: {ordered: present, egfr: 29}"].startswith("  - fires: ")
    assert {example.expect for example in proposed} == {"fires", "silent", "undecided"}


def test_the_proposed_examples_notice_every_planted_fault() -> None:
    # The rule must stand in the knowledge for its findings to be known as numbers or not.
    renal = next(rule for rule in shipped().rules if rule.id == "sf-nsaid-egfr-30-59")
    proposed = replace(renal, examples=propose_examples(renal.when, frozenset({"egfr"})))
    missed = [mutant.fault for mutant in mutants(proposed) if not noticed_by_examples(shipped(), mutant)]
    assert missed == []


def test_what_only_the_locked_table_notices_is_counted_apart() -> None:
    renal = next(rule for rule in shipped().rules if rule.id == "sf-nsaid-egfr-30-59")
    bare = replace(renal, examples=())
    knowledge = replace(shipped(), phases=(replace(shipped().phases[0], rules=(bare,)),))
    result = notice_mutants(knowledge, [])
    assert len(result.made_mutants) == len(result.by_table_only) > 0
    assert (result.by_people, result.evident, result.share) == (0, 0.0, 1.0)


def test_more_examples_are_added_behind_the_last_and_change_no_line() -> None:
    text = (PROJECT / "rules" / RENAL).read_text(encoding="utf-8")
    renal = next(rule for rule in shipped().rules if rule.id == "sf-nsaid-egfr-below-30")
    line = int(renal.examples[-1].at.rpartition(":")[2])
    more = with_examples(text, line, [Example("Once more", {"egfr": Given("unknown")}, "undecided")])
    added = "      - undecided: Once more\n        given: {egfr: unknown}\n"
    assert added in more
    assert more.replace(added, "") == text


def test_a_test_is_shown_deciding_also_where_another_finding_is_tested_twice() -> None:
    when = all_of(
        is_("aneurysm"),
        any_of(is_("progressing"), is_("signs"), all_of(is_("progressing", "unknown"), is_("recent"))),
    )
    rows = {
        (example.given["signs"].status, example.expect)
        for example in propose_examples(when, frozenset())
        if set(example.given) == {"aneurysm", "signs"}
    }
    assert {("present", "fires"), ("unknown", "undecided")} <= rows
