"""Who approved the rules in use, by the files that came with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.protocol.evaluation import Services
from service.store.archive import files_in


def approvals_of(services: Services) -> Mapping[str, Any]:
    """The approvals of the present content of each rule that has some. The files are read only where a rule has."""
    # What reads approvals is loaded when somebody first asks.
    from service.review.approvals import approvals_in

    knowledge = services.prepared.knowledge
    packed = services.archive() if knowledge.approved else b""
    return approvals_in(files_in(packed), knowledge) if packed else {}
