"""Appointments: what a visit that is being booked is for, as problems that are not confirmed.

``context.appointments`` of appointment-book brings Appointments, in which nobody has made a diagnosis: the reason is
what the patient or the desk said. So it raises an alarm as a suspicion does, and lifts none. It tells no date, so that
a problem it names may be new.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from service.errors import Issue, RequestError
from service.record.input.unpacking import Piece
from service.record.values.concept import as_objects
from service.record.values.references import parse_literal
from service.record.values.statuses import status_word

APPOINTMENT = "Appointment"
_NOT_MEANT = frozenset({"cancelled", "noshow", "entered-in-error", "fulfilled"})
_HL7 = "http://terminology.hl7.org/CodeSystem/condition-"
_UNCONFIRMED = {
    "resourceType": "Condition",
    "clinicalStatus": {"coding": [{"system": f"{_HL7}clinical", "code": "active"}]},
    "verificationStatus": {"coding": [{"system": f"{_HL7}ver-status", "code": "provisional"}]},
}


def reasons_as_problems(appointment: Piece, patient_id: str) -> Iterator[Piece]:
    """One unconfirmed Condition of the patient for each reason and for the description of an appointment, and itself.

    Raises RequestError 400 where the appointment is about other patients only.
    """
    _refuse_foreign(appointment, patient_id)
    if status_word(appointment.resource.get("status")) in _NOT_MEANT:
        return
    for element, concept in _said(appointment.resource):
        problem = {"code": concept, **_about(patient_id)}
        yield Piece({**_UNCONFIRMED, **problem}, "Condition", None, f"{appointment.path}.{element}", None)
    # What else it tells, such as the service that is booked, is looked through for dangers as it stands.
    yield appointment.with_resource({**appointment.resource, **_about(patient_id)})


def _about(patient_id: str) -> Mapping[str, Any]:
    return {"subject": {"reference": f"Patient/{patient_id}"}}


def _said(appointment: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What an appointment says of its reason, and where: in the elements of R4, R5 and STU3."""
    for name in ("reasonCode", "reason", "reasonReference", "indication"):
        for number, one in enumerate(as_objects(appointment.get(name))):
            yield from ((f"{name}[{number}]", concept) for concept in _concepts_in(one))
    for name in ("description", "comment"):
        words = appointment.get(name)
        if isinstance(words, str) and words.strip():
            yield name, {"text": words}
    # What R4 calls the comment is a note in R5.
    for number, note in enumerate(as_objects(appointment.get("note"))):
        if isinstance(words := note.get("text"), str) and words.strip():
            yield f"note[{number}].text", {"text": words}


def _concepts_in(reason: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The concepts of one reason: a concept, a Reference with words, or both in one (CodeableReference)."""
    if "coding" in reason or "text" in reason:
        yield reason
    for part in (reason.get("concept"), reason.get("reference")):
        if isinstance(part, dict):
            yield from _concepts_in(part)
    if isinstance(reason.get("display"), str):
        yield {"text": reason["display"]}


def _refuse_foreign(appointment: Piece, patient_id: str) -> None:
    """Refuse an appointment of others: its reason must never be taken for this patient's."""
    actors = [one.get("actor") for one in as_objects(appointment.resource.get("participant"))]
    named = [*as_objects(actors), *as_objects(appointment.resource.get("subject"))]
    targets = (parse_literal(one["reference"]) for one in named if isinstance(one.get("reference"), str))
    patients = {target.id for target in targets if target is not None and target.type == "Patient"}
    if patients and patient_id not in patients:
        where = f"{appointment.path}.participant"
        raise RequestError([Issue(where, "this is about another patient than the call", "context.patientId")])
