"""The builder: from findings to FHIR and back is the identity, for every fact of the rule set, in R4, R4B and R5."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.finding import Finding, Status
from service.knowledge.loader import load
from service.knowledge.model import FactDefinition, FactKind, Given, possible_states
from service.record.derive import Derivation
from service.record.input.prefetch_states import Selection, classify
from service.record.input.reader import read_bundle, read_prefetch
from service.record.input.unpacking import unpack_context
from service.record.model import Record
from service.record.releases.fhir_classes import Release
from service.record.releases.writing import WRITTEN
from service.testkit.example_patient.case import Case
from tests.shipped import shipped_builder as builder
from tests.shipped import shipped_knowledge as rules
from tests.thoroughness import examples, some_of
from tests.unit.record.facts_in_python import NOW, fact, source

RULES = Path(__file__).parents[4] / "rules"
"""What is written for R4 is R4B too; both sets of classes are asked whether they accept it."""


@cache
def derivation(**chosen: str) -> Derivation:
    return Derivation(load(RULES, chosen) if chosen else rules())


def as_prefetch(case: Case) -> Record:
    """The case as a hook call would bring it."""
    values = case.prefetch()
    selections = {name: Selection(types=(name, *_RENAMED.get(name, ()))) for name in values}
    states = {name: classify(name, value) for name, value in values.items()}
    drafts = {"resourceType": "Bundle", "entry": [{"resource": order} for order in case.orders]}
    orders = unpack_context(drafts, "context.draftOrders")
    return read_prefetch(states, patient_id="example", selections=selections, orders=orders)


_RENAMED = {"DeviceUseStatement": ("DeviceUsage",)}


def read_back(case: Case, name: str) -> Finding:
    found = derivation(**case.settings) if case.settings else derivation()
    return found.findings(as_prefetch(case), NOW)[name]


def states_of_all_facts() -> list[tuple[str, Status]]:
    """Every third pair of a fact and a state that reading can find; all of them in a thorough run.

    What hangs on a result that is not final is found by deciding twice, never by reading.
    """
    pairs = (
        (one.id, state)
        for one in rules().facts.values()
        for state in sorted(possible_states(one))
        if not (one.not_final and state is Status.PRESENT)
    )
    return list(some_of(pairs, 3))


@pytest.mark.slow
@pytest.mark.parametrize("release", WRITTEN, ids=str)
def test_every_state_of_every_fact_comes_back(release: Release) -> None:
    wrong = []
    for name, state in states_of_all_facts():
        case = builder().build(rules().facts[name], state, now=NOW, release=release)
        if case.unmet or read_back(case, name).status is not state:
            wrong.append((name, state.value))
    assert wrong == []


def test_a_plain_bundle_says_the_same_where_it_can_say_it() -> None:
    wrong = []
    for name, state in states_of_all_facts():
        case = builder().build(rules().facts[name], state, now=NOW)
        if case.is_first_page:
            continue  # a Bundle is a part of everything or of nothing
        record = read_bundle(case.bundle(), complete=case.complete, order_hook=True)
        found = (derivation(**case.settings) if case.settings else derivation()).findings(record, NOW)[name]
        if found.status is not state:
            wrong.append((name, state.value, found.status.value))
    assert wrong == []


def test_every_fact_can_be_present_and_measured_numbers_never_absent() -> None:
    for one in rules().facts.values():
        states = possible_states(one)
        assert Status.PRESENT in states
        assert (Status.UNKNOWN in states) == (one.kind not in {FactKind.SETTING, FactKind.NOT_READ})
        measured = {FactKind.QUANTITY, FactKind.AGE, FactKind.GESTATION, FactKind.CHANGE, FactKind.COUNT}
        if one.kind in measured and one.measure != "daily-mg":
            assert Status.ABSENT not in states


def test_what_can_neither_be_denied_nor_missed_is_never_absent() -> None:
    only_present = fact("coded", source("Procedure", "proc-epidural"))
    assert possible_states(only_present) == {Status.PRESENT, Status.UNKNOWN}
    assert Status.ABSENT in possible_states(fact("coded", source("Procedure", "proc"), complete=("Procedure",)))
    assert Status.ABSENT in possible_states(fact("coded", source("Condition", "cond")))


@pytest.mark.parametrize(("version", "release"), [("R4B.", Release.R4), ("", Release.R5)], ids=["R4B", "R5"])
def test_what_is_written_is_valid_fhir(version: str, release: Release) -> None:
    seen = set()
    for name, state in states_of_all_facts():
        case = builder().build(rules().facts[name], state, now=NOW, release=release)
        for resource in (case.patient, *case.resources, *case.orders):
            kind = resource["resourceType"]
            model = getattr(import_module(f"fhir.resources.{version}{kind.lower()}"), kind)
            shape = (kind, tuple(sorted(resource)), name if kind == "QuestionnaireResponse" else "")
            if shape not in seen:
                seen.add(shape)
                model.model_validate(resource)
    assert len(seen) > 12


def test_a_bundle_is_valid_fhir_too() -> None:
    bundle_class = import_module("fhir.resources.R4B.bundle").Bundle
    states = {"age": Given("present", Decimal(50), Decimal(50)), "female": Given("present")}
    bundle_class.model_validate(builder().case(_known(states), now=NOW).bundle())


def _known(states: dict[str, Given]) -> dict[str, Given]:
    return {name: given for name, given in states.items() if name in rules().facts}


@cache
def quantities() -> tuple[FactDefinition, ...]:
    return tuple(one for one in rules().facts.values() if one.kind is FactKind.QUANTITY)


def _values(definition: FactDefinition) -> st.SearchStrategy[Decimal]:
    low, high = definition.plausible or (Decimal(0), Decimal(100))
    return st.decimals(low, high, places=1)


@settings(max_examples=examples(120))
@given(st.data())
def test_every_measured_number_comes_back(data: st.DataObject) -> None:
    definition = data.draw(st.sampled_from(quantities()))
    value = data.draw(_values(definition))
    release = data.draw(st.sampled_from(WRITTEN))
    case = builder().build(definition, Status.PRESENT, value=value, now=NOW, release=release)
    assert not case.unmet
    found = read_back(case, definition.id)
    assert (found.low, found.high) == (value, value)


@settings(max_examples=examples(60))
@given(st.data())
def test_an_interval_of_a_measured_number_comes_back(data: st.DataObject) -> None:
    definition = data.draw(st.sampled_from(quantities()))
    ends = sorted([data.draw(_values(definition)), data.draw(_values(definition))])
    low, high = data.draw(st.sampled_from([(ends[0], None), (None, ends[1]), (ends[0], ends[1])]))
    case = builder().case({definition.id: Given("present", low, high)}, now=NOW)
    assert not case.unmet
    found = read_back(case, definition.id)
    assert (found.low, found.high) == (low, high)


@settings(max_examples=examples(80))
@given(st.data())
def test_days_weeks_years_and_changes_come_back(data: st.DataObject) -> None:
    kinds = {
        FactKind.AGE: (0, 110),
        FactKind.ELAPSED: (0, 3000),
        FactKind.GESTATION: (1, 43),
        FactKind.COURSE: (1, 300),
    }
    kinds[FactKind.CHANGE] = (-8, 8)
    definition = data.draw(st.sampled_from([one for one in rules().facts.values() if one.kind in kinds]))
    lowest, highest = kinds[definition.kind]
    if definition.kind is FactKind.CHANGE and definition.plausible:
        most = int(definition.plausible[1] - definition.plausible[0])
        lowest, highest = -most, most
    value = Decimal(data.draw(st.integers(lowest, highest)))
    case = builder().build(
        definition, Status.PRESENT, value=value, now=NOW, release=data.draw(st.sampled_from(WRITTEN))
    )
    assert not case.unmet
    found = read_back(case, definition.id)
    assert (found.low, found.high) == (value, value)


@pytest.mark.parametrize("kind", [FactKind.ELAPSED, FactKind.COURSE, FactKind.QUANTITY])
def test_at_least_so_much_comes_back_open_above(kind: FactKind) -> None:
    for definition in rules().facts.values():
        conditions = any(one.resource == "Condition" for one in definition.sources)
        if definition.kind is kind and (kind is not FactKind.ELAPSED or conditions):
            case = builder().case({definition.id: Given("present", Decimal(5), None)}, now=NOW)
            assert not case.unmet, definition.id
            found = read_back(case, definition.id)
            assert (found.low, found.high) == (5, None), definition.id


def test_the_same_question_gives_the_same_answer() -> None:
    states = _known({name: Given(state.value) for name, state in states_of_all_facts()[:40]})
    assert builder().case(states, now=NOW) == builder().case(states, now=NOW)


@pytest.mark.parametrize("release", WRITTEN, ids=str)
def test_a_form_known_by_its_words_is_ordered_in_the_dose_asked_for(release: Release) -> None:
    dose = Given("present", Decimal(400), Decimal(400))
    states = {"tramadol-extended-release-ordered": Given("present"), "tramadol-daily-dose": dose}
    case = builder().case(states, now=NOW, release=release)
    assert case.unmet == ()
    assert len(case.orders) == 1
    assert read_back(case, "tramadol-extended-release-ordered").status is Status.PRESENT
    assert read_back(case, "tramadol-daily-dose").low == 400


def test_no_name_stands_in_what_is_written() -> None:
    case = builder().build(rules().facts[next(iter(rules().facts))], Status.PRESENT, now=NOW)
    assert "name" not in case.patient


def example_states() -> list[Any]:
    """What the examples of the rules give, as far as it is facts: the assignments that witness patients need."""
    facts = rules().facts
    return [
        pytest.param({name: one for name, one in example.given.items() if name in facts}, id=f"{rule.id}:{number}")
        for rule in rules().rules
        for number, example in enumerate(rule.examples)
    ]


@pytest.mark.slow
def test_nearly_every_example_of_the_rules_can_be_a_patient() -> None:
    """What cannot be is always said: facts that contradict each other, such as 15 days ordered and 14 in all."""
    total, unmet, silent = 0, [], []
    for parameter in example_states():
        (states,) = parameter.values
        possible = {
            name: one for name, one in states.items() if Status(one.status) in possible_states(rules().facts[name])
        }
        case = builder().case(possible, now=NOW)
        found = (derivation(**case.settings) if case.settings else derivation()).findings(as_prefetch(case), NOW)
        total += 1
        unmet += [(parameter.id, case.unmet)] if case.unmet else []
        for name, one in possible.items():
            if name not in case.unmet and found[name].status != one.status:
                silent.append((parameter.id, name))
    assert silent == []
    # An example may leave unknown what another of its findings implies (sciatica, but back or leg pain unknown).
    assert len(unmet) <= total * 0.06, unmet
