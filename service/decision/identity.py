"""Identity: the id of a decision, made from its content, so that the same question gives the same id."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from datetime import datetime

from service.bounded import Bounded
from service.finding import Finding
from service.knowledge.model import Knowledge
from service.record.notes import text_of

_CONTENT_IDS = uuid.UUID("6f0d7f5e-6a3b-4c0e-9d9e-2f4f3b6f7c11")
"""The name space of such ids."""
_MOST_LINES = 4096


class ContentIds:
    """Makes ids from facts.

    Nearly all facts of a chart are found to be what they are where nothing concerns them, and that is the same object
    for every chart of which the same lists came: such a finding is written once.
    """

    def __init__(self) -> None:
        # With its line the finding itself is held, so that no other comes to have its number.
        self._written: Bounded[int, tuple[Finding, str]] = Bounded(_MOST_LINES)

    def of(self, knowledge: Knowledge, facts: Mapping[str, Finding], hook: str, now: datetime) -> uuid.UUID:
        """The id of what is decided on these facts with this knowledge."""
        known, lines = self._written, []
        for name in sorted(facts):
            finding = facts[name]
            written = known.get(id(finding))
            lines.append(written[1] if written is not None and written[0] is finding else self._line(finding))
        text = "\n".join(lines)
        content = f"{knowledge.digest}\n{hook}\n{now.isoformat()}\n{text}"
        return uuid.uuid5(_CONTENT_IDS, hashlib.sha256(content.encode()).hexdigest())

    def _line(self, finding: Finding) -> str:
        line = _line(finding)
        if not finding.evidence:
            self._written[id(finding)] = (finding, line)
        return line


def _line(finding: Finding) -> str:
    # By hand, because the repr of three hundred dataclasses costs as much as reading the chart.
    evidence = [(item.resource, item.date, item.text, item.note and text_of(item.note)) for item in finding.evidence]
    notes = tuple(map(text_of, finding.notes))
    return f"{finding.name}|{finding.status.value}|{finding.low}|{finding.high}|{finding.unit}|{notes}|{evidence}"
