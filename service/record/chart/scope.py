"""Scope: which problems make a chart one of the back, by the rules that conclude it (product choice no. 4)."""

from __future__ import annotations

from service.knowledge.concern import read_for_concern
from service.knowledge.model import Knowledge

__all__ = ["problems_in_scope"]


def problems_in_scope(knowledge: Knowledge) -> frozenset[str]:
    """The value sets of problems that put a chart in the scope of this service, with those that begin an episode."""
    names = read_for_concern(knowledge) & knowledge.facts.keys()
    sources = (source for name in names for source in knowledge.facts[name].sources)
    codes = (source.codes for source in sources if source.resource == "Condition")
    return frozenset(knowledge.episode).union(*codes)
