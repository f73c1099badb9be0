"""On which findings it rests whether anything about a patient concerns this service at all (product choice no. 4)."""

from __future__ import annotations

from collections.abc import Container, Sequence

from service.knowledge.model import Knowledge


def concerning(knowledge: Knowledge, known: Container[str] | None = None) -> tuple[str, ...]:
    """The findings of which one must not be absent, or what could not be checked is nobody's concern.

    A hook without orders does not conclude that anything concerns the service; there it depends on what the conclusion
    mentions. ``known`` are the findings that a hook has; only those are returned. Empty where the rule set names no
    concern, or the hook has none of it: everything concerns it then.
    """
    if knowledge.concern is None:
        return ()
    mentioned = [name for rule in knowledge.rules if rule.concludes == knowledge.concern for name in rule.mentions]
    names = tuple(dict.fromkeys((knowledge.concern, *mentioned)))
    return names if known is None else among(names, known)


def read_for_concern(knowledge: Knowledge) -> frozenset[str]:
    """What the rules read which conclude that a patient concerns this service, such as problems of the back."""
    concluded = concerning(knowledge)[1:]
    return frozenset(name for rule in knowledge.rules if rule.concludes in concluded for name in rule.reads)


def among(concerning: Sequence[str], known: Container[str]) -> tuple[str, ...]:
    """Of the findings that the rule set has for it (``concerning``) those on which it rests where these are known."""
    if not concerning or concerning[0] in known:
        return tuple(concerning[:1])
    return tuple(name for name in concerning[1:] if name in known)
