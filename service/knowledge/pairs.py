"""Pairs of drugs that must not meet unnoticed: one declaration makes the condition of every direction.

``ruleset.yaml`` declares a pair with the findings of its two sides. A rule (or variant) that says
``pair: {id: …, side: …}`` gets its condition from there:

* ``first`` - the first is ordered while the second is taken or ordered;
* ``second`` - the second is ordered while the first is taken, and the first is not being ordered;
* ``running`` - both are taken when the chart is opened.

Where the pair is only a part of what a rule asks, ``written: true`` leaves the condition to the rule, and the findings
of the pair must all stand in it.

A pair of which some side is shown by no rule is refused, so that the second drug ordered is never silent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from service.errors import Issue
from service.knowledge.documents import Items, Table
from service.knowledge.schemas.fields import did_you_mean

SIDES = ("first", "second", "running")


def pair_condition(pair: Table, pairs: Mapping[str, Mapping[str, Any]]) -> tuple[Any, Issue | None]:
    """The raw condition of one direction, or what is wrong with the mapping under ``pair:``."""
    where = f"{pair.file}:{pair.line}"
    name, side = pair.get("id"), pair.get("side")
    if not isinstance(name, str) or name not in pairs:
        return None, Issue(where, f"pair: {name} is not in ruleset.yaml", did_you_mean(str(name), pairs))
    if side not in SIDES or not set(pair) <= {"id", "side", "written"}:
        return None, Issue(where, "pair: must name an id and a side", ", ".join(SIDES))
    first, second = pairs[name]["first"], pairs[name]["second"]
    if side == "first":
        parts = [_any(first["ordered"], pair), _any(second["active"], pair)]
    elif side == "second":
        ordered = () if pair.get("written") is True else first["ordered"]
        elsewhere = [_leaf(fact, "not present", pair) for fact in ordered]
        parts = [_any(second["ordered"], pair), _any(first["active"], pair), *elsewhere]
    else:
        parts = [_any(one.get("running") or one["active"], pair) for one in (first, second)]
    return _table({"all": _items(parts, pair)}, pair), None


def findings_of(condition: Any) -> set[str]:
    """Every finding that a raw condition reads."""
    if isinstance(condition, Items):
        return {name for part in condition for name in findings_of(part)}
    if not isinstance(condition, Table):
        return set()
    return {
        name
        for key, value in condition.items()
        for name in (findings_of(value) if key in ("all", "any") else {str(key)})
    }


def missing_sides(
    pairs: Mapping[str, Mapping[str, Any]], tables: Mapping[str, Table], shown: set[tuple[str, str]]
) -> Iterator[Issue]:
    """An issue for every side of a pair that no rule shows, where the pair stands.

    ``running`` may be left to the two others only where the pair says why (``not_shown_running``).
    """
    for name, pair in pairs.items():
        for side in SIDES:
            if side == "running" and pair.get("not_shown_running"):
                continue
            if (name, side) not in shown:
                text = f"pair {name}: no rule shows its side {side}"
                yield Issue(tables[name].at, text, f"pair: {{id: {name}, side: {side}}} in a rule with a card")


def _any(facts: Sequence[str], pair: Table) -> Table:
    leaves = [_leaf(fact, "present", pair) for fact in facts]
    return leaves[0] if len(leaves) == 1 else _table({"any": _items(leaves, pair)}, pair)


def _leaf(fact: str, word: str, pair: Table) -> Table:
    return _table({fact: word}, pair)


def _items(parts: Sequence[Table], pair: Table) -> Items:
    items = Items(pair.line)
    items.extend(parts)
    items.item_lines.extend([pair.line] * len(parts))
    return items


def _table(content: Mapping[str, Any], pair: Table) -> Table:
    table = Table(pair.file, pair.line)
    for key, value in content.items():
        table[key] = value
        table.key_lines[key] = pair.line
    return table
