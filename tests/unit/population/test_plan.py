"""How a run falls into tasks."""

from __future__ import annotations

from pathlib import Path

from service.population.inputs import find_inputs
from service.population.limits import DEFAULT_MEMORY, sizes_for
from service.population.plan import plan_of


def test_of_the_files_that_are_hashed_apart_the_largest_come_first(tmp_path: Path) -> None:
    for name, lines in (("Condition.ndjson", 2), ("Observation.ndjson", 9), ("Procedure.ndjson", 5)):
        (tmp_path / name).write_text('{"resourceType":"Patient","id":"1"}\n' * lines)
    (tmp_path / "bundle.json").write_text('{"resourceType":"Bundle","entry":[]}')
    plan = plan_of(find_inputs(tmp_path), sizes_for(DEFAULT_MEMORY))
    assert [plan.sources[number].name for number in plan.hashed_apart()] == [
        "Observation.ndjson",
        "Procedure.ndjson",
        "Condition.ndjson",
    ]
