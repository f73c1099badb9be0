"""Status table: what each status word of each resource type counts as (terminology.md section 5). Data, no logic.

Words that only other releases use have been brought to R4 by ``releases/reading.py`` before.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from service.note import Note, NoteCode


class Counts(StrEnum):
    """What one resource instance counts as."""

    PRESENT = "present"
    HISTORY = "history"
    ANSWERED_NO = "answered-no"
    NEVER = "never"

    # As the text it is: an enum hashes itself in Python, and every entry is asked what it counts as.
    __hash__ = str.__hash__


class StatusClass(Struct, frozen=True):
    """What an instance counts as.

    ``provisional`` is True when it is not yet sure (Condition unconfirmed, provisional, differential;
    Observation preliminary or registered): enough to raise an alert, never to lift one, and a
    preliminary result never decides (decision 5). ``is_doubtful`` is the same of a present one whose status does not
    say that it goes on: it counts, but lifts nothing. ``note`` goes with the evidence.
    """

    counts: Counts
    provisional: bool = False
    note: Note | None = None
    is_doubtful: bool = False


PRESENT = StatusClass(Counts.PRESENT)
HISTORY = StatusClass(Counts.HISTORY)
NEVER = StatusClass(Counts.NEVER)


def noted(code: NoteCode) -> StatusClass:
    """Present as far as its status tells, which is what there is to say beside it."""
    return StatusClass(Counts.PRESENT, note=Note(code), is_doubtful=True)


def unsure(code: NoteCode) -> StatusClass:
    """Present but not sure yet."""
    return StatusClass(Counts.PRESENT, provisional=True, note=Note(code))


STATUS_TABLE: Mapping[str, Mapping[str, StatusClass]] = {
    "MedicationRequest": {
        "active": PRESENT,
        "on-hold": noted(NoteCode.ON_HOLD),
        "unknown": noted(NoteCode.STATUS_UNKNOWN),
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
        "on-hold": noted(NoteCode.ON_HOLD),
        "unknown": noted(NoteCode.STATUS_UNKNOWN),
        "completed": HISTORY,
        "stopped": HISTORY,
        "not-taken": NEVER,
        "draft": NEVER,
    },
    "MedicationDispense": {
        "preparation": PRESENT,
        "in-progress": PRESENT,
        "on-hold": noted(NoteCode.ON_HOLD),
        "unknown": noted(NoteCode.STATUS_UNKNOWN),
        "completed": HISTORY,
        "stopped": HISTORY,
        "cancelled": NEVER,
        "declined": NEVER,
    },
    "MedicationAdministration": {
        "in-progress": PRESENT,
        "on-hold": noted(NoteCode.ON_HOLD),
        "unknown": noted(NoteCode.STATUS_UNKNOWN),
        "completed": HISTORY,
        "stopped": HISTORY,
        "not-done": NEVER,
    },
    "Observation": {
        "final": PRESENT,
        "amended": PRESENT,
        "corrected": PRESENT,
        "preliminary": unsure(NoteCode.PRELIMINARY),
        "registered": unsure(NoteCode.REGISTERED_RESULT),
        "unknown": unsure(NoteCode.STATUS_UNKNOWN),
        "cancelled": NEVER,
    },
    "DiagnosticReport": {
        "final": PRESENT,
        "amended": PRESENT,
        "corrected": PRESENT,
        "appended": PRESENT,
        "modified": PRESENT,
        "preliminary": unsure(NoteCode.PRELIMINARY),
        "partial": unsure(NoteCode.PARTIAL_REPORT),
        "registered": unsure(NoteCode.REGISTERED_REPORT),
        "unknown": unsure(NoteCode.STATUS_UNKNOWN),
        "cancelled": NEVER,
    },
    "Procedure": {
        "completed": PRESENT,
        "in-progress": PRESENT,
        "stopped": unsure(NoteCode.STOPPED_EARLY),
        "aborted": unsure(NoteCode.STOPPED_EARLY),
        "on-hold": unsure(NoteCode.ON_HOLD),
        "suspended": unsure(NoteCode.ON_HOLD),
        "unknown": unsure(NoteCode.STATUS_UNKNOWN),
        "preparation": NEVER,
        "not-done": NEVER,
    },
    "ServiceRequest": {
        "active": PRESENT,
        "draft": noted(NoteCode.DRAFT),
        "on-hold": noted(NoteCode.ON_HOLD),
        "suspended": noted(NoteCode.ON_HOLD),
        "unknown": noted(NoteCode.STATUS_UNKNOWN),
        "completed": HISTORY,
        "revoked": NEVER,
        "cancelled": NEVER,
    },
    "ImagingStudy": {
        "available": PRESENT,
        "registered": unsure(NoteCode.REGISTERED),
        "unknown": unsure(NoteCode.STATUS_UNKNOWN),
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
        "unknown": unsure(NoteCode.STATUS_UNKNOWN),
        "cancelled": NEVER,
    },
    "QuestionnaireResponse": {
        "completed": PRESENT,
        "amended": PRESENT,
        "in-progress": unsure(NoteCode.NOT_FINISHED),
        "stopped": unsure(NoteCode.NOT_FINISHED),
    },
    "Device": {"active": PRESENT, "inactive": HISTORY, "unknown": noted(NoteCode.STATUS_UNKNOWN)},
    "DeviceUseStatement": {
        "active": PRESENT,
        "on-hold": noted(NoteCode.ON_HOLD),
        "completed": HISTORY,
        "stopped": HISTORY,
        "intended": unsure(NoteCode.INTENDED),
        "not-done": NEVER,
    },
    "Goal": {
        "proposed": unsure(NoteCode.PROPOSED),
        "planned": PRESENT,
        "accepted": PRESENT,
        "active": PRESENT,
        "on-hold": noted(NoteCode.ON_HOLD),
        "completed": HISTORY,
        "cancelled": NEVER,
        "rejected": NEVER,
    },
    "Communication": {
        "completed": PRESENT,
        "in-progress": PRESENT,
        "preparation": NEVER,
        "on-hold": unsure(NoteCode.ON_HOLD),
        "stopped": unsure(NoteCode.STOPPED),
        "unknown": unsure(NoteCode.STATUS_UNKNOWN),
        "not-done": NEVER,
    },
    "DeviceRequest": {},
    "CommunicationRequest": {},
}
"""What each status word of a type counts as. ``entered-in-error`` never counts, for any type."""
