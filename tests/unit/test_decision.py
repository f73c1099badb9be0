"""decide(): who speaks, what stands on the card, what is named as not assessed, and no advice when engines differ."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.decision import Decision, Prepared, compare, decide_on
from service.engine.chaining import Chained, Program, compile_programs
from service.engine.trace import Result, read_plainly
from service.errors import EngineError
from service.finding import Evidence, Finding, Status
from service.knowledge.model import Conclusion, Indicator, Knowledge, Phase, Rule
from tests.rules_in_python import PRESENT, a_rule, all_of, any_of, found, is_
from tests.shipped import shipped_knowledge
from tests.thoroughness import examples

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def decided(rules: list[Rule], *findings: Finding, as_one: tuple[str, ...] = ()) -> Decision:
    """The decision of a few rules on a few findings."""
    names = dict.fromkeys(rule.concludes for rule in rules if rule.concludes)
    knowledge: Any = replace(
        shipped(),
        phases=(Phase("1_red_flags", "Red flags", tuple(rules)),),
        conclusions={name: Conclusion(name, name, f"asks {name}", name in as_one) for name in names},
    )
    prepared = Prepared(knowledge, None, {"patient-view": Program(rules)})  # type: ignore[arg-type]
    return decide_on(prepared, {finding.name: finding for finding in findings}, "patient-view", NOW)


@cache
def shipped() -> Knowledge:
    return shipped_knowledge()


def speakers(decision: Decision) -> list[str]:
    return [advice.rule.id for advice in decision.advice]


def test_of_a_family_only_the_loudest_speaks_and_names_those_it_covers() -> None:
    rules = [
        a_rule("mild", is_("ckd"), indicator="warning", family="renal"),
        a_rule("severe", is_("dialysis"), indicator="critical", family="renal"),
        a_rule("other", is_("ckd")),
    ]
    decision = decided(rules, found("ckd"), found("dialysis"))
    assert speakers(decision) == ["severe", "other"]
    assert decision.advice[0].suppresses == ("mild",)
    assert {item.rule.id: item.suppressed_by for item in decision.outcomes}["mild"] == "severe"


def test_an_equally_severe_danger_of_its_own_is_named_by_the_card_that_covers_it() -> None:
    rules = [
        replace(
            a_rule("alcohol", is_("alcohol"), indicator="warning", family="sedatives", rank=1), named_when_covered=True
        ),
        replace(a_rule("lungs", is_("lungs"), indicator="warning", family="sedatives"), named_when_covered=True),
        replace(a_rule("two", is_("two"), indicator="critical", family="sedatives", rank=2), named_when_covered=True),
    ]
    equal = decided(rules, found("alcohol"), found("lungs"), found("two", "absent")).advice
    assert [(advice.rule.id, [also.id for also in advice.also]) for advice in equal] == [("lungs", ["alcohol"])]
    more_severe = decided(rules, found("alcohol"), found("lungs"), found("two")).advice
    assert [(advice.rule.id, advice.also) for advice in more_severe] == [("two", ())]


def test_of_equally_severe_rules_the_written_order_decides_and_not_the_name() -> None:
    rules = [
        a_rule("a-second", is_("ckd"), indicator="warning", family="renal", rank=1),
        a_rule("b-first", is_("ckd"), indicator="warning", family="renal", rank=0),
    ]
    assert speakers(decided(rules, found("ckd"))) == ["b-first"]


def test_a_covered_rule_speaks_when_the_louder_one_does_not_fire() -> None:
    rules = [
        a_rule("mild", is_("ckd"), indicator="warning", family="renal"),
        a_rule("severe", is_("dialysis"), indicator="critical", family="renal"),
    ]
    assert speakers(decided(rules, found("ckd"), found("dialysis", "absent"))) == ["mild"]


def test_a_card_rests_on_the_facts_behind_a_conclusion_not_on_the_conclusion() -> None:
    rules = [
        a_rule("c", any_of(is_("warfarin"), is_("bleed")), concludes="risk"),
        a_rule("warn", all_of(is_("risk"), is_("ordered"))),
    ]
    decision = decided(rules, found("warfarin"), found("bleed", "absent"), found("ordered"))
    assert [finding.name for finding in decision.advice[0].found] == ["ordered", "warfarin"]


def test_a_conclusion_named_as_one_stands_for_what_is_behind_it() -> None:
    rules = [
        a_rule("c", any_of(is_("sciatica"), is_("spasm")), concludes="in-scope"),
        a_rule("warn", is_("in-scope")),
    ]
    sciatica = Finding("sciatica", PRESENT, evidence=(Evidence("Condition/1", "Sciatica"),))
    decision = decided(rules, sciatica, found("spasm"), as_one=("in-scope",))
    (named,) = decision.advice[0].found
    assert named.name == "in-scope"
    assert named.evidence == sciatica.evidence


def test_a_card_names_what_it_read_and_mentions_that_is_unknown() -> None:
    rules = [
        a_rule("c", any_of(is_("ulcer"), is_("bleed")), concludes="risk"),
        a_rule("offer", all_of(is_("pain"), is_("risk", "not present")), mentions=("egfr",)),
    ]
    facts = (found("pain"), found("ulcer", "unknown"), found("bleed", "absent"), found("egfr", "unknown"))
    decision = decided(rules, *facts)
    assert set(decision.advice[0].not_recorded) == {"ulcer", "egfr"}
    assert decision.not_recorded == decision.advice[0].not_recorded


def test_missing_data_that_may_hide_a_warning_is_named_when_no_card_names_it() -> None:
    rules = [
        a_rule("warn", all_of(is_("ordered"), is_("allergy")), indicator="critical"),
        a_rule("teach", all_of(is_("ordered"), is_("leaflet")), indicator="info"),
    ]
    decision = decided(rules, found("ordered"), found("allergy", "unknown"), found("leaflet", "unknown"))
    assert decision.advice == ()
    assert decision.not_assessed == ("allergy",), "an undecided info card is no warning and is not named"


def test_what_another_card_names_is_not_named_twice() -> None:
    rules = [
        a_rule("warn", all_of(is_("ordered"), is_("allergy")), indicator="warning"),
        a_rule("ask", all_of(is_("ordered"), is_("allergy", "unknown"))),
    ]
    decision = decided(rules, found("ordered"), found("allergy", "unknown"))
    assert decision.not_recorded == ("allergy",)
    assert decision.not_assessed == ()


def test_the_same_question_has_the_same_id_and_another_question_another() -> None:
    rules = [a_rule("r", is_("x"))]
    first = decided(rules, found("x"))
    assert first.id == decided(rules, found("x")).id
    assert first.id != decided(rules, found("x", "absent")).id


def test_when_the_engines_disagree_there_is_no_advice_and_nothing_of_the_patient_in_the_error() -> None:
    rules = [a_rule("warn", is_("secret-finding"))]
    reading = read_plainly([tuple(rules)], {"secret-finding": found("secret-finding")})
    with pytest.raises(EngineError, match="disagree on warn") as refused:
        compare(Chained({}, {}, 0), reading, "some-id")
    assert "secret-finding" not in str(refused.value)


def test_a_conclusion_closed_differently_is_a_disagreement_too() -> None:
    rules = [a_rule("c", is_("x"), concludes="risk")]
    reading = read_plainly([tuple(rules)], {"x": found("x", "unknown")})
    with pytest.raises(EngineError, match="risk"):
        compare(Chained({}, {"risk": Status.ABSENT}, 0), reading, "some-id")


@cache
def program_of(hook: str) -> Program:
    return compile_programs(shipped(), [hook])[hook]


def random_facts(knowledge: Knowledge, seed: Any) -> dict[str, Finding]:
    """Random findings for the shipped facts: what is there, what is not, and numbers at and beside the limits."""
    facts = {}
    for name, definition in knowledge.facts.items():
        status = seed.choice([Status.PRESENT, Status.ABSENT, Status.UNKNOWN])
        if definition.is_numeric and status is Status.PRESENT:
            low = seed.choice([0, 1, 2, 7, 14, 20, 30, 41, 42, 59, 60, 65, 84, 85, 200])
            high = seed.choice([low, low, low, low + 10, None])
            facts[name] = Finding(name, status, low, high)
        else:
            facts[name] = Finding(name, status)
    return facts


@settings(max_examples=examples(60))
@given(st.randoms(use_true_random=False), st.sampled_from(["patient-view", "order-select", "order-sign"]))
def test_on_the_shipped_rules_both_engines_agree_whatever_is_found_and_every_silence_is_explained(
    seed: Any, hook: str
) -> None:
    knowledge = shipped()
    ready = Prepared(knowledge, None, {hook: program_of(hook)})  # type: ignore[arg-type]
    decision = decide_on(ready, random_facts(knowledge, seed), hook, NOW)
    named = {*decision.not_recorded, *decision.not_assessed}
    for item in decision.outcomes:
        card = item.rule.card
        if item.result is Result.NOT_ENOUGH_DATA and card is not None and card.indicator is not Indicator.INFO:
            assert named, f"{item.rule.id} could not be decided and nothing says why"


def test_a_warning_speaks_where_the_upper_bound_of_what_is_known_reaches_its_limit() -> None:
    knowledge = shipped()
    prepared = Prepared(knowledge, None, compile_programs(knowledge, ["order-sign"]))  # type: ignore[arg-type]

    def asked(low: str, high: str) -> set[str]:
        facts = {name: Finding(name, Status.ABSENT) for name in knowledge.facts}
        order = Evidence("MedicationRequest/d", "Cyclobenzaprine 5 mg tablet", "2026-11-24")
        for name in ("relaxant-ordered", "cyclobenzaprine-ordered"):
            facts[name] = Finding(name, Status.PRESENT, evidence=(order,))
        days = Finding("total-relaxant-days", Status.PRESENT, Decimal(low), Decimal(high), "d", (order,))
        facts["total-relaxant-days"] = days
        facts["back-or-leg-pain"] = Finding("back-or-leg-pain", Status.PRESENT)
        return {advice.rule.id for advice in decide_on(prepared, facts, "order-sign", NOW).advice}

    assert "oc-relaxant-too-long" in asked("15", "25")
    assert "oc-relaxant-too-long" not in asked("10", "21")
