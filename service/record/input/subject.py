"""Patients: whose a resource is. Data of one patient never reaches another's record (decision 10, RQ-13)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from service.record.input.unpacking import Piece
from service.record.values.references import parse_literal, plain_server, same_server

OF_A_PATIENT = frozenset(
    {
        *("AllergyIntolerance", "CarePlan", "ClinicalImpression", "Communication", "CommunicationRequest", "Condition"),
        *("DeviceRequest", "DeviceUseStatement", "DeviceUsage", "DiagnosticReport", "Encounter", "FamilyMemberHistory"),
        *("Flag", "Goal", "ImagingStudy", "Immunization", "MedicationAdministration", "MedicationDispense"),
        *("MedicationRequest", "MedicationStatement", "NutritionOrder", "Observation", "Procedure", "ProcedureRequest"),
        *("DeviceAssociation", "QuestionnaireResponse", "ReferralRequest", "RiskAssessment", "ServiceRequest"),
    }
)
"""Types that are always about one patient, so that a missing subject is worth a note."""

_SUBJECT_ELEMENTS = ("subject", "patient", "beneficiary", "for")
_BARE_ID = re.compile(r"[A-Za-z0-9.-]{1,64}", re.ASCII)
_SOMEBODY_ELSE = "(a patient named by an identifier only)"
_NAMELESS = "(a Patient without id)"


class Subject(Enum):
    """What a resource says of its subject when it does not name a patient."""

    NOT_SAID = "no subject"
    NO_PATIENT = "about something other than a patient"
    FOCUSED_ELSEWHERE = "of the patient, about a fetus, a donor or a device"


class Patients:
    """The persons a set of resources is about, each known by the id of the Patient (a foreign one by its URL)."""

    def __init__(self, pieces: Iterable[Piece], base: str | None = None) -> None:
        self._pieces = list(pieces)
        self._found = [piece for piece in self._pieces if piece.type == "Patient"]
        self._said: dict[str, str | Subject] = {}
        self.base = base or self._own_base()
        self._by_url = {piece.full_url: self.key_of(piece) for piece in self._found if piece.full_url}
        self._ids = {piece.id for piece in self._found if piece.id}

    def _own_base(self) -> str | None:
        """The server of the Patient, else the one of all entries, else the only one that absolute references name."""
        bases = (
            _bases([piece.full_url for piece in self._found])
            or _bases([piece.full_url for piece in self._pieces])
            or _bases([_text_of(_subject(piece.resource)) for piece in self._pieces])
        )
        return bases[0] if len(bases) == 1 else None

    def key_of(self, piece: Piece) -> str:
        """The key of a Patient resource."""
        target = parse_literal(piece.full_url) if piece.full_url else None
        if target and target.base and self.base and not same_server(target.base, self.base):
            return f"{target.base}/{target.type}/{target.id}"
        return piece.id or piece.full_url or _NAMELESS

    def subject_of(self, piece: Piece) -> str | Subject:
        """The key of the patient a resource is about, or why there is none."""
        if piece.type == "Patient":
            return self.key_of(piece)
        subject = piece.resource.get("subject")
        if isinstance(subject, dict) and not (piece.type == "Observation" and "focus" in piece.resource):
            # Seen before, as that of nearly every entry is.
            text = subject.get("reference")
            known = self._said.get(text) if isinstance(text, str) else None
            if known is not None:
                return known
        if piece.type == "Observation" and piece.resource.get("focus") and not self._is_focused(piece):
            return Subject.FOCUSED_ELSEWHERE
        return self._of_reference(_subject(piece.resource))

    def _is_focused(self, piece: Piece) -> bool:
        """Whether the focus of an Observation is the patient after all (else it is a fetus, a donor, a device)."""
        focus = piece.resource["focus"]
        parts = focus if isinstance(focus, list) else [focus]
        subject = self._of_reference(_subject(piece.resource))
        return all(isinstance(part, dict) and self._of_reference(part) == subject for part in parts)

    def _of_reference(self, reference: object) -> str | Subject:
        text = _text_of(reference)
        if text is None:
            return self._of_identifier(reference.get("identifier")) if isinstance(reference, dict) else Subject.NOT_SAID
        found = self._said.get(text)
        if found is None:
            found = self._said[text] = self._of_text(text)
        return found

    def _of_text(self, text: str) -> str | Subject:
        if text in self._by_url:
            return self._by_url[text]
        if text.startswith("#"):
            return Subject.NOT_SAID
        if text.startswith("urn:"):
            tail = text.rpartition(":")[2]
            return tail if tail in self._ids else text
        type_, question, query = text.partition("?")
        if question and "/" in type_ and not query.startswith("identifier="):
            return self._of_text(type_)
        if question:
            system, _, value = query.removeprefix("identifier=").rpartition("|")
            return self._of_identifier({"system": system, "value": value}) if type_ == "Patient" else Subject.NO_PATIENT
        target = parse_literal(text)
        if target is None:
            return text if _BARE_ID.fullmatch(text) else Subject.NOT_SAID
        if target.type != "Patient":
            return Subject.NO_PATIENT
        if target.base and not (self.base and same_server(target.base, self.base)):
            return f"{target.base}/Patient/{target.id}"
        return target.id

    def _of_identifier(self, identifier: object) -> str | Subject:
        """A subject named by a business identifier: that Patient, somebody else, or nothing to be told."""
        if not isinstance(identifier, dict) or not isinstance(identifier.get("value"), str):
            return Subject.NOT_SAID
        rival = False
        for piece in self._found:
            listed = piece.resource.get("identifier")
            for own in listed if isinstance(listed, list) else ():
                if isinstance(own, dict) and own.get("system") == identifier.get("system"):
                    if own.get("value") == identifier["value"]:
                        return self.key_of(piece)
                    rival = True
        return _SOMEBODY_ELSE if rival else Subject.NOT_SAID

    def persons(self, said: Iterable[str | Subject]) -> list[str]:
        """The distinct persons, in the order of their keys. A nameless Patient is the one person the others name."""
        keys = sorted({key for key in said if isinstance(key, str)})
        if _NAMELESS in keys and len(keys) > 1 and len(self._found) == 1:
            keys.remove(_NAMELESS)
        return keys


def is_nameless(key: str | Subject) -> bool:
    """Whether a key stands for a Patient resource without id."""
    return key == _NAMELESS


def with_nameless_as(said: list[str | Subject], patient: str) -> list[str | Subject]:
    """Subjects in which a Patient without an id is this one."""
    return [patient if one == _NAMELESS else one for one in said] if _NAMELESS in said else said


def _subject(resource: Mapping[str, Any]) -> object:
    subject = resource.get("subject")
    if type(subject) is dict and subject:
        return subject
    for name in _SUBJECT_ELEMENTS:
        value = resource.get(name)
        if value:
            return value[0] if isinstance(value, list) else value
    return _patient_who_comes(resource) if resource.get("resourceType") == "Appointment" else None


def _patient_who_comes(appointment: Mapping[str, Any]) -> object:
    """The first patient among those who take part in a visit."""
    listed = appointment.get("participant")
    for one in listed if isinstance(listed, list) else ():
        actor = one.get("actor") if isinstance(one, dict) else None
        target = parse_literal(text) if (text := _text_of(actor)) else None
        if target is not None and target.type == "Patient":
            return actor
    return None


def _text_of(reference: object) -> str | None:
    text = reference.get("reference") if isinstance(reference, dict) else reference
    return text.strip() or None if isinstance(text, str) else None


def _bases(urls: Iterable[str | None]) -> list[str]:
    """The distinct servers that absolute URLs of resources name."""
    told = list(filter(None, urls))
    written = "\n".join((*told, ""))
    if "?" not in written and "/_history/" not in written and "/\n" not in written:
        # All end in the id, so one URL stands for all that differ from it in nothing else.
        told = list({url.rpartition("/")[0]: url for url in told}.values())
    found = {target.base for url in told if (target := parse_literal(url)) and target.base}
    return list({plain_server(base): base for base in sorted(found, reverse=True)}.values())
