"""The page ``docs/conformance.md``: every requirement with its level, the tests that show it met, and the result."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from tests.conformance.requirements import CHAPTERS, Requirement, requirements

MET, FAILED, SKIPPED, UNTESTED = "met", "**not met**", "not run", "**no test**"
_SHOWN = 3
# The numbers that open the name of a test say what the row says already.
_NUMBERS = re.compile(r"^test_(?:[a-z]{2}_?\d+_(?:to_)?|\d{3}_)*")

Outcomes = Mapping[str, Mapping[str, set[str]]]
"""Requirement id -> test -> the outcomes of its cases."""

_HEAD = """# Conformance to CDS Hooks 2.0.1

Made by `make conformance` from the tests that name a requirement; not written by hand. The numbers and our words for
them stand in `tests/conformance/requirements.csv`; where wording decides, read the specification.

Levels: **M** must, **S** should, *s* a "should" in small letters, *Y* may, *BP* best practice beside the specification,
*P* a rule of this product, *-* a note that can be tested all the same.
"""


def result(requirement: Requirement, outcomes: Outcomes) -> str:
    """What the tests say about one requirement."""
    tests = outcomes.get(requirement.id, {})
    seen = set().union(*tests.values()) if tests else set()
    if "failed" in seen:
        return FAILED
    if "passed" in seen:
        return MET
    if requirement.reason:
        return "not ours" if requirement.whose != "service" else "not used"
    return SKIPPED if seen else UNTESTED


def page(outcomes: Outcomes) -> str:
    """The page. The same outcomes give the same bytes."""
    rows = [(one, result(one, outcomes)) for one in requirements()]
    parts = [_HEAD, _counts(rows)]
    for chapter in CHAPTERS.values():
        parts.append(f"## {chapter}\n\n| Id | Level | Requirement | Result | Shown by |\n|---|---|---|---|---|")
        parts[-1] += "".join(_row(one, told, outcomes) for one, told in rows if one.chapter == chapter) + "\n"
    return "\n".join(parts)


def _counts(rows: list[tuple[Requirement, str]]) -> str:
    levels = list(dict.fromkeys(one.level for one, _ in rows))
    results = list(dict.fromkeys(told for _, told in rows))
    counted = Counter((one.level, told) for one, told in rows)
    lines = [f"| Level | {' | '.join(results)} |", "|---|" + "---|" * len(results)]
    lines += [
        f"| {level} | " + " | ".join(str(counted[level, told] or "") for told in results) + " |" for level in levels
    ]
    return "\n".join(lines) + "\n"


def _row(requirement: Requirement, told: str, outcomes: Outcomes) -> str:
    tests = sorted(outcomes.get(requirement.id, {}))
    shown = "<br>".join(_told(test) for test in tests[:_SHOWN])
    more = f"<br>and {len(tests) - _SHOWN} more" if len(tests) > _SHOWN else ""
    reason = shown + more or requirement.reason
    return f"\n| {requirement.id} | {requirement.level} | {requirement.text} | {told} | {reason} |"


def _told(test: str) -> str:
    """A test as its file and the sentence its name is."""
    path, _, name = test.partition("::")
    return f"`{path}`: {_NUMBERS.sub('', name).replace('_', ' ')}"
