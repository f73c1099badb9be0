"""Facts about entries that could not be read: how many there are, and what they say in words."""

from __future__ import annotations

from decimal import Decimal

from service.finding import Finding, Status
from service.knowledge.model import FactDefinition
from service.record.chart.evidence import named_entries, ordered
from service.record.chart.filing import NAMED_IF_NOT_READ
from service.record.chart.index import Chart
from service.record.kinds.plan import Plan
from service.record.model import Entry

_MOST_NAMED = 12


def plan(definition: FactDefinition) -> Plan:
    """How entries that could not be read are counted: present with their number, absent when there is none.

    What is not final is absent here: that it would bring a warning is found when the rest was decided.
    """
    if definition.not_final:
        return Plan(definition, lambda _: Finding(definition.id, Status.ABSENT), frozenset())

    def find(chart: Chart) -> Finding:
        entries = [
            entry
            for name in definition.lists
            for entry in chart.record.not_understood.get(name, ())
            if not definition.red_flags or _names_red_flag(entry, chart)
        ]
        if not entries:
            return Finding(definition.id, Status.ABSENT)
        count = Decimal(len(entries))
        named = ordered(named_entries(entries))[:_MOST_NAMED]
        return Finding(definition.id, Status.PRESENT, count, count, definition.unit, evidence=named)

    keys = ((name, NAMED_IF_NOT_READ[name]) for name in definition.lists if name in NAMED_IF_NOT_READ)
    return Plan(definition, find, frozenset(keys))


def _names_red_flag(entry: Entry, chart: Chart) -> bool:
    is_listed = entry.type == "Condition" and not chart.is_told_elsewhere(entry)
    return chart.matcher.index.names_red_flag(entry.resource.get("code"), is_listed=is_listed)
