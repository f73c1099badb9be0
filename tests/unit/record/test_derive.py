"""Deriving: one finding per fact, the same whatever the order of the record, and losing data never makes absent."""

from __future__ import annotations

import gzip
import json
import os
import random
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import RequestError
from service.finding import Finding, Status
from service.knowledge.model import FactKind, Given, possible_states, types_read
from service.record.chart.index import Chart
from service.record.derive import Derivation, plan_of
from service.record.input.reader import read_bundle
from service.record.model import Completeness, Record
from service.testkit.example_patient.case import Case
from tests.shipped import shipped_builder as builder
from tests.shipped import shipped_derivation as derivation
from tests.shipped import shipped_knowledge as rules
from tests.thoroughness import THOROUGH, examples
from tests.unit.record.facts_in_python import (
    LOINC,
    NOW,
    RXNORM,
    SNOMED,
    concept,
    condition,
    fact,
    knowledge,
    measured,
    medication,
    observation,
    record,
    said,
    source,
)

ROOT = Path(__file__).parents[3]
DATA = Path(os.environ.get("SCIATICA_CDS_TEST_DATA", ROOT.parent / "shared" / "data"))


IRRELEVANT: list[dict[str, Any]] = [
    {"resourceType": "Immunization", "id": "x1", "status": "completed", "vaccineCode": concept((SNOMED, "1", "x"))},
    {"resourceType": "FooType", "id": "x2", "code": concept((SNOMED, "23056005", "Sciatica"))},
    condition((SNOMED, "38341003x", "A code that is no code"), id="x3"),
    condition({"text": "no known problem"}, id="x4", clinical="active"),
    condition((SNOMED, "1", ""), id="x5", verification="entered-in-error"),
    observation((LOINC, "8302-2", "Body height"), id="x6", valueQuantity={"value": 170, "unit": "cm"}),
    measured((LOINC, "0-0", "Nothing"), 5, "mg/dL", "2026-11-01", "x7"),
    condition({"text": "Ingrown toenail"}, id="x8"),
    {"resourceType": "Observation", "id": "x9", "status": "final", "code": None, "component": {}, "valueString": []},
]
STOPPED = medication((RXNORM, "308182", "amoxicillin 250 MG Oral Capsule"), "stopped", "x10")


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """An example patient with a handful of facts, in any of their states."""
    names = draw(st.lists(st.sampled_from(sorted(rules().facts)), min_size=1, max_size=6, unique=True))
    states = {}
    for name in names:
        definition = rules().facts[name]
        if definition.kind is not FactKind.SETTING:
            states[name] = Given(draw(st.sampled_from(sorted(possible_states(definition)))).value)
    return builder().case(states, now=NOW)


def derive(case: Case, resources: list[Any], orders: list[Any]) -> dict[str, Finding]:
    states = {name: str(state) for name, state in case.completeness.items()}
    return derivation().findings(record([case.patient, *resources], orders=orders, **states), NOW)


@settings(max_examples=examples(150))
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_entries_and_their_repetition_change_nothing(case: Case, random: Any) -> None:
    before = derive(case, list(case.resources), list(case.orders))
    shuffled = [*case.resources, *random.choices(case.resources, k=2)] if case.resources else []
    orders = list(case.orders)
    random.shuffle(shuffled)
    random.shuffle(orders)
    assert derive(case, shuffled, orders) == before


@settings(max_examples=examples(150))
@given(cases(), st.lists(st.sampled_from(IRRELEVANT), max_size=4), st.randoms(use_true_random=False))
def test_irrelevant_entries_change_nothing(case: Case, more: list[Any], random: Any) -> None:
    before = derive(case, list(case.resources), list(case.orders))
    mixed = [*case.resources, *more, STOPPED]
    random.shuffle(mixed)
    states = {name: str(state) for name, state in case.completeness.items()}
    after = derivation().findings(record([case.patient, *mixed], orders=case.orders, **states), NOW)
    assert {name: (one.status, one.low, one.high) for name, one in after.items()} == {
        name: (one.status, one.low, one.high) for name, one in before.items()
    }


