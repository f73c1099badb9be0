"""Statuses: which instances of a resource count, and as what (terminology.md section 5).

The table below is the whole of it; what FHIR adds in other releases has been brought to R4 words by
``releases.py`` before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Counts(StrEnum):
    """What one resource instance counts as."""

    PRESENT = "present"
    HISTORY = "history"
    ANSWERED_NO = "answered-no"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Standing:
    """What an instance counts as.

    ``provisional`` is True when it is not yet sure (Condition unconfirmed, provisional, differential;
    Observation preliminary or registered): enough to raise an alert, never to lift one, and a
    preliminary result never decides (decision 5). ``note`` is a remark for the evidence.
    """

    counts: Counts
    provisional: bool = False
    note: str | None = None


_PRESENT = Standing(Counts.PRESENT)
_HISTORY = Standing(Counts.HISTORY)
_NEVER = Standing(Counts.NEVER)
_REFUTED = Standing(Counts.ANSWERED_NO, note="recorded as refuted")


def _remark(note: str) -> Standing:
    return Standing(Counts.PRESENT, note=note)


def _unsure(note: str) -> Standing:
    return Standing(Counts.PRESENT, provisional=True, note=note)


STATUS_TABLE: Mapping[str, Mapping[str, Standing]] = {
    "MedicationRequest": {
        "active": _PRESENT,
        "on-hold": _remark("on hold"),
        "unknown": _remark("status unknown"),
        "completed": _HISTORY,
        "stopped": _HISTORY,
        # A draft is an order only when it is under review, and then it is among Record.orders.
        "draft": _NEVER,
        "cancelled": _NEVER,
        "ended": _HISTORY,
    },
    "MedicationStatement": {
        "active": _PRESENT,
        "intended": _PRESENT,
        "recorded": _PRESENT,
        "on-hold": _remark("on hold"),
        "unknown": _remark("status unknown"),
        "completed": _HISTORY,
        "stopped": _HISTORY,
        "not-taken": _NEVER,
        "draft": _NEVER,
    },
    "MedicationDispense": {
        "preparation": _PRESENT,
        "in-progress": _PRESENT,
        "on-hold": _remark("on hold"),
        "unknown": _remark("status unknown"),
        "completed": _HISTORY,
        "stopped": _HISTORY,
        "cancelled": _NEVER,
        "declined": _NEVER,
    },
    "MedicationAdministration": {
        "in-progress": _PRESENT,
        "on-hold": _remark("on hold"),
        "unknown": _remark("status unknown"),
        "completed": _HISTORY,
        "stopped": _HISTORY,
        "not-done": _NEVER,
    },
    "Observation": {
        "final": _PRESENT,
        "amended": _PRESENT,
        "corrected": _PRESENT,
        "preliminary": _unsure("preliminary"),
        "registered": _unsure("registered, no final result yet"),
        "unknown": _unsure("status unknown"),
        "cancelled": _NEVER,
    },
    "DiagnosticReport": {
        "final": _PRESENT,
        "amended": _PRESENT,
        "corrected": _PRESENT,
        "appended": _PRESENT,
        "modified": _PRESENT,
        "preliminary": _unsure("preliminary"),
        "partial": _unsure("partial report"),
        "registered": _unsure("registered, no final report yet"),
        "unknown": _unsure("status unknown"),
        "cancelled": _NEVER,
    },
    "Procedure": {
        "completed": _PRESENT,
        "in-progress": _PRESENT,
        "stopped": _unsure("stopped before it was complete"),
        "aborted": _unsure("stopped before it was complete"),
        "on-hold": _unsure("on hold"),
        "suspended": _unsure("on hold"),
        "unknown": _unsure("status unknown"),
        "preparation": _NEVER,
        "not-done": _NEVER,
    },
    "ServiceRequest": {
        "active": _PRESENT,
        "draft": _remark("draft"),
        "on-hold": _remark("on hold"),
        "suspended": _remark("on hold"),
        "unknown": _remark("status unknown"),
        "completed": _HISTORY,
        "revoked": _NEVER,
        "cancelled": _NEVER,
    },
    "ImagingStudy": {
        "available": _PRESENT,
        "registered": _unsure("registered, not yet available"),
        "unknown": _unsure("status unknown"),
        "cancelled": _NEVER,
        "inactive": _NEVER,
    },
    "Encounter": {
        "planned": _NEVER,
        "arrived": _PRESENT,
        "triaged": _PRESENT,
        "in-progress": _PRESENT,
        "onleave": _PRESENT,
        "finished": _PRESENT,
        "unknown": _unsure("status unknown"),
        "cancelled": _NEVER,
    },
    "QuestionnaireResponse": {
        "completed": _PRESENT,
        "amended": _PRESENT,
        "in-progress": _unsure("not finished"),
        "stopped": _unsure("not finished"),
    },
    "Device": {"active": _PRESENT, "inactive": _HISTORY, "unknown": _remark("status unknown")},
    "DeviceUseStatement": {
        "active": _PRESENT,
        "on-hold": _remark("on hold"),
        "completed": _HISTORY,
        "stopped": _HISTORY,
        "intended": _unsure("intended"),
        "not-done": _NEVER,
    },
    "Goal": {
        "proposed": _unsure("proposed"),
        "planned": _PRESENT,
        "accepted": _PRESENT,
        "active": _PRESENT,
        "on-hold": _remark("on hold"),
        "completed": _HISTORY,
        "cancelled": _NEVER,
        "rejected": _NEVER,
    },
    "Communication": {
        "completed": _PRESENT,
        "in-progress": _PRESENT,
        "preparation": _NEVER,
        "on-hold": _unsure("on hold"),
        "stopped": _unsure("stopped"),
        "unknown": _unsure("status unknown"),
        "not-done": _NEVER,
    },
    "DeviceRequest": {},
    "CommunicationRequest": {},
}
"""What each status word of a type counts as. ``entered-in-error`` never counts, for any type."""

_ALIKE = {"DeviceRequest": "ServiceRequest", "CommunicationRequest": "ServiceRequest"}
_MISSING_IS_FINE = frozenset({"Device", "Patient", "Medication"})
_STATUS_NOT_GIVEN = _remark("status not given")
_RESULT_STATUS_NOT_GIVEN = _unsure("status not given")
_RESULTS = frozenset({"Observation", "DiagnosticReport", "QuestionnaireResponse", "Procedure"})
_REQUESTS = frozenset({"MedicationRequest", "ServiceRequest", "DeviceRequest", "CommunicationRequest"})

# SNOMED CT qualifiers seen in clinicalStatus beside the FHIR codes.
_CLINICAL = {
    "active": "active",
    "recurrence": "active",
    "relapse": "active",
    "inactive": "inactive",
    "remission": "inactive",
    "resolved": "resolved",
    "55561003": "active",
    "73425007": "inactive",
    "413322009": "resolved",
}
_UNSURE_VERIFICATION = frozenset({"unconfirmed", "provisional", "differential"})


def status_word(value: object) -> str | None:
    """The code of a status given as a string, a CodeableConcept or a Coding; None when there is none."""
    if isinstance(value, str):
        return value.strip().lower() or None
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, Mapping):
        return None
    coding = value.get("coding")
    if isinstance(coding, Mapping):
        coding = [coding]
    for part in coding if isinstance(coding, list) else [value]:
        if isinstance(part, Mapping) and isinstance(part.get("code"), str) and part["code"].strip():
            return str(part["code"]).strip().lower()
    text = value.get("text")
    return text.strip().lower() or None if isinstance(text, str) else None


def standing(resource: Mapping[str, Any]) -> Standing:
    """What this resource (in R4 shape) counts as. Total: odd input is judged, never raised on."""
    type_ = resource.get("resourceType")
    if type_ == "Condition":
        return _of_condition(resource)
    if type_ == "AllergyIntolerance":
        return _of_allergy(resource)
    if not isinstance(type_, str):
        return _NEVER
    status = status_word(resource.get("lifecycleStatus" if type_ == "Goal" else "status"))
    if status == "entered-in-error":
        return _NEVER
    if type_ in _REQUESTS and _is_no_order(resource):
        return _NEVER
    found = _by_table(type_, status)
    if type_ == "Observation" and found.counts is Counts.PRESENT and _has_no_result(resource):
        return Standing(Counts.NEVER, note="no result, only a reason for its absence")
    if type_ in _REQUESTS and found.counts is Counts.PRESENT and _intent(resource) in {"plan", "directive", "proposal"}:
        return _unsure("planned, not ordered")
    return found


def _by_table(type_: str, status: str | None) -> Standing:
    if status is None:
        if type_ in _MISSING_IS_FINE:
            return _PRESENT
        return _RESULT_STATUS_NOT_GIVEN if type_ in _RESULTS else _STATUS_NOT_GIVEN
    table = STATUS_TABLE.get(_ALIKE.get(type_, type_))
    if table is None:
        return _PRESENT
    return table.get(status, _unsure("status not understood"))


def _intent(resource: Mapping[str, Any]) -> str | None:
    return status_word(resource.get("intent"))


def _is_no_order(resource: Mapping[str, Any]) -> bool:
    """A request not to do something, an option, or (for drugs) a mere proposal."""
    if resource.get("doNotPerform") is True:
        return True
    unwanted = {"option", "proposal"} if resource.get("resourceType") == "MedicationRequest" else {"option"}
    return _intent(resource) in unwanted


def _has_no_result(resource: Mapping[str, Any]) -> bool:
    if "dataAbsentReason" not in resource:
        return False
    if any(key.startswith("value") for key in resource):
        return False
    return not (resource.get("component") or resource.get("hasMember"))


def _of_condition(resource: Mapping[str, Any]) -> Standing:
    verification = status_word(resource.get("verificationStatus"))
    if verification == "entered-in-error":
        return _NEVER
    if verification == "refuted":
        return _REFUTED
    ended = _has_ended(resource)
    written = status_word(resource.get("clinicalStatus"))
    clinical = _CLINICAL.get(written or "")
    notes = []
    if clinical is None:
        # Decision 6: active, unless abated. A status that cannot be understood is as good as none.
        counts = Counts.HISTORY if ended else Counts.PRESENT
        notes.append("status not understood" if written else "status not given")
    else:
        counts = Counts.PRESENT if clinical == "active" else Counts.HISTORY
        if clinical == "active" and ended:
            notes.append("recorded as active although an end is given")
    provisional = verification in _UNSURE_VERIFICATION
    if provisional and verification:
        notes.append(verification)
    return Standing(counts, provisional, "; ".join(notes) or None)


def _has_ended(resource: Mapping[str, Any]) -> bool:
    if resource.get("abatementBoolean") is False:
        return False
    return any(key.startswith("abatement") and resource[key] is not None for key in resource)


def _of_allergy(resource: Mapping[str, Any]) -> Standing:
    verification = status_word(resource.get("verificationStatus"))
    written = status_word(resource.get("clinicalStatus"))
    clinical = _CLINICAL.get(written or "")
    if verification == "entered-in-error" or clinical == "resolved":
        return _NEVER
    if verification == "refuted":
        return _REFUTED
    counts = Counts.HISTORY if clinical == "inactive" else Counts.PRESENT
    notes = [] if clinical else ["status not understood" if written else "status not given"]
    provisional = verification in _UNSURE_VERIFICATION
    if provisional and verification:
        notes.append(verification)
    return Standing(counts, provisional, "; ".join(notes) or None)
