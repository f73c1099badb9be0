"""Facts about entries that could not be read: how many there are, and what they say in words."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from service.finding import Finding, Status
from service.knowledge.model import FactDefinition
from service.record.chart.evidence import named_entries, ordered
from service.record.chart.index import NOT_READ, Chart
from service.record.kinds.plan import Plan
from service.record.model import Entry

_MOST_NAMED = 12


def plan(definition: FactDefinition) -> Plan:
    """How entries that could not be read are counted: present with their number, absent when there is none."""

    def find(chart: Chart) -> Finding:
        entries = list(_entries(definition, chart))
        if not entries:
            return Finding(definition.id, Status.ABSENT)
        count = Decimal(len(entries))
        named = ordered(named_entries(entries))
        return Finding(definition.id, Status.PRESENT, count, count, definition.unit, evidence=named[:_MOST_NAMED])

    return Plan(definition, find, frozenset((name, NOT_READ[name]) for name in definition.lists if name in NOT_READ))


def _entries(definition: FactDefinition, chart: Chart) -> Iterator[Entry]:
    for name in definition.lists:
        yield from chart.record.not_read.get(name, ())