@settings(max_examples=examples(200))
@given(cases(), st.data())
def test_losing_an_entry_never_turns_unknown_into_absent_unless_it_was_the_doubt_itself(
    case: Case, data: st.DataObject
) -> None:
    """An entry that was the reason of the doubt is named by the finding; without it there is no doubt."""
    if not case.resources:
        return
    lost = data.draw(st.sampled_from(list(case.resources)))
    rest = [one for one in case.resources if one is not lost]
    before, after = derive(case, list(case.resources), list(case.orders)), derive(case, rest, list(case.orders))
    for name, finding in before.items():
        if finding.status is Status.UNKNOWN and after[name].status is Status.ABSENT:
            named = {item.resource for item in finding.evidence}
            assert f"{lost['resourceType']}/{lost['id']}" in named | _orders_of(case)


def _orders_of(case: Case) -> set[str]:
    return {f"{one['resourceType']}/{one['id']}" for one in case.orders}


@settings(max_examples=examples(100))
@given(cases(), st.data())
def test_losing_a_whole_list_never_makes_absent_by_silence(case: Case, data: st.DataObject) -> None:
    lost = data.draw(st.sampled_from(sorted(case.completeness)))
    states = {name: str(state) for name, state in case.completeness.items() if name != lost}
    rest = [one for one in case.resources if one["resourceType"] != lost]
    patient = [] if lost == "Patient" else [case.patient]
    after = derivation().findings(record([*patient, *rest], orders=case.orders, **states), NOW)
    for name, finding in after.items():
        # A daily dose is absent by the orders of the call, none of which holds the drug; the list only adds to it.
        of_the_call = rules().facts[name].measure == "daily-mg"
        if finding.status is Status.ABSENT and not finding.evidence and not of_the_call:
            assert lost not in rules().facts[name].complete


@settings(max_examples=examples(100))
@given(cases())
def test_a_few_facts_asked_for_alone_are_found_as_among_all(case: Case) -> None:
    states = {name: str(state) for name, state in case.completeness.items()}
    patient_record = record([case.patient, *case.resources], orders=case.orders, **states)
    everything = derivation().findings(patient_record, NOW)
    asked = sorted(everything)[len(case.resources) % 7 :: 7]
    assert derivation().findings_for(asked, patient_record, NOW) == {name: everything[name] for name in asked}


@settings(max_examples=examples(60))
@given(cases())
def test_what_an_entry_told_one_fact_is_not_what_it_tells_another_that_asks_otherwise(case: Case) -> None:
    states = {name: str(state) for name, state in case.completeness.items()}
    patient_record = record([case.patient, *case.resources], orders=case.orders, **states)
    of_silence = derivation().without_entries(patient_record.completeness)
    for name, finding in derivation().findings(patient_record, NOW).items():
        if finding != of_silence[name]:
            # Each in a chart of its own.
            assert derivation().findings_for([name], patient_record, NOW) == {name: finding}


def test_exactly_one_finding_per_fact_under_its_own_name() -> None:
    found = derivation().findings(record([]), NOW)
    assert set(found) == set(rules().facts)
    assert all(name == finding.name for name, finding in found.items())


def test_an_empty_record_knows_nothing_but_orders_and_settings() -> None:
    for name, finding in derivation().findings(record([]), NOW).items():
        kind = rules().facts[name].kind
        ordered = rules().facts[name].measure in {"ordered", "daily-mg"}
        if kind in {FactKind.ORDER, FactKind.ORDER_REASON, FactKind.SETTING, FactKind.NOT_READ} or ordered:
            assert finding.status is not Status.UNKNOWN
        else:
            assert finding.status is Status.UNKNOWN
            assert finding.notes


