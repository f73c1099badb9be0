"""The law: what could not be read is named or refused, and never makes a card disappear or a finding absent."""

from __future__ import annotations

import re

from service.finding import Status
from tests.properties.charts import Said

_WORD = re.compile(
    r"could not be (?:read|checked|had)|not (?:assessed|received|recognised|sent|read)|received in part|not on record"
    r"|Not known|not recorded|unknown",
    re.IGNORECASE,
)


def lost(before: Said, after: Said) -> frozenset[str]:
    """The loud rules that spoke before and do not now."""
    return before.severe - after.severe


def breaks(before: Said, after: Said) -> str | None:
    """How an answer to spoilt data breaks the law; None when it holds."""
    if after.refused:
        return None
    gone = lost(before, after)
    if gone and after.cards == 0:
        return f"silent: {sorted(gone)}"
    if gone and not _WORD.search(after.words):
        return f"without a word: {sorted(gone)}"
    return None


def turned_absent(before: Said, after: Said) -> list[str]:
    """The facts that were present and are absent now."""
    if before.decision is None or after.decision is None:
        return []
    was, now = before.decision.findings, after.decision.findings
    return [name for name, one in was.items() if one.status is Status.PRESENT and now[name].status is Status.ABSENT]
