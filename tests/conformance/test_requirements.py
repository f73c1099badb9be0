"""Every requirement a service must or should meet has a test that names it, or stands as not ours with a reason."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from tests.conformance.page import FAILED, MET, UNTESTED, page
from tests.conformance.requirements import requirements
from tests.conftest import PROJECT


def named_in(path: Path) -> set[str]:
    """The requirements that markers in a test module name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("mark.requirement"):
            found |= {argument.value for argument in node.args if isinstance(argument, ast.Constant)}
    return found


@cache
def named() -> frozenset[str]:
    return frozenset().union(*(named_in(path) for path in (PROJECT / "tests").rglob("test_*.py")))


def test_every_binding_requirement_has_a_test() -> None:
    without = [one.id for one in requirements() if one.is_binding and one.id not in named()]
    assert without == []


def test_what_has_no_test_has_a_reason() -> None:
    without = [one.id for one in requirements() if not one.reason and one.id not in named()]
    assert without == []


def test_what_is_not_ours_says_why_and_nobody_claims_it() -> None:
    others = [one for one in requirements() if one.whose != "service"]
    assert all(one.reason for one in others)
    assert not {one.id for one in others} & named()


def test_no_test_names_a_requirement_that_is_not_in_the_table() -> None:
    assert named() - {one.id for one in requirements()} == set()
    assert len({one.id for one in requirements()}) == len(requirements())


def test_the_page_tells_met_failed_and_untested_apart() -> None:
    result = page({"TR-1": {"tests/a.py::test_a": {"passed"}}, "TR-2": {"tests/a.py::test_b": {"passed", "failed"}}})
    rows = {line.split(" | ")[0].strip("| "): line for line in result.splitlines() if line.startswith("| ")}
    assert f" | {MET} | `tests/a.py`: a |" in rows["TR-1"]
    assert f" | {FAILED} | " in rows["TR-2"]
    assert f" | {UNTESTED} | " in rows["TR-3"]
    assert " | not ours | " in rows["RP-10"]