def test_what_is_kept_of_one_record_does_not_reach_another() -> None:
    retention = fact("coded", source("Condition", "cond-urinary-retention"), complete=("Condition",))
    one = Derivation(knowledge(retention))
    assert one.findings(record([], ["Condition"]), NOW)["the-fact"].status is Status.ABSENT
    assert one.findings(record([]), NOW)["the-fact"].status is Status.UNKNOWN
    assert (
        one.findings(record([condition((SNOMED, "267064002", "x"))], ["Condition"]), NOW)["the-fact"].status
        == "present"
    )
    assert one.findings(record([], ["Condition"]), NOW)["the-fact"].status is Status.ABSENT


def test_a_list_that_must_hold_something_is_looked_at_in_every_record() -> None:
    allergy = fact(
        "coded",
        source("AllergyIntolerance", "allergy-nsaid"),
        complete=("AllergyIntolerance",),
        complete_nonempty=True,
    )
    one = Derivation(knowledge(allergy))
    latex = {"resourceType": "AllergyIntolerance", "id": "a", "code": concept((SNOMED, "300916003", "Latex allergy"))}
    whole = ["AllergyIntolerance"]
    assert one.findings(record([], whole), NOW)["the-fact"].status is Status.UNKNOWN
    assert one.findings(record([latex], whole), NOW)["the-fact"].status is Status.ABSENT
    assert one.findings(record([], whole), NOW)["the-fact"].status is Status.UNKNOWN


MOST_PATIENTS = 400 if THOROUGH else 25
"""Of each file: enough to meet every shape it holds, few enough to be run often."""


def published() -> list[Path]:
    return sorted(DATA.glob("fhir/patients-*.ndjson.gz"))


@pytest.mark.corpus
@pytest.mark.parametrize("path", published() or [None], ids=lambda path: path.name if path else "none")
def test_published_patients_are_read_without_a_fault_and_without_their_names(path: Path | None) -> None:
    if path is None:
        pytest.skip("no published data at SCIATICA_CDS_TEST_DATA")
    read = 0
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in islice(lines, MOST_PATIENTS):
            document = json.loads(line)
            try:
                patient_record = read_bundle(document, complete="all")
            except RequestError:
                continue
            found = derivation().findings(patient_record, NOW)
            assert set(found) == set(rules().facts)
            read += 1
            for name in _family_names(document):
                assert not any(name in item.text for one in found.values() for item in one.evidence)
    assert read or "dstu2" in path.name


def _family_names(document: dict[str, Any]) -> set[str]:
    patients = [
        entry.get("resource", {}) for entry in document.get("entry", []) if entry.get("resource", {}).get("name")
    ]
    return {
        str(name["family"])
        for one in patients
        if one.get("resourceType") == "Patient"
        for name in one["name"]
        if isinstance(name, dict) and len(str(name.get("family", ""))) > 6
    }


def test_what_is_kept_of_empty_lists_is_what_each_fact_finds_in_them() -> None:
    chance = random.Random(1)
    types = sorted({name for definition in rules().facts.values() for name in types_read(definition)})
    for _ in range(12):
        lists = {name: chance.choice(list(Completeness)) for name in types if chance.random() < 0.8}
        empty = Record(None, (), lists)
        chart = Chart(derivation().matcher, empty, NOW)
        plain = {name: plan_of(rules().facts[name], rules()).find(chart) for name in rules().facts}
        stored = derivation().findings(empty, NOW)
        assert {name: stored[name] for name in plain} == plain


def test_of_very_many_entries_a_finding_names_the_newest_and_says_how_many_more_there_are() -> None:
    pain = fact("coded", source("Condition", "cond-sciatica"))
    several = [condition((SNOMED, "23056005", "Sciatica"), id=f"c{number}") for number in range(140)]
    found = Derivation(knowledge(pain)).findings(record(several, ["Condition"]), NOW)["the-fact"]
    assert found.status is Status.PRESENT
    assert len(found.evidence) == 100
    assert "and 40 more entries" in said(found)
