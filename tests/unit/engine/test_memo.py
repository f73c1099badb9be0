"""What both engines agreed on is not asked again, and the answer is the same to the byte."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from service.decision import Decision, Prepared, decide_on
from service.engine.chaining import Chained, Program
from service.engine.memo import Memo
from service.engine.trace import InOrder, Reading
from service.errors import EngineError
from service.finding import Evidence, Finding, Status
from service.knowledge.conditions import Truth
from service.knowledge.model import Conclusion, Knowledge, Phase
from tests.rules_in_python import a_rule, all_of, is_, measured, number

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
RULES = [
    a_rule("c", is_("pain"), concludes="risk"),
    a_rule("warn", all_of(is_("risk"), number("egfr", less_than=30)), indicator="warning"),
]


def prepared_with(knowledge: Knowledge) -> Prepared:
    few: Any = replace(
        knowledge,
        phases=(Phase("1_red_flags", "Red flags", tuple(RULES)),),
        conclusions={"risk": Conclusion("risk", "risk", "the risk", named_as_one=False)},
    )
    return Prepared(few, None, {"patient-view": Program(RULES)})  # type: ignore[arg-type]


def decided(prepared: Prepared, egfr: str, evidence: str) -> Decision:
    facts = {
        "pain": Finding("pain", Status.PRESENT, evidence=(Evidence(evidence, "Back pain"),)),
        "egfr": measured("egfr", egfr),
    }
    return decide_on(prepared, facts, "patient-view", NOW)


def test_a_second_patient_with_the_same_row_gets_the_same_advice_with_evidence_of_their_own(
    knowledge: Knowledge,
) -> None:
    prepared, fresh = prepared_with(knowledge), prepared_with(knowledge)
    first, second = (decided(prepared, "25", who) for who in ("Condition/first", "Condition/second"))
    memo = prepared.programs["patient-view"].memo
    assert (memo.hits, memo.misses) == (1, 1)
    assert second == decided(fresh, "25", "Condition/second")
    assert [item.resource for item in second.findings["risk"].evidence] == ["Condition/second"]
    assert first.advice[0].rule == second.advice[0].rule


def test_numbers_between_the_same_limits_are_one_row_and_a_number_on_a_limit_is_another(knowledge: Knowledge) -> None:
    prepared = prepared_with(knowledge)
    spoken = [bool(decided(prepared, egfr, "Condition/1").advice) for egfr in ("25", "29", "30", "31")]
    assert spoken == [True, True, False, False]
    memo = prepared.programs["patient-view"].memo
    assert (memo.hits, memo.misses) == (1, 3)


def test_what_the_engines_disagree_on_is_not_kept(knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = prepared_with(knowledge)
    monkeypatch.setattr(Program, "evaluate_vector", lambda _program, _row: Chained({}, {"risk": Status.ABSENT}, 0))
    for _ in range(2):
        with pytest.raises(EngineError):
            decided(prepared, "25", "Condition/1")
    assert prepared.programs["patient-view"].memo.hits == 0


def test_the_longest_unused_is_forgotten_first() -> None:
    memo = Memo(InOrder(RULES[:1]), (), capacity=2)
    first = memo.put(b"1", Reading({"c": Truth.TRUE}, {}, (), {}))
    memo.put(b"2", Reading({"c": Truth.FALSE}, {}, (), {}))
    assert memo.get(b"1") == first
    third = memo.put(b"3", Reading({"c": Truth.UNKNOWN}, {}, (), {}))
    assert memo.get(b"2") is None
    assert memo.get(b"1") == first
    assert memo.get(b"3") == third
    assert [dict(memo.read_again(known, {}).truths) for known in (first, third)] == [
        {"c": Truth.TRUE},
        {"c": Truth.UNKNOWN},
    ]
