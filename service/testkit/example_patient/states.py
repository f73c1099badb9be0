"""States: which of present, absent and unknown a fact can be at all."""

from __future__ import annotations

from service.finding import Status
from service.knowledge.model import FactDefinition, FactKind

DENIABLE = ("Condition", "AllergyIntolerance", "Observation")
"""The resource types in which a no can be written down: refuted, or answered no."""

_EVERY = frozenset(Status)
_NEVER_ABSENT = frozenset({Status.PRESENT, Status.UNKNOWN})
_NEVER_UNKNOWN = frozenset({Status.PRESENT, Status.ABSENT})


def is_deniable(definition: FactDefinition) -> bool:
    """Whether a recorded no can make the fact absent, whatever lists were sent."""
    return any(source.resource in DENIABLE for source in definition.sources)


def possible_states(definition: FactDefinition) -> frozenset[Status]:
    """The states a fact can have.

    Measured numbers are never absent; a setting is never unknown; what can neither be denied nor be
    missing from a whole list is never absent.
    """
    kind = definition.kind
    if kind is FactKind.SETTING:
        return _NEVER_UNKNOWN
    if kind in {FactKind.QUANTITY, FactKind.AGE, FactKind.GESTATION, FactKind.CHANGE, FactKind.COUNT}:
        return _NEVER_ABSENT
    if kind in {FactKind.SEX, FactKind.ORDER, FactKind.ORDER_REASON}:
        return _EVERY
    if kind is FactKind.COURSE and definition.measure == "ordered":
        return _EVERY
    return _EVERY if definition.complete or is_deniable(definition) else _NEVER_ABSENT
