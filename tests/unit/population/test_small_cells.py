"""Counts that are small are not shown, and none that is shown tells one of them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.population.small_cells import ALL, Cell, hidden_cells, hidden_parts
from tests.population_data import all_lines, asked, by_type, ran

SMALL = 11
TABLES = st.dictionaries(
    st.tuples(st.sampled_from(["18 to 39", "40 to 64", "65 to 79"]), st.sampled_from(["female", "male", "not known"])),
    st.integers(1, 40),
    min_size=1,
)


def test_of_the_parts_of_a_known_total_one_that_is_small_is_not_the_difference_of_the_others() -> None:
    assert hidden_parts({"critical": 41, "warning": 10, "info": 61}, SMALL) == {"warning", "critical"}
    assert hidden_parts({"critical": 0, "warning": 10, "info": 61}, SMALL) == {"warning", "info"}
    assert hidden_parts({"critical": 11, "warning": 0, "info": 61}, SMALL) == frozenset()
    assert hidden_parts({"critical": 1, "warning": 2}, 0) == frozenset()


@given(TABLES)
def test_of_a_table_with_its_sums_no_small_number_follows_from_the_others(cells: dict[Cell, int]) -> None:
    hidden = hidden_cells(cells, SMALL)
    sums: Counter[Cell] = Counter()
    for (age, sex), number in cells.items():
        for margin in ((age, ALL), (ALL, sex), (ALL, ALL)):
            sums[margin] += number
    assert {cell for cell, number in (cells | sums).items() if number < SMALL} <= hidden
    for margin in sums:
        age, sex = margin
        if margin != (ALL, ALL):
            parts = {cell for cell in cells if age in {cell[0], ALL} and sex in {cell[1], ALL}}
            assert len(hidden & (parts | {margin})) != 1
    for place in (0, 1):
        parts = {cell for cell in sums if cell[place] != ALL}
        assert len(hidden & (parts | {(ALL, ALL)})) != 1


@pytest.mark.parametrize("small", [0, SMALL])
def test_no_count_of_patients_or_cards_below_the_limit_is_told(tmp_path: Path, small: int) -> None:
    ran(by_type(tmp_path / "data", all_lines()), tmp_path / "out", asked(small=small))
    summary = orjson.loads((tmp_path / "out" / "summary.json").read_bytes())
    told = [summary["cards"]["all"], *(one["patients"] for one in (*summary["loudest"], *summary["missing"]))]
    for rule in summary["rules"]:
        told += [rule["cards"], *(cell["cards"] for cell in rule["byAgeAndSex"])]
        told += [cell["number"] for cell in (*rule["byAge"], *rule["bySex"])]
    few = [number for number in told if number is not None and 0 < number < SMALL]
    assert bool(few) is (small == 0)
    page = (tmp_path / "out" / "summary.html").read_text()
    assert ("not shown" in page) is (small != 0)


def test_what_was_deleted_is_told_apart_from_what_cannot_be_read(tmp_path: Path) -> None:
    data = by_type(tmp_path / "data", all_lines())
    named = orjson.loads((data / "Condition.ndjson").read_bytes().splitlines()[0])["id"]
    gone = {"resourceType": "Bundle", "entry": [{"request": {"method": "DELETE", "url": f"Condition/{named}"}}]}
    output = [{"type": path.stem, "url": f"https://e.example/{path.name}"} for path in sorted(data.iterdir())]
    manifest = {"transactionTime": "2026-11-24T09:00:00Z", "output": output}
    manifest["deleted"] = [{"type": "Bundle", "url": "https://e.example/deleted.ndjson"}]
    (data / "deleted.ndjson").write_bytes(orjson.dumps(gone))
    (data / "manifest.json").write_bytes(orjson.dumps(manifest))
    ran(data, tmp_path / "out")
    first = orjson.loads((tmp_path / "out" / "summary.json").read_bytes())["first"]
    assert "1 resources were left out because the export says that they were deleted." in first
    assert not any("could not be used" in line for line in first)
