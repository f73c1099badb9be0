"""The law of the gate: a chart that it lets pass has nothing to say, whatever stands in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from uuid import UUID

import pytest
from msgspec.structs import replace as replaced

from service.cards.cards import Audience, render
from service.cards.not_assessed import Lacking
from service.cards.orders import Ordering
from service.cards.suggestions import Acting
from service.decision import Decision, decide
from service.decision.gate import Gate
from service.knowledge.hooks import HOOKS
from service.protocol.evaluation import Services
from service.record.model import Record
from tests.properties.random_charts import NOW, Charts
from tests.shipped import shipped_services
from tests.thoroughness import THOROUGH

CHARTS = 1000


@pytest.fixture(scope="module")
def services() -> Services:
    return shipped_services()


def passing(services: Services, gate: Gate, seed: int) -> Iterator[Record]:
    """Random charts that a gate lets pass."""
    derivation = services.prepared.derivation
    charts = Charts(services.prepared.knowledge, derivation, seed)
    return (record for record in charts.records() if gate.may_skip(derivation.chart(record, NOW)))


def says_something(services: Services, record: Record, hook: str) -> bool:
    """Whether the whole path gives a card, with every list that was not sent counted as asked for."""
    decision = decide(services.prepared, record, hook, NOW, UUID(int=1))
    service = next(one for one in services.offered.values() if one.hook == hook)
    acting = Acting(services.drafts, Ordering(record.release, "p", None, NOW), frozenset())
    lacking = Lacking(absent=services.templates[service.id], partly=services.templates[service.id])
    return bool(decision.advice) or _shows(services, decision, Audience(service), acting, lacking)


def _shows(services: Services, decision: Decision, audience: Audience, acting: Acting, lacking: Lacking) -> bool:
    knowledge = services.prepared.knowledge
    return any(
        render(knowledge, decision, replaced(audience, for_patient=for_patient), acting, lacking)
        for for_patient in (False, True)
    )


@pytest.mark.parametrize("hook", sorted(HOOKS))
def test_of_a_thousand_charts_that_pass_none_has_anything_to_say_when_it_is_decided_in_full(
    services: Services, hook: str
) -> None:
    gates = services.prepared.gates
    assert gates.keys() == HOOKS.keys()
    share = CHARTS if THOROUGH else CHARTS // len(gates) + 1
    for record in islice(passing(services, gates[hook], sorted(gates).index(hook)), share):
        assert not says_something(services, record, hook), (hook, [entry.resource for entry in record.entries])


def test_the_same_charts_show_a_gate_that_does_not_look_for_sciatica(services: Services) -> None:
    gate = services.prepared.gates["patient-view"]
    assert gate.basis is not None
    blind = replace(gate.basis, keys=frozenset(key for key in gate.keys if key[1] != "cond-sciatica"))
    wrong = Gate.of(blind, gate.hook, services.prepared.derivation)
    assert any(says_something(services, record, gate.hook) for record in islice(passing(services, wrong, 1), 1500))
