"""Plan: how one fact is read, prepared once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from service.finding import Finding
from service.knowledge.model import FactDefinition
from service.record.chart.code_match import Key
from service.record.chart.index import Chart


@dataclass(frozen=True, slots=True)
class Plan:
    """One fact, how to find it, and what on the chart concerns it.

    When none of ``keys`` is on the chart, the finding depends on nothing but which lists were sent, so it may be
    cached and used again for another record. ``always`` says that it also depends on something else (the patient).
    """

    definition: FactDefinition
    find: Callable[[Chart], Finding]
    keys: frozenset[Key] = frozenset()
    always: bool = False
