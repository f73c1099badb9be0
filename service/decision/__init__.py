"""Decision: one record, one hook, one time in; one Decision out."""

from service.decision.deciding import (
    Advice,
    Decision,
    Prepared,
    compare,
    decide,
    decide_on,
    prepare,
    prepare_for_findings,
)
from service.decision.following import suppressed_by

__all__ = [
    "Advice",
    "Decision",
    "Prepared",
    "compare",
    "decide",
    "decide_on",
    "prepare",
    "prepare_for_findings",
    "suppressed_by",
]
