"""What the process says about itself: alive, ready, which rules, in which mode, and what an operator should know."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from service.config import Settings
from service.knowledge.model import Knowledge


def health(
    knowledge: Knowledge, settings: Settings, *, ready: bool, memory: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, Any]:
    """The body of ``GET /health``. Holds nothing about patients or callers and no path of the machine.

    ``memory`` says how the store is; its ``fault`` becomes a warning.
    """
    return {
        "live": True,
        "ready": ready,
        "mode": settings.mode,
        "authentication": settings.authentication,
        "ruleset": {"name": knowledge.name, "version": knowledge.version, "digest": knowledge.digest},
        "counts": {
            "rules": len(knowledge.rules),
            "approved": len(knowledge.approved),
            "facts": len(knowledge.facts),
            "value_sets": len(knowledge.value_sets),
            "sources": len(knowledge.sources),
            "services": len(knowledge.services),
        },
        "store": {"mode": settings.store, **memory},
        "warnings": [*warnings(knowledge, settings), *([memory["fault"]] if memory.get("fault") else [])],
    }


def warnings(knowledge: Knowledge, settings: Settings) -> list[str]:
    """What an operator should know before trusting this process."""
    found = []
    if settings.authentication == "open":
        found.append("callers are not authenticated (SCIATICA_CDS_AUTHENTICATION=open)")
    if not settings.production:
        found.append("development mode: not for data of real patients")
    unapproved = sum(1 for rule in knowledge.rules if rule.id not in knowledge.approved)
    if unapproved:
        found.append(f"{unapproved} of {len(knowledge.rules)} rules are not approved by a named clinician")
    return found
