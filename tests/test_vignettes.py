"""Every vignette: what an expert wants to be said about a chart is said, and what must not be said is not."""

from __future__ import annotations

import re
from functools import cache

import pytest

from service.cli.vignettes import Vignette, answered, read_vignettes
from service.knowledge.model import Knowledge
from service.protocol.evaluation import Services

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
