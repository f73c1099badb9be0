"""Decision: one record, one hook, one time in; one Decision out."""

from service.decision.deciding import (
    Advice,
    Decision,
    Prepared,
    compare,
    covered_by,
    decide,
    decide_on,
    prepare,
)

__all__ = ["Advice", "Decision", "Prepared", "compare", "covered_by", "decide", "decide_on", "prepare"]
