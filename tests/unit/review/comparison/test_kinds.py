"""Each kind of change is told as what it is: by an edit, a patient who shows it, or the rules that rest on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from service.knowledge.digest import rule_digest
from service.knowledge.model import AllOf, FactKind, Knowledge, Rule
from service.review.comparison.comparing import compare
from service.review.comparison.report import Report
from service.review.comparison.terminal import lines
from service.review.comparison.wording import Wording
from service.testkit.comparison_charts import Charts
from tests.rules_in_python import all_of, any_of, is_, number
from tests.unit.review.comparison.small_rules import WEAK, changed, named, shipped, small

Json = dict[str, Any]


def compared(before: Knowledge, after: Knowledge) -> tuple[Json, str]:
    report = Report(Wording(before, after)).of(compare(before, after, ("before", "after")))
    return report, "\n".join(lines(report))


def with_when(*parts: Any) -> Callable[[Rule], Rule]:
    return lambda rule: replace(rule, when=all_of(*parts))


def lower(rule: Rule) -> Rule:
    """The rule after all others of its family that are as loud."""
    return replace(rule, rank=rule.rank + 5)


# What is done to which small rule, for whom it makes a difference in which direction, and what is said of it.
KINDS: dict[str, tuple[str, Callable[[Rule], Rule | None], set[tuple[str, str]], str]] = {
    "a limit": (
        "loud",
        with_when(is_(WEAK), number("egfr", less_than=20)),
        {("loud", "no longer shown"), ("soft", "shown newly")},
        "eGFR below 30 mL/min/1.73 m² -> eGFR below 20 mL/min/1.73 m²",
    ),
    "an exclusion": (
        "soft",
        with_when(is_(WEAK), is_("risk"), is_("diabetes", "not present")),
        {("soft", "no longer shown")},
        "new test: ",
    ),
    "a test less": ("soft", with_when(is_(WEAK)), {("soft", "shown newly")}, "test removed: "),
    "present or not known": (
        "soft",
        with_when(is_(WEAK, "not absent"), is_("risk")),
        {("soft", "shown newly")},
        "present -> ",
    ),
    "a conclusion": (
        "at-risk",
        lambda rule: replace(rule, when=any_of(number("egfr", less_than=60), number("egfr", less_than=30))),
        {("soft", "no longer shown"), ("quiet", "shown newly")},
        "rests on risk: test removed: diabetes",
    ),
    "who is shown of a family": (
        "loud",
        lambda rule: replace(rule, family=None),
        {("soft", "shown newly")},
        "loud: family",
    ),
    "a rule away": ("quiet", lambda _: None, {("quiet", "no longer shown")}, "quiet (info, removed)"),
    "no hook any more": (
        "quiet",
        lambda rule: replace(rule, hooks=("order-sign",)),
        {("quiet", "no longer shown")},
        "no longer asked at patient-view",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_is_told_with_whom_it_concerns_and_the_other_way_round(kind: str) -> None:
    rule, change, expected, words = KINDS[kind]
    after = changed(small(), rule, change)
    report, text = compared(small(), after)
    shown = ("shown newly", "no longer shown")
    found = {(card["id"], one["direction"]) for card in report["cards"] for one in card["differences"]}
    assert {one for one in found if one[1] in shown} == expected
    assert words in text
    for card in report["cards"]:
        assert all(one["witness"]["patient"] or one["witness"]["findings"] == {} for one in card["differences"])
        assert all(one["text"] for one in card["differences"])
    back, _ = compared(after, small())
    turned = {(card["id"], one["direction"]) for card in back["cards"] for one in card["differences"]}
    assert {(name, shown[1 - shown.index(one)]) for name, one in expected} == {one for one in turned if one[1] in shown}


def test_of_two_equally_loud_cards_the_order_in_the_family_decides() -> None:
    def as_severe(rule: Rule) -> Rule:
        return replace(rule, card=replace(rule.card, indicator=type(rule.card.indicator).CRITICAL), rank=1)

    before = changed(small(), "soft", as_severe)
    report, text = compared(before, changed(before, "loud", lower))
    found = {(card["id"], one["direction"]) for card in report["cards"] for one in card["differences"]}
    assert found == {("loud", "no longer shown"), ("soft", "shown newly")}
    assert "rank in its family: 0 -> 5" in text


def test_a_rule_under_another_name_is_said_to_do_the_same() -> None:
    after = changed(small(), "quiet", lambda rule: replace(rule, id="hushed"))
    _, text = compared(small(), after)
    assert "does what quiet did, under another name" in text
    assert "in place of quiet" in text


def test_a_change_of_order_is_no_difference_and_is_said() -> None:
    def turned(rule: Rule) -> Rule:
        assert isinstance(rule.when, AllOf)
        return replace(rule, when=AllOf(rule.when.parts[::-1]))

    report, text = compared(small(), changed(small(), "soft", turned))
    assert not report["differs"]
    assert "in 1 of them tests change places" in text


@cache
def facts_otherwise() -> tuple[Knowledge, Charts]:
    """The shipped rules with another look-back, another silence, one code and one setting changed."""
    knowledge = shipped()
    facts = dict(knowledge.facts)
    egfr, allergy = facts["egfr"], facts["nsaid-allergy"]
    assert egfr.kind is FactKind.QUANTITY
    facts["egfr"] = replace(egfr, look_back_days=Decimal(100))
    facts["nsaid-allergy"] = replace(allergy, complete_nonempty=False)
    spasm = knowledge.value_sets["cond-muscle-spasm-back"]
    value_sets = {**knowledge.value_sets, spasm.id: replace(spasm, codes=spasm.codes[1:], patterns=spasm.patterns[1:])}
    settings = {**knowledge.settings, "jurisdiction": "uk"}
    after = named(replace(knowledge, facts=facts, value_sets=value_sets, settings=settings))
    return after, Charts(knowledge, after)


@pytest.mark.parametrize(
    ("kind", "name", "fact", "before", "after"),
    [
        ("fact", "nsaid-allergy", "nsaid-allergy", "unknown", "absent"),
        ("value set", "cond-muscle-spasm-back", "back-or-leg-pain", "present", "unknown"),
        ("setting", "jurisdiction", "jurisdiction-uk", "absent", "present"),
    ],
)
def test_what_is_read_otherwise_from_a_chart_is_shown_on_one(
    kind: str, name: str, fact: str, before: str, after: str
) -> None:
    chart = facts_otherwise()[1].read_otherwise(kind, name)
    assert chart is not None
    assert (chart["fact"], chart["before"], chart["after"]) == (fact, before, after)
    assert chart["bundle"]["resourceType"] == "Bundle"


def test_an_entry_between_two_look_backs_is_read_by_one_of_them_only() -> None:
    chart = facts_otherwise()[1].read_otherwise("fact", "egfr")
    assert chart is not None
    assert chart["before"] != "unknown"
    assert chart["after"] == "unknown"


def test_a_code_that_is_gone_shows_which_cards_fall_silent() -> None:
    chart = facts_otherwise()[1].read_otherwise("value set", "cond-muscle-spasm-back")
    assert chart is not None
    assert chart["shownBefore"]
    assert chart["shownAfter"] == []


def test_codes_and_patterns_of_a_value_set_are_named_when_they_go() -> None:
    report, text = compared(shipped(), facts_otherwise()[0])
    (spasm,) = (one for one in report["contents"] if one["id"] == "cond-muscle-spasm-back")
    assert any(code.startswith("M62.830") for code in spasm["codesRemoved"])
    assert any(code.startswith("words that match") for code in spasm["codesRemoved"])
    assert spasm["fields"] == []
    assert "look_back_days: 365 -> 100" in text


def test_to_be_reviewed_again_are_the_rules_whose_content_under_review_is_another() -> None:
    knowledge = shipped()
    polyp, source = knowledge.value_sets["cond-nasal-polyp"], knowledge.sources["GARRISON-2020"]
    after = named(
        replace(
            knowledge,
            value_sets={**knowledge.value_sets, polyp.id: replace(polyp, codes=polyp.codes[1:])},
            sources={**knowledge.sources, source.id: replace(source, caution="Superseded.")},
            settings={**knowledge.settings, "jurisdiction": "uk"},
        )
    )
    again = set(compare(knowledge, after).to_review_again)
    resting = {name for change in compare(knowledge, after).contents for name in change.rules}
    asked = {rule.id for rule in knowledge.rules[::12]} | again | resting
    assert again == {name for name in asked if rule_digest(knowledge, name) != rule_digest(after, name)}
    assert again
