"""The checks: each objects to exactly the mistake it is for, and to nothing in good rules."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from service.knowledge.checks import CHECKS, run_checks
from service.knowledge.checks.pages import pages
from service.knowledge.loader import load
from tests.unit.knowledge.rule_folders import VALID, BrokenCase, broken_cases, changed_rules

TODAY = date(2026, 11, 24)
SF = "phases/3_safety/sf-nsaid-contraindicated.yaml"
FL = "phases/5_pathway/fl-stay-active.yaml"


def checks_objecting(rules: Path) -> set[str]:
    return {problem.code for problem in run_checks(load(rules), TODAY)}


def test_good_rules_meet_no_objection() -> None:
    assert run_checks(load(VALID), TODAY) == []


@pytest.mark.parametrize("case", broken_cases("checks"), ids=lambda case: case.name)
def test_each_check_objects_to_its_mistake_and_no_other_does(case: BrokenCase, tmp_path: Path) -> None:
    problems = run_checks(load(case.build(tmp_path)), TODAY)
    assert {problem.code for problem in problems} == {case.name}
    result = "\n".join(problem.line() for problem in problems)
    for line in case.says:
        place, _, text = line.rpartition(": ") if ": " in line else ("", "", line)
        assert text in result
        assert place.split(": ")[0] in result


def test_every_check_has_a_broken_example() -> None:
    assert {case.name for case in broken_cases("checks")} == set(CHECKS)


def test_every_check_has_its_help() -> None:
    for check in CHECKS.values():
        assert check.summary.endswith((".", ")")), check.id
        assert check.avoid
        assert check.prefer
        assert check.why.endswith("."), check.id


def test_the_help_pages_are_those_of_the_checks(project: Path) -> None:
    folder = project / "docs" / "checks"
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")} == pages()


def summary(length: int, letter: str = "x") -> list[dict[str, str]]:
    return [{"file": FL, "find": "Advise usual activity as tolerated.", "put": letter * length}]


def test_139_characters_pass_and_140_do_not(tmp_path: Path) -> None:
    assert checks_objecting(changed_rules(tmp_path / "short", summary(139))) == set()
    assert checks_objecting(changed_rules(tmp_path / "long", summary(140))) == {"K020-summary-too-long"}


def test_a_sign_outside_the_basic_plane_counts_twice(tmp_path: Path) -> None:
    assert checks_objecting(changed_rules(tmp_path, summary(70, "\N{WARNING SIGN}"))) == set()
    assert checks_objecting(changed_rules(tmp_path / "wide", summary(70, "\N{PILL}"))) == {"K020-summary-too-long"}


@pytest.mark.parametrize(
    "sentence",
    [
        "Do not stop baclofen immediately.",
        "Never discontinue an opioid abruptly.",
        "Stop the NSAID today; the anticoagulant stays.",
        "Taper the benzodiazepine with the prescriber.",
        "Stop baclofen slowly, over weeks.",
    ],
)
def test_a_text_that_warns_of_stopping_is_no_abrupt_stop(sentence: str, tmp_path: Path) -> None:
    changes = [{"file": FL, "find": "Carry on with normal activity.", "put": sentence}]
    assert checks_objecting(changed_rules(tmp_path, changes)) == set()


@pytest.mark.parametrize(
    "sentence", ["Stop the opioid now.", "Discontinue tizanidine at once.", "Stop warfarin today."]
)
def test_a_text_that_says_stop_at_once_is_one(sentence: str, tmp_path: Path) -> None:
    changes = [{"file": FL, "find": "Carry on with normal activity.", "put": sentence}]
    assert checks_objecting(changed_rules(tmp_path, changes)) == {"K024-abrupt-stop"}


@pytest.mark.parametrize(
    "url",
    [
        "http://www.nice.org.uk/guidance/ng59",
        "https://user@www.nice.org.uk/guidance",
        "https://www.nice.org.uk:8443/guidance",
        "https://www.nice.org.uk/guidance?patient=7",
        "https://www.nice.org.uk/guidance?utm_source=card",
        "https://intranet/guidance",
        "www.nice.org.uk",
    ],
)
def test_a_link_is_plain_https(url: str, tmp_path: Path) -> None:
    changes = [{"file": "sources/NICE-NG59.yaml", "find": "https://www.nice.org.uk/guidance/ng59", "put": url}]
    assert checks_objecting(changed_rules(tmp_path, changes)) == {"K044-bad-link"}


def test_opposite_advice_that_cannot_meet_is_no_conflict(tmp_path: Path) -> None:
    opposite = [
        {"file": FL, "find": "topic: activity", "put": "topic: nsaid"},
        {"file": FL, "find": "hooks: [patient-view]", "put": "hooks: [patient-view, order-sign]"},
    ]
    assert checks_objecting(changed_rules(tmp_path / "meet", opposite)) == {"K070-opposite-advice"}
    named = [
        *opposite,
        {"file": FL, "find": "\nlimitations:", "put": "names_conflict_with: [sf-nsaid-contraindicated]\nlimitations:"},
    ]
    assert checks_objecting(changed_rules(tmp_path / "named", named)) == set()


def test_an_anticoagulant_keeps_apart_what_needs_its_absence(tmp_path: Path) -> None:
    changes = [
        {"file": FL, "find": "topic: activity", "put": "topic: nsaid"},
        {"file": FL, "find": "hooks: [patient-view]", "put": "hooks: [patient-view, order-sign]"},
        {
            "file": FL,
            "find": "  sciatica-active: present\nthen",
            "put": (
                "  all:\n    - sciatica-active: present\n    - anticoagulant-active: absent\n"
                "    - egfr: {at_least: 60}\nthen"
            ),
        },
    ]
    objecting = checks_objecting(changed_rules(tmp_path, changes))
    assert "K070-opposite-advice" not in objecting


def test_problems_come_in_the_order_of_files_and_lines(tmp_path: Path) -> None:
    changes = [
        {"file": FL, "find": "topic: activity", "put": "topic: nsaid"},
        {"file": SF, "find": "risk-benefit-ratio, specialist-agreed]", "put": "risk-benefit-ratio]"},
        {"file": FL, "find": "status: draft", "put": "status: active"},
    ]
    problems = run_checks(load(changed_rules(tmp_path, changes)), TODAY)
    assert [problem.path for problem in problems] == [f"{SF}:1", f"{FL}:1"]
