"""What a comparison tells: terminal, JSON and the comment of a pull request."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from service.cli.comparing import compare as command
from service.review.comparison.comparing import compare
from service.review.comparison.markdown import MARKER, MOST, Comment
from service.review.comparison.region import Span
from service.review.comparison.report import Report
from service.review.comparison.terminal import lines, what_changed
from service.review.comparison.wording import Wording, span_text, unit_text
from tests.unit.knowledge.rule_folders import VALID, changed_rules
from tests.unit.review.comparison.small_rules import changed, shipped, small, with_test

Json = dict[str, Any]


def moved_limit() -> Json:
    def move(leaf):
        return replace(leaf, less_than=Decimal(45)) if leaf.less_than == 30 else leaf

    after = changed(small(), "loud", with_test("egfr", move))
    return Report(Wording(small(), after)).of(compare(small(), after, ("before", "after")))


def test_the_terminal_says_what_changed_for_whom_with_an_example() -> None:
    text = "\n".join(lines(moved_limit()))
    assert "1 changed in logic, 2 cards differ" in text
    assert "! loud (critical)" in text
    assert "eGFR below 30 mL/min/1.73 m² -> eGFR below 45 mL/min/1.73 m²" in text
    assert "shown newly         when eGFR from 30 to below 45 mL/min/1.73 m²" in text
    assert "for example         eGFR: 30 mL/min/1.73 m²" in text
    assert "in place of soft" in text
    assert "never hidden newly (proved)" in text
    assert text.index("! loud") < text.index("* soft")


def test_of_an_item_that_is_gone_the_item_is_named_and_not_each_of_its_fields() -> None:
    rule = next(rule for rule in shipped().rules if rule.id == "sf-nsaid-gastroprotection")
    fewer = changed(shipped(), rule.id, lambda rule: replace(rule, citations=rule.citations[1:]))
    report = Report(Wording(shipped(), fewer)).of(compare(shipped(), fewer))
    (result,) = report["wordsOnly"]
    assert what_changed(result) == f"citations[{rule.citations[0].source}]"


def test_the_comment_begins_with_the_marker_and_shows_the_change() -> None:
    text = Comment("https://example.org/rules").of(moved_limit())
    assert text.startswith(MARKER)
    assert "### Rule change: 2 cards can differ for some patient" in text
    assert "eGFR below ~~30~~ **45** mL/min/1.73 m²" in text
    assert "never (proved)" in text
    assert "invariants not asked" in text


def test_a_card_on_a_changed_conclusion_says_which_test_changed() -> None:
    def move(leaf):
        return replace(leaf, less_than=Decimal(45)) if leaf.less_than == 60 else leaf

    after = changed(small(), "at-risk", with_test("egfr", move))
    report = Report(Wording(small(), after)).of(compare(small(), after, ("before", "after")))
    assert "rests on risk: eGFR below ~~60~~ **45** mL/min/1.73 m²" in Comment().of(report)


def test_the_comment_shows_what_recorded_patients_would_get() -> None:
    counted = [{"id": "loud", "shownNewly": 3}, {"id": "soft", "noLongerShown": 3}]
    text = Comment(impact={"questions": 1332, "rules": counted}).of(moved_limit())
    assert "1,332 recorded questions" in text
    assert "| +3 |" in text
    assert "| -3 |" in text


def test_a_comment_of_very_many_differences_still_fits_and_counts_what_it_leaves_out() -> None:
    report = moved_limit()
    report["cards"] = report["cards"] * 4000
    text = Comment().of(report)
    assert len(text.encode()) <= MOST
    assert "more cards that differ" in text


def test_names_from_rules_cannot_write_markup_into_the_comment() -> None:
    report = moved_limit()
    report["cards"][0]["differences"][0]["brief"] = "<script>|`@everyone`"
    text = Comment().of(report)
    assert "<script>" not in text
    assert "\\<script\\>\\|" in text


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (Span(Decimal(30), with_low=True, high=Decimal(35), with_high=False), "from 30 to below 35"),
        (Span(Decimal(30), with_low=True, high=Decimal(30), with_high=True), "exactly 30"),
        (Span(None, with_low=False, high=Decimal("0.5"), with_high=False), "below 0.5"),
        (Span(Decimal(10), with_low=False, high=None, with_high=False), "above 10"),
        (Span(Decimal(10), with_low=False, high=Decimal(20), with_high=True), "above 10 and up to 20"),
    ],
)
def test_numbers_in_a_row_are_told_with_their_limits(span: Span, text: str) -> None:
    assert span_text(span) == text


def test_units_are_told_as_they_are_read() -> None:
    assert [unit_text(unit) for unit in ("a", "mL/min/{1.73_m2}", "{score}", "mg/d")] == [
        " years",
        " mL/min/1.73 m²",
        "",
        " mg/d",
    ]


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(command, list(arguments), standalone_mode=False)
    code = done.exception.exit_code if hasattr(done.exception, "exit_code") else done.exit_code
    return code, done.output + str(done.exception or "")


def limit_35(folder: Path) -> Path:
    change = {
        "file": "phases/3_safety/nsaid-contraindicated.yaml",
        "find": "less_than: 30",
        "put": "less_than: 35",
    }
    return changed_rules(folder, [change])


def test_the_command_ends_with_0_1_or_2(tmp_path: Path) -> None:
    changed_folder = limit_35(tmp_path)
    assert run(str(VALID), str(VALID))[0] == 0
    code, text = run(str(VALID), str(changed_folder))
    assert code == 1
    assert "sf-nsaid-contraindicated" in text
    (changed_folder / "ruleset.yaml").write_text("nothing: at all\n", encoding="utf-8")
    code, text = run(str(VALID), str(changed_folder))
    assert code == 2
    assert "cannot say" in text


def test_revisions_of_git_are_compared_without_a_checkout(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    rules = changed_rules(repository, [])

    def git(*arguments: str) -> None:
        who = ("-c", "user.name=Nobody", "-c", "user.email=nobody@example.org")
        subprocess.run(["git", "-C", str(repository), *who, *arguments], check=True, capture_output=True)

    git("init", "--initial-branch=main")
    git("add", ".")
    git("commit", "--message=First")
    file = rules / "phases" / "3_safety" / "nsaid-contraindicated.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("less_than: 30", "less_than: 35"), encoding="utf-8")
    git("commit", "--all", "--message=Second")
    code, text = run("HEAD~1..HEAD", "--rules", str(rules), "--json")
    report = json.loads(text.removesuffix("1"))
    assert code == 1
    assert [card["id"] for card in report["cards"]] == ["sf-nsaid-contraindicated"]
    witness = report["cards"][0]["differences"][0]["witness"]
    assert witness["chart"]["bundle"]["resourceType"] == "Bundle"
    assert "sf-nsaid-contraindicated" in witness["chart"]["after"]
    assert "sf-nsaid-contraindicated" not in witness["chart"]["before"]
    assert run("HEAD", "--rules", str(rules))[0] == 0
    assert run("no-such-revision", "--rules", str(rules))[0] == 2
