"""The fenced engine: right answers, whatever the order, and nothing left behind."""

from __future__ import annotations

import random
import threading
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.engine.chaining import Program
from service.engine.encoding import ALTERNATIVES_PER_FACT, FINDINGS_PER_RULE
from service.engine.grouping import FACTS_PER_RULE_SET
from service.engine.trace import read_plainly
from service.errors import EngineError, EnvelopeError, KnowledgeError
from service.finding import Finding, Status
from service.knowledge.conditions import Truth
from service.knowledge.model import AllOf, AnyOf, Condition, Leaf, Rule, Word
from service.knowledge.strata import stratify
from tests.rules_in_python import (
    ABSENT,
    PRESENT,
    UNKNOWN,
    a_rule,
    all_of,
    any_of,
    found,
    is_,
    measured,
    number,
)
from tests.thoroughness import examples
from tests.unit.engine.joined_encoding import JoinedProgram


def facts(*findings: Finding) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def fired(rules: list[Rule], *findings: Finding) -> set[str]:
    return set(Program(rules).evaluate(facts(*findings)).fired)


def conclusion(rules: list[Rule], name: str, *findings: Finding) -> Status:
    return Program(rules).evaluate(facts(*findings)).conclusions[name]


def test_a_rule_fires_when_its_finding_is_present_and_names_what_it_rests_on() -> None:
    chained = Program([a_rule("r", all_of(is_("pain"), is_("fever")))]).evaluate(facts(found("pain"), found("fever")))
    assert chained.fired == {"r": ("fever", "pain")}


@pytest.mark.parametrize(
    ("word", "fires_on"),
    [
        ("present", {PRESENT}),
        ("absent", {ABSENT}),
        ("unknown", {UNKNOWN}),
        ("not present", {ABSENT, UNKNOWN}),
        ("not absent", {PRESENT, UNKNOWN}),
    ],
)
@pytest.mark.parametrize("status", list(Status))
def test_each_of_the_five_words_fires_on_exactly_its_states(word: str, fires_on: set[Status], status: Status) -> None:
    assert (fired([a_rule("r", is_("x", word))], found("x", status)) == {"r"}) == (status in fires_on)


@pytest.mark.parametrize(
    ("value", "below", "from_30_to_59", "over"),
    [
        ("29.999999", True, False, False),
        ("30", False, True, False),
        ("30.000001", False, True, False),
        ("59.9", False, True, False),
        ("60", False, False, False),
        ("60.1", False, False, True),
    ],
)
def test_numbers_compare_exactly_on_both_sides_of_a_limit_and_on_it(
    value: str, below: bool, from_30_to_59: bool, over: bool
) -> None:
    rules = [
        a_rule("below", number("egfr", less_than=30)),
        a_rule("middle", number("egfr", at_least=30, less_than=60)),
        a_rule("over", number("egfr", more_than=60)),
    ]
    expected = {name for name, is_so in (("below", below), ("middle", from_30_to_59), ("over", over)) if is_so}
    assert fired(rules, measured("egfr", value)) == expected


@pytest.mark.parametrize(
    ("days", "status"),
    [
        (measured("days", 42), PRESENT),
        (measured("days", 41), ABSENT),
        (measured("days", 30, None), UNKNOWN),
        (measured("days", 42, None), PRESENT),
        (measured("days", None, 41), ABSENT),
        (measured("days", 40, 43), UNKNOWN),
        (found("days", "unknown"), UNKNOWN),
        (found("days", "absent"), ABSENT),
    ],
)
def test_an_interval_gives_present_absent_or_unknown(days: Finding, status: Status) -> None:
    rule = a_rule("six-weeks", number("days", at_least=42), concludes="six-weeks-or-more")
    assert conclusion([rule], "six-weeks-or-more", days) is status


