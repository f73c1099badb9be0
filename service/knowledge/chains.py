"""Whether conclusions can be drawn in the order of the phases, and never in a circle."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

from service.knowledge.collection import Collection
from service.knowledge.model import Rule, leaves


def check_chains(found: Collection) -> None:
    """Add an issue to ``found`` for every conclusion read too early and every circle of conclusions."""
    order = {phase: index for index, phase in enumerate(found.declared("phase"))}
    rules = [rule for rule in found.rules.values() if rule.status != "retired" and rule.phase in order]
    drawn: dict[str, list[Rule]] = {}
    for rule in rules:
        if rule.concludes is not None:
            drawn.setdefault(rule.concludes, []).append(rule)
    for rule in rules:
        for leaf in leaves(rule.when):
            late = [drawer for drawer in drawn.get(leaf.finding, ()) if order[drawer.phase] > order[rule.phase]]
            if late:
                text = f"{leaf.finding} is read in {rule.phase} but concluded in {late[0].phase}"
                found.add_issue(leaf.at, text, f"by {late[0].id}; move one of the two rules")
    _circles(found, drawn)


def _circles(found: Collection, drawn: dict[str, list[Rule]]) -> None:
    read_from = {
        name: {leaf.finding for rule in drawers for leaf in leaves(rule.when)} & set(drawn)
        for name, drawers in drawn.items()
    }
    while True:
        try:
            TopologicalSorter(read_from).prepare()
        except CycleError as error:
            circle: list[str] = error.args[1]
            rules = ", ".join(sorted(rule.id for name in set(circle) for rule in drawn[name]))
            text = "conclusions depend on each other in a circle: " + " -> ".join(circle)
            found.add_issue(drawn[circle[0]][0].at, text, f"rules {rules}")
            for name in circle:
                read_from.pop(name, None)
        else:
            return
