"""Gating: whether anything in a chart can bring a card at all, seen before the chart is read."""

from __future__ import annotations

from service.decision import Prepared
from service.population.chart import Exported, Gathered, Read
from service.population.plan import Question


class Gating:
    """Asks the gate of the rule set about charts as they were gathered."""

    def __init__(self, prepared: Prepared, question: Question, exported: Exported) -> None:
        del prepared, question, exported

    def shut(self, gathered: Gathered) -> Read | None:
        """What was read of the chart, when no card is possible whatever else stands in it; None to decide in full."""
        del gathered
        return None
