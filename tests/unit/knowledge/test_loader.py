"""The loader: a whole folder becomes knowledge, or every mistake in it is named with its line."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from service.errors import KnowledgeError
from service.knowledge.digest import rule_digest
from service.knowledge.loader import load
from service.knowledge.model import FactKind, Indicator, Mark, Word
from tests.unit.knowledge.rule_folders import VALID, BrokenCase, broken_cases, changed_rules

FL = "phases/5_pathway/fl-stay-active.yaml"


def faults_of(rules: Path) -> list[str]:
    with pytest.raises(KnowledgeError) as caught:
        load(rules)
    return [str(fault) for fault in caught.value.issues]


@pytest.mark.parametrize("case", broken_cases("faults"), ids=lambda case: case.name)
def test_every_mistake_is_named_with_its_line_and_nothing_else_is_blamed(case: BrokenCase, tmp_path: Path) -> None:
    result = faults_of(case.build(tmp_path))
    assert len(result) == len(case.says)
    for said, wanted in zip(result, sorted(case.says, key=_place), strict=True):
        assert said.startswith(wanted)


def _place(text: str) -> tuple[str, int, str]:
    file, line, *rest = text.split(":")
    return file, int(line), ":".join(rest)


def test_all_mistakes_of_all_files_are_told_at_once_in_order(tmp_path: Path) -> None:
    rules = changed_rules(
        tmp_path,
        [
            {"file": FL, "find": "status: draft", "put": "status: drafty"},
            {"file": FL, "find": "limitations:", "put": "limitation:"},
            {"file": "value_sets/cond-sciatica.yaml", "find": "title:", "put": "titel:"},
        ],
    )
    places = [fault.split(": ")[0] for fault in faults_of(rules)]
    assert places == [
        f"{FL}:1",
        f"{FL}:4",
        f"{FL}:30",
        "value_sets/cond-sciatica.yaml:1",
        "value_sets/cond-sciatica.yaml:2",
    ]


def test_the_valid_rules_become_knowledge() -> None:
    knowledge = load(VALID)
    assert [phase.id for phase in knowledge.phases] == ["3_safety", "5_pathway"]
    assert [rule.id for rule in knowledge.rules] == [
        "nsaid-contraindicated",
        "sf-nsaid-contraindicated",
        "fl-stay-active",
    ]
    assert knowledge.settings == {"drug_safety_scope": "in-scope", "jurisdiction": "us"}
    assert knowledge.asks("nsaid-contraindicated") == "NSAID contraindications"
    assert knowledge.approved == frozenset()


def test_a_rule_holds_what_its_file_says() -> None:
    _, warning, advice = load(VALID).rules
    assert warning.card is not None
    assert warning.card.indicator is Indicator.CRITICAL
    assert warning.card.suggestions[0].remove == ("nsaid-ordered",)
    assert warning.citations[0].mark is Mark.VERIFIED
    assert warning.at == "phases/3_safety/sf-nsaid-contraindicated.yaml:1"
    assert warning.review_by == date(2027, 11, 24)
    assert advice.card is not None
    assert advice.card.patient_summary == "Keep moving as far as you can."
    assert advice.reads == {"sciatica-active"}
    assert advice.history[-1].day == date(2026, 11, 24)


def test_a_condition_keeps_its_limits_and_lines() -> None:
    conclusion = load(VALID).rules[0]
    first, second = conclusion.when.parts  # type: ignore[union-attr]
    assert first.word is Word.PRESENT
    assert second.less_than == Decimal(30)
    assert second.at == "phases/3_safety/nsaid-contraindicated.yaml:17"


def test_facts_keep_the_options_of_their_kind() -> None:
    facts = load(VALID).facts
    assert facts["egfr"].plausible == (Decimal(1), Decimal(200))
    assert facts["egfr"].sources[0].codes == ("obs-egfr",)
    assert facts["anticoagulant-active"].kind is FactKind.DRUG
    assert facts["sciatica-active"].complete == ("Condition",)


def test_an_example_may_give_a_number_an_interval_or_a_word(tmp_path: Path) -> None:
    put = "given: {egfr: {low: 40, high: null}, anticoagulant-active: unknown}"
    changes = [{"file": "phases/3_safety/nsaid-contraindicated.yaml", "find": "given: {egfr: 31}", "put": put}]
    given = load(changed_rules(tmp_path, changes)).rules[0].examples[3].given
    assert (given["egfr"].status, given["egfr"].low, given["egfr"].high) == ("present", Decimal(40), None)
    assert given["anticoagulant-active"].status == "unknown"


def test_a_retired_rule_is_kept_but_never_runs(tmp_path: Path) -> None:
    knowledge = load(changed_rules(tmp_path, [{"file": FL, "find": "status: draft", "put": "status: retired"}]))
    assert "fl-stay-active" not in [rule.id for rule in knowledge.rules]
    assert [rule.id for rule in knowledge.retired] == ["fl-stay-active"]


def test_site_codes_are_added_to_the_value_set(tmp_path: Path) -> None:
    put = 'obs-egfr:\n  - ["https://hospital.example/labs", "EGFR", eGFR, exact, laboratory list of the site]\n'
    codes = load(changed_rules(tmp_path, [{"file": "site_codes.yaml", "put": put}])).value_sets["obs-egfr"].codes
    assert [code.code for code in codes] == ["98979-8", "EGFR"]
    assert codes[1].system == "https://hospital.example/labs"


def test_unverified_codes_are_kept_apart(tmp_path: Path) -> None:
    put = 'unverified:\n  - [snomed, "307177001", Chronic sciatica, exact]\npatterns:'
    changes = [{"file": "value_sets/cond-sciatica.yaml", "find": "patterns:", "put": put}]
    codes = load(changed_rules(tmp_path, changes)).value_sets["cond-sciatica"].codes
    assert [code.verified for code in codes] == [True, True, False]


@pytest.mark.parametrize("file", ["override_reasons.yaml"])
def test_a_site_may_leave_out_what_is_optional(file: str, tmp_path: Path) -> None:
    assert load(changed_rules(tmp_path, [{"file": file, "delete": True}])).override_reasons == {}


def test_a_file_of_comments_only_adds_nothing(tmp_path: Path) -> None:
    changes = [
        {"file": name, "put": "# nothing yet\n"} for name in ("site_codes.yaml", "approvals.yaml", "invariants.yaml")
    ]
    assert load(changed_rules(tmp_path, changes)).digest == load(VALID).digest


def test_a_setting_of_the_caller_replaces_the_one_of_the_rule_set() -> None:
    knowledge = load(VALID, {"drug_safety_scope": "always", "jurisdiction": "uk"})
    assert knowledge.settings["drug_safety_scope"] == "always"
    assert knowledge.jurisdiction == "uk"


def test_a_setting_the_rule_set_does_not_have_is_refused() -> None:
    with pytest.raises(KnowledgeError, match=r"settings.drug_scope: .*did you mean drug_safety_scope"):
        load(VALID, {"drug_scope": "always"})


def test_a_jurisdiction_nobody_knows_is_refused() -> None:
    with pytest.raises(KnowledgeError, match="must be one of us, uk"):
        load(VALID, {"jurisdiction": "fr"})


def test_a_folder_that_is_not_there_is_named() -> None:
    with pytest.raises(KnowledgeError, match="there is no such folder"):
        load(VALID / "nowhere")


def approval(digest: str) -> list[dict[str, str]]:
    put = f"approvals:\n  - {{rule: fl-stay-active, digest: {digest}, by: tester, date: 2026-11-24}}\n"
    return [{"file": "approvals.yaml", "put": put}]


def test_an_approval_holds_for_exactly_the_content_approved(tmp_path: Path) -> None:
    digest = rule_digest(load(VALID), "fl-stay-active")
    assert load(changed_rules(tmp_path / "same", approval(digest))).approved == {"fl-stay-active"}
    changed = [*approval(digest), {"file": FL, "find": "as tolerated", "put": "always"}]
    assert load(changed_rules(tmp_path / "changed", changed)).approved == frozenset()


def test_an_approval_survives_activation(tmp_path: Path) -> None:
    digest = rule_digest(load(VALID), "fl-stay-active")
    changes = [*approval(digest), {"file": FL, "find": "status: draft", "put": "status: active"}]
    assert load(changed_rules(tmp_path, changes)).approved == {"fl-stay-active"}


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ("[fl-stay-activ]", "no rule file fl-stay-activ is in this phase (did you mean fl-stay-active?)"),
        ("[sf-nsaid-contraindicated]", "no rule file sf-nsaid-contraindicated is in this phase"),
        ("[fl-stay-active, fl-stay-active]", "fl-stay-active is named 2 times"),
    ],
)
def test_the_order_of_a_phase_names_files_of_the_phase_each_once(tmp_path: Path, order: str, said: str) -> None:
    put = f"title: Pathway of care, order: {order}}}"
    rules = changed_rules(tmp_path, [{"file": "ruleset.yaml", "find": "title: Pathway of care}", "put": put}])
    with pytest.raises(KnowledgeError) as caught:
        load(rules)
    assert [issue.path.split(":")[0] for issue in caught.value.issues] == ["ruleset.yaml"]
    assert said in str(caught.value)