def test_conclusions_chain_through_phases_and_close_as_absent_when_no_rule_can_hold() -> None:
    rules = [
        a_rule("c1", is_("warfarin"), concludes="contraindicated", phase="1"),
        a_rule("c2", all_of(is_("contraindicated"), is_("ordered")), concludes="unsafe-order", phase="2"),
        a_rule("warn", is_("unsafe-order"), phase="3"),
        a_rule("offer", is_("contraindicated", "absent"), phase="3"),
    ]
    assert fired(rules, found("warfarin"), found("ordered")) == {"c1", "c2", "warn"}
    assert fired(rules, found("warfarin", "absent"), found("ordered")) == {"offer"}
    assert fired(rules, found("warfarin", "unknown"), found("ordered")) == set()


def test_a_conclusion_is_unknown_while_one_of_its_rules_may_still_hold() -> None:
    rules = [
        a_rule("a", is_("ulcer"), concludes="risk"),
        a_rule("b", is_("bleed"), concludes="risk"),
    ]
    assert conclusion(rules, "risk", found("ulcer", "absent"), found("bleed", "unknown")) is UNKNOWN
    assert conclusion(rules, "risk", found("ulcer", "present"), found("bleed", "unknown")) is PRESENT
    assert conclusion(rules, "risk", found("ulcer", "absent"), found("bleed", "absent")) is ABSENT


def test_rules_that_conclude_from_each_other_are_refused() -> None:
    rules = [a_rule("a", is_("y"), concludes="x"), a_rule("b", is_("x"), concludes="y")]
    with pytest.raises(KnowledgeError, match="wait for each other"):
        Program(rules)


def test_more_rules_in_a_stratum_than_one_rule_set_bears_still_all_fire() -> None:
    # Beyond 511 names in one native rule set loading never ends.
    rules = [a_rule(f"r{n}", is_("pain")) for n in range(3 * FACTS_PER_RULE_SET + 7)]
    assert len(fired(rules, found("pain"))) == len(rules)
    assert fired(rules, found("pain", "absent")) == set()


def test_more_alternatives_than_one_fact_bears_are_all_seen() -> None:
    names = [f"x{n}" for n in range(FINDINGS_PER_RULE)]
    rules = [a_rule("r", all_of(any_of(*map(is_, names[:30])), any_of(*map(is_, names[30:]))))]
    assert Program(rules).size > ALTERNATIVES_PER_FACT
    for first, second in [(0, 30), (29, 59), (13, 44)]:
        states = {name: found(name, "absent") for name in names}
        states |= {names[first]: found(names[first]), names[second]: found(names[second])}
        assert fired(rules, *states.values()) == {"r"}
        states[names[second]] = found(names[second], "unknown")
        assert fired(rules, *states.values()) == set()


def test_a_finding_may_be_compared_with_any_number_of_limits() -> None:
    rules = [a_rule(f"r{n}", number("x", at_least=n)) for n in range(300)]
    assert fired(rules, measured("x", 120)) == {f"r{n}" for n in range(121)}


def test_a_rule_too_wide_for_the_engine_is_refused_with_advice() -> None:
    wide = a_rule("wide", all_of(*(is_(f"x{n}") for n in range(FINDINGS_PER_RULE + 1))))
    with pytest.raises(EnvelopeError, match="conclude part of it"):
        Program([wide])


def test_a_number_on_a_finding_that_is_not_present_is_refused() -> None:
    program = Program([a_rule("r", number("egfr", less_than=30))])
    with pytest.raises(EngineError):
        program.evaluate({"egfr": Finding("egfr", UNKNOWN, low=Decimal(5), high=Decimal(5))})
    assert program.evaluate({"egfr": measured("egfr", 5)}).fired, "the program must still work after a failure"


