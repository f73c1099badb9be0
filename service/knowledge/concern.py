"""On which findings it rests whether anything about a patient concerns this service at all (product choice no. 4)."""

from __future__ import annotations

from collections.abc import Container

from service.knowledge.model import Knowledge


def concerning(knowledge: Knowledge, known: Container[str] | None = None) -> tuple[str, ...]:
    """The findings of which one must not be absent, or what could not be checked is nobody's concern.

    A hook without orders does not conclude that anything concerns the service; there it rests on what the conclusion
    mentions. ``known`` are the findings that a hook has; only those are returned. Empty where the rule set names no
    concern, or the hook has none of it: everything concerns it then.
    """
    if knowledge.concern is None:
        return ()
    mentioned = [name for rule in knowledge.rules if rule.concludes == knowledge.concern for name in rule.mentions]
    if known is None:
        return tuple(dict.fromkeys((knowledge.concern, *mentioned)))
    if knowledge.concern in known:
        return (knowledge.concern,)
    return tuple(dict.fromkeys(name for name in mentioned if name in known))
