"""Comparison: what differs is found and shown on a patient, what does not is proved, in both directions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from decimal import Decimal

import pytest

from service.engine.trace import read_plainly
from service.finding import Finding, Status
from service.knowledge.conditions import Truth
from service.knowledge.model import FactKind, Knowledge, Rule
from service.knowledge.strata import rules_for, stratify
from service.review.comparison import comparing, edits, questions
from service.review.comparison.comparing import compare
from service.review.comparison.model import ChangeClass, Comparison, Difference, Direction, RuleComparison
from service.review.comparison.region import Span
from service.review.comparison.sides import two_sides
from service.review.comparison.witness import Judge, UnconfirmedError
from service.review.mutation import Mutant, mutants
from tests.rules_in_python import a_rule, all_of, any_of, is_, number
from tests.unit.review.comparison.small_rules import (
    HOOK,
    changed,
    every_patient,
    rule_set,
    shipped,
    small,
    with_test,
)

NEVER = all_of(is_("diabetes"), is_("diabetes", "absent"))


def of_rule(comparison: Comparison, rule_id: str) -> RuleComparison:
    return next(rule for rule in comparison.rules if rule.id == rule_id)


def directions(rule: RuleComparison) -> set[Direction]:
    return {difference.direction for difference in rule.differences}


def shown_newly(rule: RuleComparison) -> Difference:
    return next(one for one in rule.differences if one.direction is Direction.SHOWN_NEWLY)


def test_a_rule_set_is_the_same_as_itself() -> None:
    comparison = compare(shipped(), shipped())
    assert not comparison.differs
    assert comparison.rules == ()
    assert comparison.untouched == len(shipped().rules)


def below_35() -> Knowledge:
    def move(leaf):
        return replace(leaf, less_than=Decimal(35)) if leaf.less_than == 30 else leaf

    return changed(shipped(), "sf-nsaid-egfr-below-30", with_test("egfr", move))


def test_a_moved_limit_concerns_the_patients_between_both_limits() -> None:
    comparison = compare(shipped(), below_35())
    rule = of_rule(comparison, "sf-nsaid-egfr-below-30")
    difference = shown_newly(rule)
    (egfr,) = (term for term in difference.region.terms if term.finding == "egfr")
    assert egfr.spans == (Span(Decimal(30), with_low=True, high=Decimal(35), with_high=False),)
    assert difference.region.exact
    assert difference.witness.findings["egfr"].value == 30
    assert Direction.NO_LONGER_SHOWN not in directions(rule)
    (test,) = rule.tests
    assert (test.before, test.after) == ("eGFR below 30 mL/min/1.73 m²", "eGFR below 35 mL/min/1.73 m²")


def test_the_card_whose_place_is_taken_differs_too_although_nobody_edited_it() -> None:
    comparison = compare(shipped(), below_35())
    other = of_rule(comparison, "sf-nsaid-egfr-30-59")
    assert other.change_class is ChangeClass.DIFFERS
    assert not other.is_edited_in_logic
    assert Direction.NO_LONGER_SHOWN in directions(other)
    witness = shown_newly(of_rule(comparison, "sf-nsaid-egfr-below-30")).witness
    assert (witness.before, witness.after) == (("sf-nsaid-egfr-30-59",), ("sf-nsaid-egfr-below-30",))
    # A result told only as "<35" was below 60 without a number before, and is below the new limit now.
    told_as_a_limit = "sf-nsaid-egfr-below-60-no-number"
    differing = {rule.id for rule in comparison.cards_differing}
    assert differing == {"sf-nsaid-egfr-below-30", "sf-nsaid-egfr-30-59", told_as_a_limit}


def test_a_changed_conclusion_is_told_with_the_cards_on_it() -> None:
    after = changed(shipped(), "gi-risk-factor", with_test("age", lambda leaf: replace(leaf, at_least=Decimal(70))))
    comparison = compare(shipped(), after)
    (conclusion,) = comparison.conclusions
    assert conclusion.id == "gi-risk-factor"
    cards = {rule.id for rule in comparison.cards_differing}
    assert cards == set(conclusion.cards)
    assert cards >= {"sf-nsaid-gastroprotection", "sf-nsaid-gastroprotection-ppi-allergy"}
    # The offer without a stomach protector is for those without the risk: it comes where the others go.
    without_risk = {"fl-nsaid-short-course"}
    assert cards > without_risk
    for card in cards:
        goes, comes = Direction.NO_LONGER_SHOWN, Direction.SHOWN_NEWLY
        expected, never = (comes, goes) if card in without_risk else (goes, comes)
        (moved,) = (one for one in of_rule(comparison, card).differences if one.direction is expected)
        (age,) = (term for term in moved.region.terms if term.finding == "age")
        assert age.spans == (Span(Decimal(65), with_low=True, high=Decimal(70), with_high=False),)
        assert never not in directions(of_rule(comparison, card))


def test_a_conclusion_that_rests_on_a_changed_one_is_not_proved_the_same_although_nobody_edited_it() -> None:
    chain = [
        a_rule("at-risk", is_("diabetes"), concludes="risk"),
        a_rule("at-high-risk", all_of(is_("risk"), is_("immunosuppression")), concludes="high-risk"),
        a_rule("either", any_of(is_("risk"), is_("immunosuppression"), is_("diabetes")), concludes="whatever"),
        a_rule("told", is_("high-risk")),
    ]
    comparison = compare(rule_set(*chain), changed(rule_set(*chain), "at-risk", lambda rule: replace(rule, when=NEVER)))
    assert {one.id for one in comparison.conclusions} == {"risk", "high-risk"}
    classes = {rule.id: rule.change_class for rule in comparison.rules}
    assert classes.pop("either") is ChangeClass.PROVED_SAME, "what it reads besides covers what it loses"
    assert set(classes) == {"at-risk", "at-high-risk", "told"}
    assert set(classes.values()) == {ChangeClass.DIFFERS}
    assert not of_rule(comparison, "at-high-risk").is_edited_in_logic


def test_words_alone_ask_the_solver_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the solver was asked")

    monkeypatch.setattr(questions, "two_sides", refuse)
    rule = next(rule for rule in shipped().rules if rule.id == "sf-baclofen-renal")
    after = changed(shipped(), rule.id, lambda rule: replace(rule, card=replace(rule.card, summary="Other words.")))
    comparison = compare(shipped(), after)
    assert of_rule(comparison, rule.id).change_class is ChangeClass.WORDS_ONLY
    assert [field.name for field in of_rule(comparison, rule.id).card] == ["card.summary"]
    assert comparison.differs
    assert comparison.cards_differing == ()
    assert comparison.to_review_again == (rule.id,)


def test_history_and_dates_are_no_difference() -> None:
    after = changed(shipped(), "sf-baclofen-renal", lambda rule: replace(rule, owner="somebody", history=()))
    comparison = compare(shipped(), after)
    assert of_rule(comparison, "sf-baclofen-renal").change_class is ChangeClass.UNTOUCHED
    assert not comparison.differs
    assert comparison.to_review_again == ()


@pytest.mark.parametrize(
    ("rule_id", "when"),
    [
        ("soft", all_of(is_("risk"), is_("immunosuppression"))),
        ("soft", all_of(is_("immunosuppression"), any_of(is_("risk"), all_of(is_("risk"), is_("diabetes"))))),
        ("at-risk", any_of(is_("diabetes"), number("egfr", less_than=60))),
    ],
    ids=["reordered", "absorbed", "covered limit"],
)
def test_another_way_to_write_the_same_is_proved_the_same(rule_id: str, when: object) -> None:
    comparison = compare(small(), changed(small(), rule_id, lambda rule: replace(rule, when=when)))
    assert of_rule(comparison, rule_id).change_class is ChangeClass.PROVED_SAME
    assert not comparison.differs


def test_a_rule_added_is_shown_newly_and_a_rule_removed_no_longer() -> None:
    without = changed(small(), "quiet", lambda _: None)
    added = of_rule(compare(without, small()), "quiet")
    removed = of_rule(compare(small(), without), "quiet")
    assert added.before is None
    assert Direction.SHOWN_NEWLY in directions(added)
    assert Direction.NO_LONGER_SHOWN in directions(removed)
    assert removed.after is None


def test_a_louder_card_differs_although_the_same_patients_see_it() -> None:
    def more_severe(rule: Rule) -> Rule:
        return replace(rule, card=replace(rule.card, indicator=type(rule.card.indicator).WARNING))

    comparison = compare(small(), changed(small(), "quiet", more_severe))
    rule = of_rule(comparison, "quiet")
    assert rule.change_class is ChangeClass.DIFFERS
    assert [(field.name, field.before, field.after) for field in rule.logic] == [("indicator", "info", "warning")]
    assert rule.differences == ()


def test_who_gives_way_in_a_family_is_asked_too() -> None:
    def alone(rule: Rule) -> Rule:
        return replace(rule, family=None)

    comparison = compare(small(), changed(small(), "loud", alone))
    assert Direction.SHOWN_NEWLY in directions(of_rule(comparison, "soft"))


_MIRRORED = {
    Direction.SHOWN_NEWLY: Direction.NO_LONGER_SHOWN,
    Direction.NO_LONGER_SHOWN: Direction.SHOWN_NEWLY,
    Direction.UNDECIDED_NEWLY: Direction.NO_LONGER_UNDECIDED,
    Direction.NO_LONGER_UNDECIDED: Direction.UNDECIDED_NEWLY,
}


def all_mutants(knowledge: Knowledge) -> Iterator[Mutant]:
    for rule in knowledge.rules:
        yield from mutants(rule)


def mutated(knowledge: Knowledge, mutant: Mutant) -> Knowledge:
    return changed(knowledge, mutant.rule.id, lambda _: mutant.mutated)


def test_the_other_way_round_is_the_mirror_image() -> None:
    for mutant in list(all_mutants(small()))[::7]:
        after = mutated(small(), mutant)
        there, back = compare(small(), after), compare(after, small())
        for rule in there.rules:
            mirrored = of_rule(back, rule.id)
            assert {_MIRRORED[one] for one in directions(rule)} == directions(mirrored), mutant.fault
            regions = {(one.direction, one.region.exact, frozenset(one.region.terms)) for one in rule.differences}
            back_again = mirrored.differences
            turned = {(_MIRRORED[one.direction], one.region.exact, frozenset(one.region.terms)) for one in back_again}
            assert regions == turned, mutant.fault


def strata_of(knowledge: Knowledge, hook: str) -> Sequence[Sequence[Rule]]:
    """The rules in the order in which they run, worked out once for a rule set."""
    key = knowledge.digest, hook
    if key not in _STRATA:
        _STRATA[key] = stratify(rules_for(knowledge, hook))
    return _STRATA[key]


_STRATA: dict[tuple[str, str], Sequence[Sequence[Rule]]] = {}


def answers(knowledge: Knowledge, patient: Mapping[str, Finding], hook: str) -> dict[str, Truth | str]:
    """What one rule set makes of a patient, without solver or engine: cards shown, rules undecided, conclusions."""
    strata = strata_of(knowledge, hook)
    reading = read_plainly(strata, patient)
    result: dict[str, Truth | str] = {name: status.value for name, status in reading.conclusions.items()}
    leaders: dict[str, Rule] = {}
    for stratum in strata:
        for rule in stratum:
            if rule.card is None or hook not in rule.hooks:
                continue
            if reading.truths[rule.id] is Truth.UNKNOWN:
                result[rule.id] = "undecided"
            elif reading.truths[rule.id] is Truth.TRUE:
                name = rule.family or rule.id
                best = leaders.get(name)
                if best is None or rule.card.indicator.rank > best.card.indicator.rank:
                    leaders[name] = rule
    return {**result, **{rule.id: "shown" for rule in leaders.values()}}


def test_every_planted_fault_differs_exactly_when_some_patient_of_all_is_told_otherwise() -> None:
    equivalent = 0
    patients = list(every_patient((30, 60)))
    as_is = [answers(small(), patient, HOOK) for patient in patients]
    for mutant in list(all_mutants(small()))[::5]:
        after = mutated(small(), mutant)
        comparison = compare(small(), after)
        brute = any(was != answers(after, patient, HOOK) for patient, was in zip(patients, as_is, strict=True))
        said = bool(comparison.conclusions or comparison.cards_differing)
        assert said is brute, f"{mutant.rule.id}: {mutant.fault}"
        equivalent += not brute
    assert equivalent, "no planted fault was equivalent, so nothing was seen proved the same"


def test_a_patient_whom_the_engines_do_not_confirm_is_refused() -> None:
    sides = two_sides(small(), small())
    asked = questions.Questions(small(), small())
    judge = Judge(*asked.cards)
    assert sides.after.drawn_otherwise == []
    patient = {
        "immunosuppression": Finding("immunosuppression", Status.PRESENT),
        "diabetes": Finding("diabetes", Status.PRESENT),
    }
    with pytest.raises(UnconfirmedError, match="soft"):
        judge.confirmed(patient, "sciatica-patient-view", "soft", Direction.SHOWN_NEWLY)


def test_a_code_out_of_a_value_set_is_told_with_the_rules_on_it() -> None:
    name = "cond-muscle-spasm-back"
    value_set = shipped().value_sets[name]
    fewer = replace(value_set, codes=value_set.codes[1:])
    after = replace(shipped(), value_sets={**shipped().value_sets, name: fewer}, digest="other")
    comparison = compare(shipped(), after)
    (change,) = comparison.contents
    assert (change.kind, change.id, change.codes_added) == ("value set", name, ())
    assert value_set.codes[0].code in change.codes_removed[0]
    assert "fl-heat" in change.rules
    assert comparison.rules == ()
    assert comparison.differs


def test_facts_orders_sources_and_settings_are_told_apart() -> None:
    knowledge = shipped()
    fact = next(one for one in knowledge.facts.values() if one.kind is FactKind.QUANTITY)
    source = next(iter(knowledge.sources.values()))
    after = replace(
        knowledge,
        facts={**knowledge.facts, fact.id: replace(fact, look_back_days=Decimal(5))},
        sources={**knowledge.sources, source.id: replace(source, year=1901)},
        settings={**knowledge.settings, "jurisdiction": "uk"},
        max_info_cards=9,
        digest="other",
    )
    result = {(one.kind, one.id): [field.name for field in one.fields] for one in compare(knowledge, after).contents}
    assert result == {
        ("fact", fact.id): ["look_back_days"],
        ("source", source.id): ["year"],
        ("setting", "jurisdiction"): [""],
        ("rule set", "max_info_cards"): ["max_info_cards"],
    }


def test_an_approval_falls_with_the_content_it_was_given_to() -> None:
    before = replace(shipped(), approved=frozenset({"sf-baclofen-renal"}))
    after = changed(shipped(), "sf-baclofen-renal", lambda rule: replace(rule, title="Another title"))
    assert compare(before, after).approvals_fallen == ("sf-baclofen-renal",)


def test_an_approval_that_is_given_changes_what_a_card_says_of_itself() -> None:
    after = replace(shipped(), approved=frozenset({"sf-baclofen-renal"}))
    comparison = compare(shipped(), after)
    assert comparison.approvals_given == ("sf-baclofen-renal",)
    assert comparison.differs


def test_every_field_of_a_rule_is_compared_in_one_place() -> None:
    placed = [*edits.LOGIC, *edits.CARD, *edits.GROUNDS, *edits.RECORD, "id", "when", "at"]
    assert sorted(placed) == sorted(field.name for field in fields(Rule))


def test_every_part_of_a_rule_set_is_compared() -> None:
    compared = set(comparing.content_changes.__globals__["_KINDS"])
    assert compared <= {field.name for field in fields(Knowledge)}