def test_threads_do_not_see_each_other() -> None:
    program = Program([a_rule("r", all_of(is_("a"), is_("b")))])
    wrong: list[object] = []

    def ask(state: Status) -> None:
        for _ in range(300):
            answer = set(program.evaluate(facts(found("a"), found("b", state))).fired)
            if answer != ({"r"} if state is PRESENT else set()):
                wrong.append(answer)

    threads = [threading.Thread(target=ask, args=(state,)) for state in (PRESENT, ABSENT, UNKNOWN, PRESENT)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_findings_may_come_in_any_order() -> None:
    rules = [a_rule("r", any_of(all_of(is_("a"), is_("b")), all_of(is_("c"), is_("d"))))]
    items = [(name, found(name)) for name in "abcd"]
    program = Program(rules)
    answers = set()
    for seed in range(20):
        random.Random(seed).shuffle(items)
        answers.add(tuple(program.evaluate(dict(items)).fired.items()))
    assert answers == {(("r", ("a", "b")),)}


# Both engines on random rules and random patients.

NAMES = ["a", "b", "c", "d", "e"]
NUMBERS = ["n", "m"]

words = st.builds(Leaf, st.sampled_from([*NAMES, *NUMBERS]), word=st.sampled_from(list(Word)))
limits = st.sampled_from([Decimal(x) for x in ("0", "1.5", "30", "30.25", "60")])
comparisons = st.one_of(
    st.builds(Leaf, st.sampled_from(NUMBERS), at_least=limits),
    st.builds(Leaf, st.sampled_from(NUMBERS), more_than=limits),
    st.builds(Leaf, st.sampled_from(NUMBERS), less_than=limits),
    st.builds(Leaf, st.sampled_from(NUMBERS), at_least=limits, less_than=limits),
)
conditions = st.recursive(
    words | comparisons,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: AllOf(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
    ),
    max_leaves=8,
)


def with_conclusion(condition: Condition, name: str, word: Word) -> Condition:
    return AllOf((condition, Leaf(name, word=word)))


values = st.sampled_from([Decimal(x) for x in ("-1", "0", "1", "1.5", "29.9", "30", "30.25", "59.999", "60", "61")])
numeric = st.one_of(
    st.sampled_from([ABSENT, UNKNOWN]).map(lambda status: (status, None, None)),
    values.map(lambda v: (PRESENT, v, v)),
    st.tuples(values, values).map(lambda pair: (PRESENT, min(pair), max(pair))),
    values.map(lambda v: (PRESENT, v, None)),
    values.map(lambda v: (PRESENT, None, v)),
    st.just((PRESENT, None, None)),
)
patients = st.fixed_dictionaries(
    {name: st.sampled_from(list(Status)).map(lambda s: (s, None, None)) for name in NAMES}
    | dict.fromkeys(NUMBERS, numeric)
)


@settings(max_examples=examples(150))
@given(
    st.lists(conditions, min_size=2, max_size=3),
    st.lists(st.tuples(conditions, st.sampled_from(list(Word))), min_size=1, max_size=4),
    st.lists(patients, min_size=3, max_size=8),
)
def test_the_engine_and_the_plain_reading_agree_on_any_rules_and_any_patient(
    concluding: list[Condition],
    speaking: list[tuple[Condition, Word]],
    people: list[dict[str, tuple[Status, Decimal | None, Decimal | None]]],
) -> None:
    rules = [a_rule(f"c{n}", condition, concludes=f"x{n % 2}", phase="1") for n, condition in enumerate(concluding)]
    rules += [
        a_rule(f"r{n}", with_conclusion(condition, f"x{n % 2}", word), phase="2")
        for n, (condition, word) in enumerate(speaking)
    ]
    program = Program(rules)
    for person in people:
        findings = {name: Finding(name, *state) for name, state in person.items()}
        chained = program.evaluate(findings)
        earlier = JoinedProgram(rules).evaluate(findings)
        assert (chained.fired, chained.conclusions) == (earlier.fired, earlier.conclusions)
        reading = read_plainly(stratify(rules), findings)
        assert set(chained.fired) == {rule for rule, truth in reading.truths.items() if truth is Truth.TRUE}
        assert chained.conclusions == reading.conclusions
