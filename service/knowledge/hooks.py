"""The hooks of the CDS Hooks library (chapter 22 of the protocol reference): their context fields, as data.

The one table of hooks: the loader of rule files, request schemas, the lint of prefetch tokens (TK-4, TK-5), the
reading of a context, discovery and example requests all read it. No rule and no service can name another hook.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

CLINICIANS = ("Practitioner", "PractitionerRole")
PATIENT_SIDE = ("Patient", "RelatedPerson")


class Kind(StrEnum):
    """What a context field holds."""

    USER = "user"
    ID = "id"
    SELECTIONS = "selections"
    BUNDLE = "bundle"
    RESOURCE = "resource"


class Role(StrEnum):
    """What the resources of a context field are to a decision."""

    NONE = "none"
    ORDERS = "orders"
    RECORD = "record"


@dataclass(frozen=True, slots=True)
class ContextField:
    """One field of a hook's context. ``token`` says whether a prefetch template may use it (TK-5)."""

    name: str
    kind: Kind
    required: bool = True
    token: bool = False
    role: Role = Role.NONE
    types: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hook:
    """One hook: the fields of its context, and the version of its definition."""

    name: str
    fields: tuple[ContextField, ...]
    version: str = "1.0"

    @property
    def tokens(self) -> Mapping[str, ContextField]:
        """The context fields that a prefetch template may name, by name."""
        return {field.name: field for field in self.fields if field.token}

    @cached_property
    def has_orders(self) -> bool:
        """Whether the context itself brings orders to be checked."""
        return any(field.role is Role.ORDERS for field in self.fields)

    @cached_property
    def brings_entries(self) -> bool:
        """Whether the context brings orders, or entries that are being made."""
        return any(field.role is not Role.NONE for field in self.fields)


def _hook(name: str, *own: ContextField, user: bool = True, encounter: bool = False, version: str = "1.0") -> Hook:
    return Hook(
        name,
        (
            ContextField("userId", Kind.USER, required=user, token=True, types=(*CLINICIANS, *PATIENT_SIDE)),
            ContextField("patientId", Kind.ID, token=True, types=("Patient",)),
            ContextField("encounterId", Kind.ID, required=encounter, token=True, types=("Encounter",)),
            *own,
        ),
        version,
    )


_DRAFT = "0.1.0"
_DRAFT_ORDERS = ContextField("draftOrders", Kind.BUNDLE, role=Role.ORDERS)

HOOKS: Mapping[str, Hook] = {
    hook.name: hook
    for hook in (
        _hook("patient-view"),
        _hook("order-select", ContextField("selections", Kind.SELECTIONS), _DRAFT_ORDERS),
        _hook("order-sign", _DRAFT_ORDERS),
        _hook("encounter-start", encounter=True),
        _hook("encounter-discharge", encounter=True),
        _hook("appointment-book", ContextField("appointments", Kind.BUNDLE, role=Role.RECORD)),
        _hook(
            "problem-list-item-create",
            ContextField("conditions", Kind.BUNDLE, role=Role.RECORD, types=("Condition",)),
            version=_DRAFT,
        ),
        _hook(
            "allergyintolerance-create",
            ContextField("allergyIntolerance", Kind.RESOURCE, role=Role.RECORD, types=("AllergyIntolerance",)),
            version=_DRAFT,
        ),
        _hook(
            "medication-refill",
            ContextField("medications", Kind.BUNDLE, role=Role.ORDERS),
            user=False,
            version=_DRAFT,
        ),
    )
}

USER_TOKENS = frozenset({"userPractitionerId", "userPractitionerRoleId", "userPatientId", "userRelatedPersonId"})
