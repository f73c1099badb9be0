"""Later: what CDS Hooks 3.0 adds to discovery, for clients that know it; off unless the operator asks (chapter 23).

``version`` and ``hookVersion`` say what a service was made for. FHIRPath tokens (trial use in 3.0) let a template
name a date relative to today: a query whose every reader looks back only so far need not bring what is older.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from service.config import Settings
from service.knowledge.data_requirements import facts_for
from service.knowledge.hooks import HOOKS
from service.knowledge.model import FactDefinition, Knowledge, ServiceDefinition, types_read
from service.record.input.prefetch_templates import Template

CDS_HOOKS_VERSION = "2.0.1"
_SORTED = re.compile(r"_sort=-([a-z-]+)")

Json = dict[str, Any]


def v3_members(
    entry: Json, service: ServiceDefinition, templates: Sequence[Template], knowledge: Knowledge, settings: Settings
) -> Json:
    """The discovery entry of a service with the members the settings ask for; the same entry when they ask for none."""
    if settings.discovery_versions:
        entry = entry | {"version": CDS_HOOKS_VERSION, "hookVersion": HOOKS[service.hook].version}
    if settings.fhirpath_tokens:
        facts = facts_for(knowledge, service.hook)
        entry = entry | {"prefetch": {template.key: dated(template, facts) for template in templates}}
    return entry


def dated(template: Template, facts: Iterable[FactDefinition]) -> str:
    """The query of a template, bounded to the days that facts look back where every fact that reads it has a limit."""
    newest = _SORTED.search(template.query)
    if newest is None or not template.narrowed:
        # A list that must be whole is asked for whole.
        return template.query
    limits = [_looks_back(fact, type_) for fact in facts for type_ in template.types if type_ in types_read(fact)]
    known = [limit for limit in limits if limit is not None]
    if not known or len(known) < len(limits):
        return template.query
    # One day more, for clocks and zones.
    bound = f"{newest[1]}=ge{{{{today() - {max(known) + 1} days}}}}"
    return template.query.replace("&_sort=", f"&{bound}&_sort=")


def _looks_back(fact: FactDefinition, type_: str) -> int | None:
    """How many days back a fact reads resources of a type; None: without limit."""
    if fact.look_back_days is not None:
        return int(fact.look_back_days) + 1
    windows = [source.within_days for source in fact.sources if source.resource == type_]
    known = [window for window in windows if window is not None]
    return max(known) if known and len(known) == len(windows) else None
