"""The ladder of care says what the conditions say: steps without a gap, each rule in the weeks that time lets it."""

from __future__ import annotations

import pytest

from service.knowledge.loader import load
from service.knowledge.model import Knowledge
from service.review.ladder import Ladder, Span, ladder_of
from tests.conftest import PROJECT


@pytest.fixture(scope="module")
def ladder(knowledge: Knowledge) -> Ladder:
    found = ladder_of(knowledge)
    assert found is not None
    return found


def test_one_step_begins_where_the_one_before_it_ends(ladder: Ladder) -> None:
    for path in ladder.paths:
        ends = [step.days.until for step in path.steps]
        assert [step.days.first for step in path.steps] == [0, *ends[:-1]]
        assert ends[-1] == ladder.ends == 365


def test_each_kind_of_patient_has_a_path_of_its_own(ladder: Ladder) -> None:
    sciatica, *others = ladder.paths
    weeks = {step.rule.id: step.days for step in sciatica.steps}
    assert weeks["pathway-week-6-to-12"] == Span(42, 84)
    assert {leaf.finding for leaf in sciatica.tests} == {"radicular-leg-pain"}
    assert [[leaf.finding for leaf in path.tests] for path in others] == [["neurogenic-claudication"]]


def test_a_rule_stands_in_the_weeks_that_time_lets_it_speak(ladder: Ladder) -> None:
    days = {gate.rule.id: gate.days for gate in ladder.gates}
    assert days["mo-six-week-decision"] == (Span(42, None),)
    assert days["es-surgery-window"] == (Span(140, 366),)
    assert days["fl-chronic-nonpharm-first"] == (Span(84, None),), "over twelve weeks, through a conclusion"
    assert days["mo-epidural-response"] == (Span(0, None),), "counted from the injection, not from the onset"


def test_a_rule_set_without_a_pathway_has_no_ladder() -> None:
    assert ladder_of(load(PROJECT / "tests" / "rules_valid")) is None
