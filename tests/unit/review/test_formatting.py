"""The standard form of rule files: short, and the same in what it says."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from service.errors import KnowledgeError
from service.knowledge.digest import canonical
from service.knowledge.loader import load
from service.review.formatting import WIDTH, format_folder, formatted
from tests.shipped import RULES
from tests.unit.knowledge.rule_folders import VALID

RELEASES = {"rxnorm": {"system": "rxnorm", "source": "RxNorm October 2025"}}


def kept(text: str, file: str) -> str:
    return formatted(text, file, RELEASES, {"status": "current"})


def test_every_shipped_file_is_in_its_kept_form() -> None:
    assert format_folder(RULES, write=False) == []


def test_only_patterns_and_addresses_are_wider_than_a_line() -> None:
    wide = [
        line
        for folder in ("phases", "facts", "sources", "orders", "value_sets")
        for path in (RULES / folder).rglob("*.yaml")
        for line in path.read_text(encoding="utf-8").split("\n")
        if len(line) > WIDTH and "\\b" not in line and "://" not in line and "fda.gov" not in line
    ]
    assert [line for line in wide if "'" not in line and not line.startswith("#")] == []


def test_a_rule_set_in_full_says_the_same_in_its_kept_form(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(VALID, folder)
    assert format_folder(folder, write=True)
    assert format_folder(folder, write=False) == []

    def said(of: Path) -> object:
        data = canonical(replace(load(of), digest=""))
        for value_set in data["value_sets"].values():
            value_set["codes"] = sorted(value_set["codes"], key=str)
        return data

    assert said(folder) == said(VALID)


def test_a_rule_becomes_short() -> None:
    text = """id: sf-example
title: An example
citations:
  - supports: NICE-NG59/REC-029
  - {opposes: ACP-2017/REC-030}
  - supports: KDIGO-2012/REC-114
    why: The harm that is prevented.
then:
  card:
    indicator: warning
    detail: |
      First, what to do.

      Then why.
unverified_parts:
  - The window is ours.
examples:
  - name: "Kidney disease: on the list"
    given: {ckd: present}
    expect: fires
"""
    assert (
        kept(text, "phases/3_safety/sf-example.yaml")
        == """title: An example
citations:
  - NICE-NG59/REC-029
  - opposes ACP-2017/REC-030
  - {supports: KDIGO-2012/REC-114, why: The harm that is prevented.}
card:
  indicator: warning
  detail: |
    First, what to do.

    Then why.
unverified_parts: The window is ours.
examples:
  - {fires: "Kidney disease: on the list", given: {ckd: present}}
"""
    )


def test_words_go_on_under_their_key() -> None:
    text = f"id: LBL\ncaution: >-\n  {'word ' * 40}end.\n"
    lines = kept(text, "sources/LBL.yaml").split("\n")
    assert all(len(line) <= WIDTH for line in lines)
    assert lines[-2].startswith("  ")
    assert lines[-2].endswith("end.")


def test_codes_of_one_release_stand_together_with_what_is_below_them_and_their_notes() -> None:
    text = """id: med-x
title: X
codes:
  - [rxnorm, "7258", naproxen, exact, RxNorm October 2025]
  - [icd-10-cm, "C00", "Lip, malignant", descendants, ICD-10-CM April 2026, "header, not billable"]
  - [rxnorm, "5640", ibuprofen, exact, RxNorm October 2025]
"""
    assert (
        kept(text, "value_sets/med-x.yaml")
        == """title: X
codes:
  - rxnorm: {7258: naproxen, 5640: ibuprofen}
  - icd-10-cm: {C00.-: "Lip, malignant | header, not billable"}
    source: ICD-10-CM April 2026
"""
    )


def test_a_comment_stays_before_what_it_stands_before() -> None:
    text = "# The gut.\n\n# Bleeding.\nfacts:\n  # Now.\n  - id: gi-bleed\n    title: Bleeding\n    kind: coded\n"
    assert kept(text, "facts/gut.yaml") == (
        "# The gut.\n\n# Bleeding.\nfacts:\n  # Now.\n  - {id: gi-bleed, title: Bleeding}\n"
    )


def test_a_comment_behind_words_is_refused_and_never_dropped() -> None:
    with pytest.raises(KnowledgeError, match="a comment behind words"):
        kept("id: x\ntitle: X    # of the site\n", "value_sets/x.yaml")


def test_what_is_no_comment_may_stand_behind_words() -> None:
    assert kept('id: x\ntitle: "Ward #5"\n', "value_sets/x.yaml") == 'title: "Ward #5"\n'


def test_a_file_is_named_once_and_a_note_of_a_release_stands_with_the_release() -> None:
    named = {**RELEASES, "rxnorm-ingredient": {**RELEASES["rxnorm"], "note": "ingredient"}}
    rows = [
        f"  - [rxnorm, '{code}', {name}, exact, RxNorm October 2025, ingredient]" for code, name in ((1, "a"), (2, "b"))
    ]
    text = "\n".join(["id: med-some", "title: Some", "codes:", *rows, ""])
    short = formatted(text, "value_sets/med-some.yaml", named, {})
    assert short == "title: Some\ncodes: {rxnorm-ingredient: {1: a, 2: b}}\n"
    assert formatted(text, "value_sets/med-other.yaml", named, {}).startswith("id: med-some\n")
