"""The gate of the shipped rules: what lets a chart pass, and everything that shuts it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from service.decision import Prepared, decide
from service.decision.gate import ONE_IN, Gate, Gated, is_sampled
from service.errors import GateError
from service.record.input.reader import read_bundle
from service.record.model import Completeness, Record
from tests.shipped import shipped_services

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
WHOLE = frozenset(
    {"Condition", "MedicationRequest", "AllergyIntolerance", "Procedure", "ServiceRequest", "Observation", "Encounter"}
)


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return shipped_services().prepared


@pytest.fixture
def gate(prepared: Prepared) -> Gate:
    """A gate of its own for each test, so that an alarm stays in it."""
    of_visit = prepared.gates["patient-view"]
    return Gate.of(of_visit.basis, of_visit.hook, prepared.derivation)


def problem(code: str, display: str, **elements: Any) -> dict[str, Any]:
    concept = {"coding": [{"system": ICD, "code": code, "display": display}]}
    return {"resourceType": "Condition", "id": f"c-{code}", "code": concept} | elements


HYPERTENSION = problem("I10", "Essential (primary) hypertension")
SCIATICA = problem("M54.31", "Sciatica, right side")
UNREADABLE = {"resourceType": "Condition", "id": "c-9", "code": {"coding": [{"system": "urn:local", "code": "4711"}]}}
IBUPROFEN = {
    "resourceType": "MedicationRequest",
    "id": "m-1",
    "status": "draft",
    "intent": "order",
    "medicationCodeableConcept": {"text": "ibuprofen 400 mg"},
}


def record(*resources: Any, whole: frozenset[str] = WHOLE, orders: bool = False) -> Record:
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}
    return read_bundle(bundle, complete=whole, order_hook=orders)


def passes(gate: Gate, chart: Record) -> bool:
    return gate.may_skip(gate.derivation.chart(chart, NOW))


def test_a_chart_about_something_else_passes(gate: Gate) -> None:
    assert passes(gate, record(HYPERTENSION))


def test_a_chart_with_sciatica_does_not(gate: Gate) -> None:
    assert not passes(gate, record(HYPERTENSION, SCIATICA))


def test_words_alone_are_enough_to_shut_it(gate: Gate) -> None:
    result = {"resourceType": "Condition", "id": "c-1", "code": {"text": "Sciatica, left leg"}}
    assert not passes(gate, record(result))


@pytest.mark.parametrize(
    ("why", "chart"),
    [
        ("the problem list was not sent", record(whole=WHOLE - {"Condition"})),
        ("a problem could not be understood", record(HYPERTENSION, UNREADABLE)),
        ("an entry is no resource", record(HYPERTENSION, "Condition")),
        ("an entry has a shape that cannot be read", record(HYPERTENSION | {"code": 7})),
        ("something is being ordered", record(HYPERTENSION, IBUPROFEN, orders=True)),
    ],
)
def test_it_is_shut_when(why: str, chart: Record, gate: Gate) -> None:
    assert not passes(gate, chart), why


@pytest.mark.parametrize("state", [state for state in Completeness if state is not Completeness.COMPLETE])
def test_a_problem_list_that_did_not_come_whole_shuts_every_gate(state: Completeness, prepared: Prepared) -> None:
    lists = dict.fromkeys(WHOLE, Completeness.COMPLETE) | {"Condition": state}
    assert [hook for hook, gate in prepared.gates.items() if gate.depends_on(lists)] == []


def test_every_hook_of_the_shipped_rules_has_a_gate_that_looks_for_few_of_many_keys(prepared: Prepared) -> None:
    every = {key for fact in prepared.knowledge.facts for key in prepared.derivation.keys_of(fact)}
    assert all(0 < len(gate.keys) < len(every) / 8 for gate in prepared.gates.values())


def test_its_digest_names_exactly_what_it_looks_for(gate: Gate) -> None:
    assert gate.basis is not None
    fewer = replace(gate.basis, keys=frozenset(list(gate.keys)[1:]))
    assert Gate.of(fewer, gate.hook, gate.derivation).digest != gate.digest
    assert Gate.of(gate.basis, gate.hook, gate.derivation).digest == gate.digest


def test_what_passes_is_not_decided_and_says_so(prepared: Prepared) -> None:
    skipped = next(one for one in map(UUID, map("{:032x}".format, range(50))) if not is_sampled(str(one)))
    decision = decide(prepared, record(HYPERTENSION), "patient-view", NOW, skipped, gated=True)
    assert decision.is_skipped
    assert decision.gated is not None
    assert decision.gated.digest == prepared.gates["patient-view"].digest
    assert decision.gated.lists["Condition"] is Completeness.COMPLETE
    assert not decision.findings
    assert not decision.outcomes


def test_nobody_who_does_not_ask_for_it_meets_the_gate(prepared: Prepared) -> None:
    assert decide(prepared, record(HYPERTENSION), "patient-view", NOW, UUID(int=1)).gated is None


def test_about_one_passage_in_a_hundred_is_decided_in_full() -> None:
    taken = sum(is_sampled(str(UUID(int=number))) for number in range(20_000))
    assert 150 < taken < 250
    assert ONE_IN == 100


def test_a_sample_is_decided_like_any_other_call(prepared: Prepared) -> None:
    sampled = next(one for one in map(UUID, map("{:032x}".format, range(2000))) if is_sampled(str(one)))
    decision = decide(prepared, record(HYPERTENSION), "patient-view", NOW, sampled, gated=True)
    assert decision.gated is not None
    assert not decision.is_skipped
    assert decision.findings["radicular-leg-pain"].status == "absent"


def test_a_card_on_a_sample_raises_the_alarm_and_shuts_the_gate(gate: Gate) -> None:
    with pytest.raises(GateError, match="patient-view"):
        gate.check(Gated(gate.digest, {}, is_sample=True), 1, "d")
    assert not passes(gate, record(HYPERTENSION))
    assert gate.alarm is not None


def test_where_nothing_can_be_shown_the_gate_is_shut(prepared: Prepared) -> None:
    gate = Gate.of(None, "patient-view", prepared.derivation)
    assert not gate.is_open
    assert not passes(gate, record(HYPERTENSION))
    assert gate.keys == frozenset()
