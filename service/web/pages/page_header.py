"""What stands at the head of every page: which rule set this is, and how much of it is approved."""

from __future__ import annotations

from typing import Any

from service.knowledge.model import Knowledge


def page_header(knowledge: Knowledge) -> dict[str, Any]:
    """Name, version, digest, how many rules there are and how many of them are approved, what silence is not."""
    return {
        "name": knowledge.name,
        "version": knowledge.version,
        "digest": knowledge.digest,
        "rules": len(knowledge.rules),
        "approved": sum(rule.id in knowledge.approved for rule in knowledge.rules),
        "notClearance": knowledge.not_clearance,
    }
