"""No gate moves unseen: what each depends on is what the lock beside this test says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from service.knowledge.model import Knowledge
from service.review.gate_lock import gate_differences, gates_as_lock, locked_gates, read_gate_lock

LOCK = Path(__file__).with_name("gates.yaml")


def test_every_gate_depends_on_what_is_locked(knowledge: Knowledge) -> None:
    result = list(gate_differences(locked_gates(knowledge), read_gate_lock(LOCK.read_text(encoding="utf-8"))))
    hint = "meant so? sciatica-cds table --lock tests/rules/meaning.yaml, and commit both files with the rule"
    assert result == [], "\n".join([*result, hint])


def test_a_gate_that_grew_or_shrank_is_shown_by_fact_and_by_value_set() -> None:
    locked = read_gate_lock(LOCK.read_text(encoding="utf-8"))
    before = locked["patient-view"]
    now = replace(before, facts=(*before.facts[1:], "diabetes absent"), keys=(*before.keys, "Condition cond-diabetes"))
    assert list(gate_differences(locked | {"patient-view": now}, locked)) == [
        "the gate of patient-view also depends on diabetes absent",
        f"the gate of patient-view no longer depends on {before.facts[0]}",
        "the gate of patient-view also looks for Condition cond-diabetes",
    ]
    assert read_gate_lock(gates_as_lock(locked)) == locked
