"""Setting facts: how the rule set is set up at this site."""

from __future__ import annotations

from service.finding import Finding, Status
from service.knowledge.model import FactDefinition
from service.record.chart.index import Chart
from service.record.kinds.plan import Plan


def plan(definition: FactDefinition) -> Plan:
    """Present when the setting has the value asked for, else absent. Never unknown."""

    def find(chart: Chart) -> Finding:
        holds = chart.matcher.settings.get(definition.setting or "") == definition.equals
        return Finding(definition.id, Status.PRESENT if holds else Status.ABSENT)

    return Plan(definition, find)
