"""How a run falls into tasks."""

from __future__ import annotations

from pathlib import Path

from service.population.inputs import find_inputs
from service.population.limits import Sizes
from service.population.plan import Plan, plan_of

LINE = '{"resourceType":"Patient","id":"1"}\n'


def plan_for(folder: Path) -> Plan:
    """Files of some lines, of which a task takes four."""
    for name, lines in (("Claim", 30), ("Condition", 2), ("Observation", 9), ("Procedure", 5)):
        (folder / f"{name}.ndjson").write_text(LINE * lines)
    (folder / "Goal.ndjson.gz").write_bytes(b"\x1f\x8b")
    (folder / "bundle.json").write_text('{"resourceType":"Bundle","entry":[]}')
    return plan_of(find_inputs(folder), Sizes(task=4 * len(LINE), segment=1 << 20, bucket=1 << 20))


def test_what_no_task_reads_whole_as_it_stands_on_disk_is_hashed_apart_the_largest_first(tmp_path: Path) -> None:
    plan = plan_for(tmp_path)
    assert [plan.sources[number].name for number in plan.hashed_apart()] == [
        "Observation.ndjson",
        "Procedure.ndjson",
        "Goal.ndjson.gz",
    ]


def test_a_file_of_a_type_that_is_not_read_is_one_task_and_begun_first(tmp_path: Path) -> None:
    plan = plan_for(tmp_path)
    first = plan.tasks[plan.largest_first()[0]]
    assert [plan.sources[piece.source].name for piece in first] == ["Claim.ndjson"]
    assert sorted(plan.largest_first()) == list(range(len(plan.tasks)))
