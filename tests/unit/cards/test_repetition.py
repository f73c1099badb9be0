"""What was shown to a patient before rests, and what never rests (product choice no. 45)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace as replaced

from service.cards.repetition import grounds, without_repeated
from service.decision import Decision
from service.finding import Evidence, ShownBefore
from service.knowledge.model import Indicator, Knowledge
from tests.unit.cards.small_rules import NOW, decision_on, present, rules, with_card

SCIATICA = Evidence("Condition/c1", "Sciatica, right side", "2026-10-01")
IBUPROFEN = Evidence("MedicationRequest/draft-1", "Ibuprofen 600 MG Oral Tablet", "2026-11-24")
WARFARIN = Evidence("MedicationRequest/w1", "Warfarin 5 MG Oral Tablet", "2026-08-01")
INFO, ALARM = "fl-stay-active", "sf-nsaid-contraindicated"


def opened(knowledge: Knowledge | None = None) -> Decision:
    return decision_on(knowledge or rules(), "patient-view", present("sciatica-active", SCIATICA))


def ordered() -> Decision:
    found = (present("nsaid-ordered", IBUPROFEN), present("anticoagulant-active", WARFARIN))
    return decision_on(rules(), "order-sign", *found)


def before(days: float, *, unchanged: bool = True, overridden: float | None = None) -> ShownBefore:
    answered = None if overridden is None else NOW - timedelta(days=overridden)
    return ShownBefore(NOW - timedelta(days=days), unchanged, answered)


def said(decision: Decision) -> list[tuple[str, str]]:
    return [(advice.rule.id, advice.indicator.value) for advice in decision.advice]


@pytest.mark.parametrize(("days", "is_left_out"), [(0, True), (13.99, True), (14, False), (400, False)])
def test_advice_rests_for_two_weeks(days: float, is_left_out: bool) -> None:
    assert (said(without_repeated(opened(), {INFO: before(days)})) == []) is is_left_out


def test_advice_comes_back_at_once_when_what_it_rests_on_changed() -> None:
    assert said(without_repeated(opened(), {INFO: before(1, unchanged=False)})) == [(INFO, "info")]


def test_what_is_not_known_suppresses_nothing() -> None:
    assert said(without_repeated(opened(), None)) == [(INFO, "info")]
    assert said(without_repeated(opened(), {})) == [(INFO, "info")]


@pytest.mark.parametrize(("days", "is_left_out"), [(29.9, True), (30, False)])
def test_a_standing_warning_rests_for_thirty_days(days: float, is_left_out: bool) -> None:
    knowledge = with_card(rules(), INFO, indicator=Indicator.WARNING)
    assert (said(without_repeated(opened(knowledge), {INFO: before(days)})) == []) is is_left_out


def test_a_rule_may_say_how_long_it_rests() -> None:
    decision = opened()
    (advice,) = decision.advice
    own = replaced(decision, advice=(replaced(advice, rule=replace(advice.rule, repeat_after=3)),))
    assert said(without_repeated(own, {INFO: before(2)})) == []
    assert said(without_repeated(own, {INFO: before(3)})) == [(INFO, "info")]
    never = replaced(decision, advice=(replaced(advice, rule=replace(advice.rule, repeat_after=0)),))
    assert said(without_repeated(never, {INFO: before(0)})) == [(INFO, "info")]


def test_a_critical_card_never_rests_for_having_been_shown() -> None:
    assert said(without_repeated(ordered(), {ALARM: before(0)})) == [(ALARM, "critical")]


def test_a_critical_card_set_aside_with_a_reason_comes_once_as_a_warning_and_then_rests_ninety_days() -> None:
    assert said(without_repeated(ordered(), {ALARM: before(1, overridden=1)})) == [(ALARM, "warning")]
    assert said(without_repeated(ordered(), {ALARM: before(0.5, overridden=1)})) == []
    assert said(without_repeated(ordered(), {ALARM: before(89, overridden=89.9)})) == []
    assert said(without_repeated(ordered(), {ALARM: before(0.5, overridden=90)})) == [(ALARM, "critical")]
    assert said(without_repeated(ordered(), {ALARM: before(0.5, unchanged=False, overridden=1)})) == [
        (ALARM, "critical")
    ]


def test_a_red_flag_never_rests() -> None:
    decision = ordered()
    (advice,) = decision.advice
    red = replaced(decision, advice=(replaced(advice, rule=replace(advice.rule, phase="1_red_flags")),))
    assert said(without_repeated(red, {ALARM: before(0.5, overridden=1)})) == [(ALARM, "critical")]


def keyed(text: str) -> str:
    return text


def ground(decision: Decision) -> str:
    (advice,) = decision.advice
    return grounds(rules(), [advice], keyed)[advice.rule.id]


def test_another_entry_is_a_change_and_another_day_is_none() -> None:
    def asked(**changes: Any) -> str:
        return ground(decision_on(rules(), "patient-view", present("sciatica-active", replaced(SCIATICA, **changes))))

    assert asked() == asked(text="Sciatica")
    assert asked() != asked(resource="Condition/c2")
    assert asked() != asked(date="2026-11-01")


def test_the_same_drug_ordered_again_is_no_change_and_another_drug_is() -> None:
    def asked(**changes: Any) -> str:
        drug = present("nsaid-ordered", replaced(IBUPROFEN, **changes))
        return ground(decision_on(rules(), "order-sign", drug, present("anticoagulant-active", WARFARIN)))

    assert asked() == asked(resource="MedicationRequest/draft-9", date="2026-12-01")
    assert asked() != asked(text="Naproxen 500 MG Oral Tablet")
