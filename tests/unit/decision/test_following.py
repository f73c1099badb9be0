"""What is said is worked out once for a state, and differs where anything differs that it looks at."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from service.decision import Decision, Prepared, decide, decide_on
from service.engine.chaining import Program
from service.finding import Finding, Status
from service.knowledge.model import Knowledge, Phase
from service.record.input.reader import read_bundle
from service.testkit.stories import read_stories
from tests.rules_in_python import a_rule, all_of, is_, measured, number
from tests.shipped import shipped_services

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
RULES = [a_rule("warn", all_of(is_("pain"), number("egfr", less_than=30)), indicator="warning", mentions=("fever",))]


def prepared_with(knowledge: Knowledge) -> Prepared:
    few: Any = replace(knowledge, phases=(Phase("1_red_flags", "Red flags", tuple(RULES)),), asked_only=())
    return Prepared(few, None, {"patient-view": Program(RULES)})  # type: ignore[arg-type]


def result(prepared: Prepared, fever: Status, egfr: Finding) -> Decision:
    facts = {"pain": Finding("pain", Status.PRESENT), "egfr": egfr, "fever": Finding("fever", fever)}
    return decide_on(prepared, facts, "patient-view", NOW)


def test_what_is_only_mentioned_is_told_as_it_is_for_each_patient(knowledge: Knowledge) -> None:
    prepared = prepared_with(knowledge)
    without, with_fever, unknown = (
        result(prepared, status, measured("egfr", "25")).advice[0]
        for status in (Status.ABSENT, Status.PRESENT, Status.UNKNOWN)
    )
    assert [finding.name for finding in without.found] == ["pain", "egfr"]
    assert [finding.name for finding in with_fever.found] == ["pain", "egfr", "fever"]
    assert unknown.not_recorded == ("fever",)


@pytest.mark.parametrize("story", read_stories()[::9], ids=lambda story: story.id)
def test_a_chart_seen_after_others_is_answered_as_if_it_were_the_first(story: Any) -> None:
    if story.is_request:
        pytest.skip("told by a request")
    shared = shipped_services().prepared
    record = read_bundle(story.document, order_hook=True)
    first = decide(replace(shared, sayings={}), record, "order-sign", story.now)
    for _ in range(2):
        assert decide(shared, record, "order-sign", story.now) == first
