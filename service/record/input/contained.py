"""Contained: findings that stand within another resource, such as the results within a laboratory report.

FHIR lets a sender put there what has no life of its own. It is about the patient of the resource around it, and has its
date where it gives none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from service.note import Note, NoteCode
from service.record.input.subject import OF_A_PATIENT
from service.record.input.unpacking import Piece
from service.record.model import Entry
from service.record.values.statuses import Counts

_READ = frozenset(
    {
        *("AllergyIntolerance", "Condition", "DiagnosticReport", "MedicationStatement", "Observation", "Procedure"),
        "QuestionnaireResponse",
    }
)
_HOLDERS = (OF_A_PATIENT | {"List"}) - {"FamilyMemberHistory"}
"""What holds findings about the patient. What others hold is told of, and not used; it may be somebody else's."""
_NO_FINDINGS = frozenset({"Claim", "ClaimResponse", "ExplanationOfBenefit", "FamilyMemberHistory", "Questionnaire"})
"""What holds no findings about the patient, though it may hold resources of such a type."""
_OF_A_DRUG = frozenset({"MedicationDispense", "MedicationAdministration"})
"""Types that tell of a drug themselves, so that the order within them adds nothing."""
_DATES = ("effectiveDateTime", "effectivePeriod", "issued")
_REPORTS = frozenset({"DiagnosticReport", "Observation"})
_DATED = ("recordedDate", "onsetDateTime", "onsetPeriod", "onsetAge", "onsetString")
_RECORDED = ("recordedDate", "authoredOn", "authored", "effectiveDateTime", "performedDateTime", "issued", "date")
"""Where a resource says when it was written or happened, which is when a problem within it was first recorded."""
_ID = re.compile(r"#?([A-Za-z0-9\-.]{1,64})")
_MOST = 500
WITHIN_ANOTHER = Note(NoteCode.WITHIN_ANOTHER)
FOREIGN = Note(NoteCode.SUBJECT_FOREIGN)


def contained_in(holder: Entry) -> Iterator[tuple[Piece, Note | None]]:
    """What stands within a resource and is data of a patient, with why it is not used, or None where it is."""
    inner = holder.resource.get("contained")
    if holder.type in _NO_FINDINGS or holder.status_class.counts is Counts.NEVER:
        return
    for number, one in enumerate(inner if isinstance(inner, list) else [inner]):
        type_ = one.get("resourceType") if isinstance(one, dict) else None
        if not isinstance(type_, str) or type_ not in OF_A_PATIENT:
            continue
        path = f"{holder.path}.contained[{number}]"
        resource = {**_dates(holder, one), **one, **_subject(holder, one)}
        piece = Piece(resource, type_, _name(holder, one), path, None)
        if holder.type not in _HOLDERS or type_ not in _READ or number >= _MOST:
            if holder.type not in _OF_A_DRUG:
                yield piece, WITHIN_ANOTHER
        else:
            yield piece, FOREIGN if _names_another(holder, one) else None


def _dates(holder: Entry, one: Mapping[str, Any]) -> Mapping[str, Any]:
    """When what gives no date of its own was found or first recorded."""
    if one.get("resourceType") == "Condition" and not any(name in one for name in _DATED):
        period = holder.resource.get("period") or holder.resource.get("performedPeriod")
        start = period.get("start") if isinstance(period, dict) else None
        written = start or next((holder.resource[name] for name in _RECORDED if holder.resource.get(name)), None)
        return {"recordedDate": written} if written else {}
    if holder.type not in _REPORTS or any(name in one for name in _DATES):
        return {}
    return {name: holder.resource[name] for name in _DATES if name in holder.resource}


def _subject(holder: Entry, one: Mapping[str, Any]) -> Mapping[str, Any]:
    element = "patient" if one.get("resourceType") == "AllergyIntolerance" else "subject"
    subject = holder.resource.get("subject") or holder.resource.get("patient")
    return {element: subject} if subject else {}


def _names_another(holder: Entry, one: Mapping[str, Any]) -> bool:
    """Whether it says itself that it is about somebody else; what it refers to within the same resource is nobody."""
    own, around = (_reference(one), _reference(holder.resource))
    return own is not None and not own.startswith("#") and around is not None and own != around


def _reference(resource: Mapping[str, Any]) -> str | None:
    subject = resource.get("subject") or resource.get("patient")
    text = subject.get("reference") if isinstance(subject, dict) else None
    return text.strip() if isinstance(text, str) else None


def _name(holder: Entry, one: Mapping[str, Any]) -> str | None:
    """An id of its own, for an id within a resource is known only there."""
    id_ = one.get("id")
    found = _ID.fullmatch(id_) if isinstance(id_, str) else None
    return f"{holder.id}.{found[1]}" if holder.id and found else None
