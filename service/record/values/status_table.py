"""Status table: what each status word of each resource type counts as (terminology.md section 5). Data, no logic.

Words that only other releases use have been brought to R4 by ``releases/reading.py`` before.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct


class Counts(StrEnum):
    """What one resource instance counts as."""

    PRESENT = "present"
    HISTORY = "history"
    ANSWERED_NO = "answered-no"
    NEVER = "never"


class StatusClass(Struct, frozen=True):
    """What an instance counts as.

    ``provisional`` is True when it is not yet sure (Condition unconfirmed, provisional, differential;
    Observation preliminary or registered): enough to raise an alert, never to lift one, and a
    preliminary result never decides (decision 5). ``is_doubtful`` is the same of a present one whose status does not
    say that it goes on: it counts, but lifts nothing. ``note`` is a remark for the evidence.
    """

    counts: Counts
    provisional: bool = False
    note: str | None = None
    is_doubtful: bool = False


PRESENT = StatusClass(Counts.PRESENT)
HISTORY = StatusClass(Counts.HISTORY)
NEVER = StatusClass(Counts.NEVER)


def noted(note: str) -> StatusClass:
    """Present as far as its status tells, which is what there is to say beside it."""
    return StatusClass(Counts.PRESENT, note=note, is_doubtful=True)


def unsure(note: str) -> StatusClass:
    """Present but not sure yet."""
    return StatusClass(Counts.PRESENT, provisional=True, note=note)


STATUS_TABLE: Mapping[str, Mapping[str, StatusClass]] = {
    "MedicationRequest": {
        "active": PRESENT,
        "on-hold": noted("on hold"),
        "unknown": noted("status unknown"),
        "completed": HISTORY,
        "stopped": HISTORY,
        # A draft is an order only when it is under review, and then it is among Record.orders.
        "draft": NEVER,
        "cancelled": NEVER,
        "ended": HISTORY,
    },
    "MedicationStatement": {
        "active": PRESENT,
        "intended": PRESENT,
        "recorded": PRESENT,
        "on-hold": noted("on hold"),
        "unknown": noted("status unknown"),
        "completed": HISTORY,
        "stopped": HISTORY,
        "not-taken": NEVER,
        "draft": NEVER,
    },
    "MedicationDispense": {
        "preparation": PRESENT,
        "in-progress": PRESENT,
        "on-hold": noted("on hold"),
        "unknown": noted("status unknown"),
        "completed": HISTORY,
        "stopped": HISTORY,
        "cancelled": NEVER,
        "declined": NEVER,
    },
    "MedicationAdministration": {
        "in-progress": PRESENT,
        "on-hold": noted("on hold"),
        "unknown": noted("status unknown"),
        "completed": HISTORY,
        "stopped": HISTORY,
        "not-done": NEVER,
    },
    "Observation": {
        "final": PRESENT,
        "amended": PRESENT,
        "corrected": PRESENT,
        "preliminary": unsure("preliminary"),
        "registered": unsure("registered, no final result yet"),
        "unknown": unsure("status unknown"),
        "cancelled": NEVER,
    },
    "DiagnosticReport": {
        "final": PRESENT,
        "amended": PRESENT,
        "corrected": PRESENT,
        "appended": PRESENT,
        "modified": PRESENT,
        "preliminary": unsure("preliminary"),
        "partial": unsure("partial report"),
        "registered": unsure("registered, no final report yet"),
        "unknown": unsure("status unknown"),
        "cancelled": NEVER,
    },
    "Procedure": {
        "completed": PRESENT,
        "in-progress": PRESENT,
        "stopped": unsure("stopped before it was complete"),
        "aborted": unsure("stopped before it was complete"),
        "on-hold": unsure("on hold"),
        "suspended": unsure("on hold"),
        "unknown": unsure("status unknown"),
        "preparation": NEVER,
        "not-done": NEVER,
    },
    "ServiceRequest": {
        "active": PRESENT,
        "draft": noted("draft"),
        "on-hold": noted("on hold"),
        "suspended": noted("on hold"),
        "unknown": noted("status unknown"),
        "completed": HISTORY,
        "revoked": NEVER,
        "cancelled": NEVER,
    },
    "ImagingStudy": {
        "available": PRESENT,
        "registered": unsure("registered, not yet available"),
        "unknown": unsure("status unknown"),
        "cancelled": NEVER,
        "inactive": NEVER,
    },
    "Encounter": {
        "planned": NEVER,
        "arrived": PRESENT,
        "triaged": PRESENT,
        "in-progress": PRESENT,
        "onleave": PRESENT,
        "finished": PRESENT,
        "unknown": unsure("status unknown"),
        "cancelled": NEVER,
    },
    "QuestionnaireResponse": {
        "completed": PRESENT,
        "amended": PRESENT,
        "in-progress": unsure("not finished"),
        "stopped": unsure("not finished"),
    },
    "Device": {"active": PRESENT, "inactive": HISTORY, "unknown": noted("status unknown")},
    "DeviceUseStatement": {
        "active": PRESENT,
        "on-hold": noted("on hold"),
        "completed": HISTORY,
        "stopped": HISTORY,
        "intended": unsure("intended"),
        "not-done": NEVER,
    },
    "Goal": {
        "proposed": unsure("proposed"),
        "planned": PRESENT,
        "accepted": PRESENT,
        "active": PRESENT,
        "on-hold": noted("on hold"),
        "completed": HISTORY,
        "cancelled": NEVER,
        "rejected": NEVER,
    },
    "Communication": {
        "completed": PRESENT,
        "in-progress": PRESENT,
        "preparation": NEVER,
        "on-hold": unsure("on hold"),
        "stopped": unsure("stopped"),
        "unknown": unsure("status unknown"),
        "not-done": NEVER,
    },
    "DeviceRequest": {},
    "CommunicationRequest": {},
}
"""What each status word of a type counts as. ``entered-in-error`` never counts, for any type."""
