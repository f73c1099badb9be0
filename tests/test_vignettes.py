"""Every vignette: what an expert wants to be said about a chart is said, and what must not be said is not."""

from __future__ import annotations

import re
from functools import cache
from itertools import permutations

import pytest

from service.cli.vignettes import Vignette, answered, read_vignettes, vignette_case
from service.engine.patterns import STATUS_NUMBER
from service.finding import Finding
from service.knowledge.model import FactKind, Knowledge
from service.protocol.evaluation import Services
from service.review.equivalence import ties
from tests.thoroughness import some_of

_SOURCE = re.compile(r"REC-\d{3}|decision \d+|section .+|fact .+|H-\d\d")


@cache
def vignettes() -> tuple[Vignette, ...]:
    return read_vignettes()


@pytest.fixture(scope="module")
def services() -> Services:
    from service.cli.stories import example_services

    return example_services()


@pytest.mark.parametrize("vignette", vignettes(), ids=lambda vignette: vignette.id)
def test_what_an_expert_wants_is_said_and_no_more(
    services: Services, vignette: Vignette, request: pytest.FixtureRequest
) -> None:
    if vignette.to_mend:
        request.applymarker(pytest.mark.xfail(reason=vignette.to_mend, strict=True))
    assert list(vignette.breaches(services, answered(services, vignette))) == []


def test_every_rule_that_a_vignette_names_exists(knowledge: Knowledge) -> None:
    rules = {rule.id for rule in knowledge.rules}
    wanted = {vignette.id: vignette.expects.named() - rules for vignette in vignettes() if not vignette.to_mend}
    assert {name: missing for name, missing in wanted.items() if missing} == {}


def test_every_vignette_names_its_source() -> None:
    assert [vignette.id for vignette in vignettes() if not all(map(_SOURCE.fullmatch, vignette.source))] == []
    assert [vignette.id for vignette in vignettes() if not vignette.source] == []


def test_facts_that_proofs_take_for_tied_are_so_in_the_charts_of_the_vignettes(services: Services) -> None:
    knowledge = services.prepared.knowledge
    charts = [vignette_case(services, vignette).facts for vignette in some_of(vignettes(), 80)]
    facts = [fact for fact in knowledge.facts.values() if fact.kind in (FactKind.DRUG, FactKind.ORDER)]
    for one, other in permutations(facts, 2):
        for status in ties(knowledge, one, other):
            alike = (chart[other.id].status is chart[one.id].status for chart in charts if _is(chart[one.id], status))
            assert all(alike), (one.id, other.id)


def _is(finding: Finding, status: int) -> bool:
    return STATUS_NUMBER[finding.status] == status
