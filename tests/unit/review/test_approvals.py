"""Approvals: of exactly one content, by a person with a role, shown with the difference when they no longer hold."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from service import create_app
from service.cli.main import group
from service.config import Settings
from service.errors import KnowledgeError
from service.knowledge.checks import run_checks
from service.knowledge.loader import load
from service.knowledge.model import Knowledge
from service.review.approvals import approval_of, approval_states, approve
from tests.conftest import PROJECT

RULE = "sf-nsaid-contraindicated"
DAY = date(2026, 11, 24)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    shutil.copytree(PROJECT / "tests" / "rules_valid", tmp_path / "rules")
    return tmp_path / "rules"


def sign(folder: Path, rule: str = RULE, by: str = "Ada Example, rheumatologist", **settings: str) -> Knowledge:
    knowledge = load(folder, settings)
    approve(folder, knowledge, approval_of(knowledge, rule, by, DAY))
    return load(folder, settings)


def standing(folder: Path, rule: str = RULE, **settings: str):
    return next(one for one in approval_states(folder, load(folder, settings)) if one.rule == rule)


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_an_approval_holds_for_the_content_it_was_given_for(rules: Path) -> None:
    assert load(rules).approved == frozenset()
    assert sign(rules).approved == {RULE}
    assert "Ada Example, rheumatologist" in (rules / "approvals.yaml").read_text()


@pytest.mark.parametrize(
    ("file", "old", "new", "result"),
    [
        (f"phases/3_safety/{RULE}.yaml", "title: NSAID", "title: Any NSAID", "rule.title: was"),
        ("facts/safety.yaml", "look_back_days: 365", "look_back_days: 30", "look_back_days: was"),
        ("value_sets/med-anticoagulant.yaml", "warfarin", "warfarin sodium", "value_sets[med-anticoagulant]"),
        ("sources/LBL-NSAID.yaml", "title: ", "title: Another ", "sources[LBL-NSAID]"),
    ],
)
def test_any_change_of_what_was_approved_ends_it_and_is_shown(
    rules: Path, file: str, old: str, new: str, result: str
) -> None:
    sign(rules)
    edit(rules / file, old, new)
    now = standing(rules)
    assert not now.approved
    assert now.former[0].by == "Ada Example, rheumatologist"
    assert any(result in change for change in now.changes), now.changes


def test_what_does_not_change_the_meaning_does_not_end_it(rules: Path) -> None:
    sign(rules)
    file = rules / "phases" / "3_safety" / f"{RULE}.yaml"
    file.write_text("# a comment\n" + file.read_text())
    assert standing(rules).approved


def test_two_person_review_needs_two_persons(rules: Path) -> None:
    two = {"reviewers": "2"}
    assert sign(rules, by="Ada Example, rheumatologist", **two).approved == frozenset()
    with pytest.raises(KnowledgeError, match="already"):
        sign(rules, by="ada  example, safety officer", **two)
    assert standing(rules, **two).present[0].by == "Ada Example, rheumatologist"
    assert sign(rules, by="Ben Example, safety officer", **two).approved == {RULE}


@pytest.mark.parametrize("by", ["Ada Example", ", doctor", "Ada Example, ", ""])
def test_an_approval_names_a_person_and_a_role(rules: Path, by: str) -> None:
    with pytest.raises(KnowledgeError, match="NAME, ROLE"):
        sign(rules, by=by)
    assert not (rules / "approvals.yaml").exists()


def test_a_name_cannot_break_the_file(rules: Path) -> None:
    by = 'O"Neil: {}, #x # y'
    sign(rules, by=by)
    assert standing(rules).present[0].by == by


def test_a_rule_that_is_not_there_cannot_be_approved(rules: Path) -> None:
    with pytest.raises(KnowledgeError, match="no rule"):
        sign(rules, rule="nothing")


def test_only_approved_rules_are_served_where_that_is_asked_and_the_rest_are_counted(rules: Path) -> None:
    settings = Settings(rules=rules, require_approved=True, log_level="error")
    result = create_app(settings).test_client().get("/health").get_json()
    shown = sum(rule.card is not None for rule in load(rules).rules)
    assert result["counts"]["withheld"] == shown
    assert any("withheld" in warning for warning in result["warnings"])
    offered = create_app(settings).test_client().get("/cds-services").get_json()["services"]
    assert all("Not served: " in service["usageRequirements"] for service in offered)
    for rule in load(rules).rules:
        sign(rules, rule=rule.id)
    client = create_app(settings).test_client()
    assert client.get("/health").get_json()["counts"]["withheld"] == 0
    assert "Not served" not in client.get("/cds-services").get_data(as_text=True)


def test_an_overdue_review_shows_in_lint_and_health(rules: Path) -> None:
    file = rules / "phases" / "3_safety" / f"{RULE}.yaml"
    text = file.read_text()
    start = text.index("review_by:")
    file.write_text(text[:start] + "review_by: 2020-01-01\n" + text[text.index("\n", start) + 1 :])
    assert any("K140" in problem.code for problem in run_checks(load(rules), DAY))
    result = create_app(Settings(rules=rules, log_level="error")).test_client().get("/health").get_json()
    assert result["counts"]["overdue"] == 1
    assert any("overdue" in warning for warning in result["warnings"])


def test_the_commands_say_who_approved_what_still_keeps_a_rule_silent_and_what_changed(rules: Path) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(group, [*arguments], env={"SCIATICA_CDS_RULES": str(rules)})
        return done.exit_code, done.output

    status, said = run("approve", RULE, "--by", "Ada Example, rheumatologist", "--yes")
    assert (status, "approved by Ada Example, rheumatologist: approved" in said) == (0, True)
    assert "rests on nsaid-contraindicated, not approved: withheld where approval is required" in said
    assert "withheld" in run("approvals", RULE)[1]
    run("approve", "nsaid-contraindicated", "--by", "Ada Example, rheumatologist", "--yes")
    assert run("approvals", RULE)[0] == 0
    assert "withheld" not in run("approvals", RULE)[1]
    edit(rules / "phases" / "3_safety" / f"{RULE}.yaml", "title: NSAID", "title: Any NSAID")
    status, said = run("approvals")
    assert status == 1
    assert "no longer approved; Ada Example, rheumatologist approved another content" in said
    assert "rule.title: was" in said


def command(rules: Path, *arguments: str, answer: str | None = None) -> tuple[int, str]:
    done = CliRunner().invoke(group, [*arguments], input=answer, env={"SCIATICA_CDS_RULES": str(rules)})
    return done.exit_code, done.output + str(done.exception or "")


BY = ("--by", "Ada Example, rheumatologist")


def test_what_is_signed_is_shown_and_asked_for(rules: Path) -> None:
    status, said = command(rules, "approve", RULE, *BY, answer="n\n")
    assert status != 0
    assert f"# {RULE}" in said
    assert f"Sign {RULE} as Ada Example, rheumatologist?" in said
    assert not (rules / "approvals.yaml").exists()
    assert command(rules, "approve", RULE, *BY, answer="y\n")[0] == 0
    assert (rules / "approvals.yaml").exists()


def test_what_changed_since_the_last_signature_is_shown_before_the_next(rules: Path) -> None:
    command(rules, "approve", RULE, *BY, "--yes")
    edit(rules / "phases" / "3_safety" / f"{RULE}.yaml", "title: NSAID", "title: Any NSAID")
    _, said = command(rules, "approve", RULE, *BY, answer="n\n")
    assert "Changed since Ada Example, rheumatologist approved it on" in said
    assert "rule.title: was" in said


def test_a_rule_is_signed_with_what_it_rests_on_in_one_go(rules: Path) -> None:
    status, said = command(rules, "approve", RULE, *BY, "--with-foundations", "--yes")
    assert status == 0, said
    assert "withheld" not in command(rules, "approvals", RULE)[1]
    assert "nsaid-contraindicated" in said


def test_nothing_is_signed_that_an_example_or_lint_rejects(rules: Path) -> None:
    file = rules / "phases" / "3_safety" / f"{RULE}.yaml"
    edit(file, "expect: fires", "expect: silent")
    status, said = command(rules, "approve", RULE, *BY, "--yes")
    assert status == 1
    assert f"example of {RULE}" in said
    assert "nothing was signed" in said
    assert not (rules / "approvals.yaml").exists()


def test_nothing_is_signed_while_an_invariant_is_broken(rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from service.review.proof import Breach, Proof

    broken = Proof("no-harm", "no card harms", (Breach("a card harms", "patient-view", {}),))
    (rules / "invariants.yaml").write_text("invariants: []\n")
    monkeypatch.setattr("service.review.objections.prove_all", lambda _folder: iter([broken]))
    status, said = command(rules, "approve", RULE, *BY, "--yes")
    assert status == 1
    assert "invariant no-harm: a card harms" in said
    assert not (rules / "approvals.yaml").exists()
