"""Statuses: which instances of a resource count, and as what (terminology.md section 5).

The words of each type stand in ``status_table.py``; Condition and AllergyIntolerance have two statuses each and are
judged here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Any

from msgspec import Struct

from service.note import Note, NoteCode, joined
from service.record.values.by_concept import ByConcept
from service.record.values.status_table import NEVER, PRESENT, STATUS_TABLE, Counts, StatusClass, noted, unsure

__all__ = ["Counts", "StatusClass", "status_class", "status_word"]


_REFUTED = StatusClass(Counts.ANSWERED_NO, note=Note(NoteCode.REFUTED))
_ALIKE = {"DeviceRequest": "ServiceRequest", "CommunicationRequest": "ServiceRequest"}
_MISSING_IS_FINE = frozenset({"Device", "Patient", "Medication"})
_STATUS_NOT_GIVEN = noted(NoteCode.STATUS_NOT_GIVEN)
_RESULT_STATUS_NOT_GIVEN = unsure(NoteCode.STATUS_NOT_GIVEN)
_DRUG_NOT_UNDERSTOOD = noted(NoteCode.STATUS_NOT_UNDERSTOOD)
_STATUS_NOT_UNDERSTOOD = unsure(NoteCode.STATUS_NOT_UNDERSTOOD)
_STUDIES = frozenset({"DiagnosticReport", "ImagingStudy"})
_NOT_DIAGNOSTIC = re.compile(
    r"\b(?:non-?\s?diagnostic|not\s+diagnostic|uninterpretable|(?:study|scan|exam\w*|mri|procedure)\s+(?:was\s+|had\s+to\s+be\s+)?"
    r"(?:aborted|abandoned|terminated|cancelled|canceled|not\s+(?:completed|performed|done)|incomplete|stopped)"
    r"|(?:unable|could\s+not|failed)\s+(?:to\s+)?(?:complete|tolerate|be\s+completed)|did\s+not\s+tolerate"
    r"|(?:untersuchung|mrt)\s+(?:wurde\s+)?(?:abgebrochen|nicht\s+durchgef\u00fchrt))\b",
    re.IGNORECASE,
)
"""What a report says of a study that shows nothing, whatever the status of the report."""
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
_DENIED = frozenset({"refuted", "entered-in-error"})
_HELD = frozenset({"confirmed", "unconfirmed", "provisional", "differential"})
_CONTRADICTORY = "(contradictory)"
_CACHED = 1_000
_NO_WORDS: Mapping[str, StatusClass] = {}
_NOTHING_SAID: frozenset[str] = frozenset()
_CERTAINTY = "icd-10-gm-diagnosesicherheit"
NOT_UNDERSTOOD = Note(NoteCode.STATUS_NOT_UNDERSTOOD)
_NOT_GIVEN = Note(NoteCode.STATUS_NOT_GIVEN)
_NOT_ACTIVE_NOW = Note(NoteCode.NOT_ACTIVE_NOW)
_ACTIVE_BUT_ENDED = Note(NoteCode.ACTIVE_BUT_ENDED)
_UNCONFIRMED = Note(NoteCode.UNCONFIRMED)
_UNSURE_VERIFICATION: Mapping[str | None, Note] = {
    "unconfirmed": _UNCONFIRMED,
    "provisional": Note(NoteCode.PROVISIONAL),
    "differential": Note(NoteCode.DIFFERENTIAL),
    _CONTRADICTORY: NOT_UNDERSTOOD,
}


def status_word(value: object) -> str | None:
    """The code of a status given as a string, a CodeableConcept or a Coding; None when there is none."""
    if isinstance(value, str):
        return value.strip().lower() or None
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, dict):
        return None
    coding = value.get("coding")
    if isinstance(coding, dict):
        coding = [coding]
    for part in coding if isinstance(coding, list) else [value]:
        if isinstance(part, dict) and isinstance(part.get("code"), str) and part["code"].strip():
            return str(part["code"]).strip().lower()
    text = value.get("text")
    return text.strip().lower() or None if isinstance(text, str) else None


def _is_one_code(concept: Mapping[str, Any]) -> bool:
    """Whether a status is written as nearly every one is, so that it cannot say two things."""
    coding = concept.get("coding")
    if not isinstance(coding, list) or len(coding) != 1 or len(concept) != 1:
        return False
    return isinstance(coding[0], dict) and "display" not in coding[0]


def _all_words(concept: Mapping[str, Any]) -> Iterator[str]:
    """Every word that the codes, the displays and the text of a status say."""
    coding = concept.get("coding", concept)
    listed = coding if isinstance(coding, list) else [coding]
    told = [part.get(name) for part in listed if isinstance(part, dict) for name in ("code", "display")]
    for word in (*told, concept.get("text")):
        if isinstance(word, str):
            yield word.strip().lower()


class _Clinical(Struct, frozen=True):
    """What a clinical status says: its word, and what it means; None where it is not understood or says two things."""

    written: str | None
    meaning: str | None
    says_two_things: bool = False


def _read_clinical(value: object) -> _Clinical:
    written = status_word(value)
    if written is None or not isinstance(value, dict) or _is_one_code(value):
        return _Clinical(written, _CLINICAL.get(written or ""))
    said = {_CLINICAL[word] for word in _all_words(value) if word in _CLINICAL}
    is_still = {"active"} < said
    meaning = None if is_still or not said else _CLINICAL.get(written) or min(said)
    return _Clinical(written, meaning, is_still)


def _read_verification(value: object) -> str | None:
    """The word of a verification status; another where its parts both hold and deny."""
    written = status_word(value)
    if written is None or not isinstance(value, dict) or _is_one_code(value):
        return written
    said = frozenset(_all_words(value))
    return _CONTRADICTORY if said & _DENIED and said & _HELD else written


# A chart of hundreds of problems writes these in two or three ways.
_clinical_statuses: ByConcept[_Clinical] = ByConcept(_CACHED, _read_clinical)
_verification_statuses: ByConcept[str | None] = ByConcept(_CACHED, _read_verification)


def _clinical_of(resource: Mapping[str, Any]) -> _Clinical:
    return _clinical_statuses.read(resource.get("clinicalStatus"))


def _verification_of(resource: Mapping[str, Any]) -> str | None:
    return _verification_statuses.read(resource.get("verificationStatus"))


def says_two_things(resource: Mapping[str, Any]) -> bool:
    """Whether the status of a problem or an allergy holds and ends it, or confirms and denies it."""
    return _verification_of(resource) is _CONTRADICTORY or _clinical_of(resource).says_two_things


def status_class(resource: Mapping[str, Any]) -> StatusClass:
    """What this resource (in R4 shape) counts as. Total: odd input is judged, never raised on."""
    type_ = resource.get("resourceType")
    if type_ == "Condition":
        return _of_condition(resource)
    if type_ == "AllergyIntolerance":
        return _of_allergy(resource)
    if not isinstance(type_, str):
        return NEVER
    # Nearly every entry has a word of the table and nothing beside it that could make something else of it.
    status = resource.get("status")
    if isinstance(status, str) and _says_nothing_beside(type_, resource):
        found = STATUS_TABLE.get(type_, _NO_WORDS).get(status)
        if found is not None:
            return found
    return judged(type_, resource)


def _says_nothing_beside(type_: str, resource: Mapping[str, Any]) -> bool:
    """Whether the status alone tells what a resource counts as."""
    if type_ in _REQUESTS:
        return resource.get("intent") == "order" and "doNotPerform" not in resource
    if type_ == "Observation":
        return "dataAbsentReason" not in resource
    return type_ not in _STUDIES and type_ != "Goal"


def judged(type_: str, resource: Mapping[str, Any]) -> StatusClass:
    """The same of a type with one status, by all that a resource says of it."""
    status = status_word(resource.get("lifecycleStatus" if type_ == "Goal" else "status"))
    if status == "entered-in-error":
        return NEVER
    if type_ in _REQUESTS and _is_no_order(resource):
        return NEVER
    found = _by_table(type_, status)
    if type_ in _STUDIES and found.counts is Counts.PRESENT and _shows_nothing(resource):
        return unsure(NoteCode.STOPPED_EARLY)
    if type_ == "Observation" and found.counts is Counts.PRESENT and _has_no_result(resource):
        return StatusClass(Counts.NEVER, note=Note(NoteCode.NO_RESULT))
    if type_ in _REQUESTS and found.counts is Counts.PRESENT and _is_only_planned(resource):
        return unsure(NoteCode.PLANNED)
    return found


def _is_only_planned(resource: Mapping[str, Any]) -> bool:
    """Whether a request tells what is meant to be done, and not that it is done.

    US Core writes a drug of which the patient or another clinic told as a plan with ``reported[x]``: it is taken.
    """
    if _intent(resource) not in {"plan", "directive", "proposal"}:
        return False
    is_reported = resource.get("reportedBoolean") is True or isinstance(resource.get("reportedReference"), dict)
    return not (is_reported and resource.get("resourceType") == "MedicationRequest")


def _by_table(type_: str, status: str | None) -> StatusClass:
    if status is None:
        if type_ in _MISSING_IS_FINE:
            return PRESENT
        return _RESULT_STATUS_NOT_GIVEN if type_ in _RESULTS else _STATUS_NOT_GIVEN
    table = STATUS_TABLE.get(_ALIKE.get(type_, type_))
    if table is None:
        return PRESENT
    # A drug may well be taken whatever word its status has. It raises alerts, and lifts none.
    return table.get(status, _DRUG_NOT_UNDERSTOOD if type_.startswith("Medication") else _STATUS_NOT_UNDERSTOOD)


def understood_words(type_: str) -> frozenset[str]:
    """The words of the status of a type that are understood; empty where every word is."""
    if type_ in {"Condition", "AllergyIntolerance"}:
        return frozenset(_CLINICAL)
    return frozenset(STATUS_TABLE.get(_ALIKE.get(type_, type_), ()))


def _intent(resource: Mapping[str, Any]) -> str | None:
    return status_word(resource.get("intent"))


def _is_no_order(resource: Mapping[str, Any]) -> bool:
    """A request not to do something, an option, or (for drugs) a mere proposal."""
    if resource.get("doNotPerform") is True:
        return True
    unwanted = {"option", "proposal"} if resource.get("resourceType") == "MedicationRequest" else {"option"}
    return _intent(resource) in unwanted


def _shows_nothing(resource: Mapping[str, Any]) -> bool:
    """Whether a report says of its study that it was not completed or cannot be read."""
    told = [resource.get("conclusion"), resource.get("description")]
    notes = resource.get("note")
    told += [note.get("text") for note in notes if isinstance(note, dict)] if isinstance(notes, list) else []
    return any(isinstance(text, str) and _NOT_DIAGNOSTIC.search(text) is not None for text in told)


def _has_no_result(resource: Mapping[str, Any]) -> bool:
    if "dataAbsentReason" not in resource:
        return False
    if any(key.startswith("value") for key in resource):
        return False
    return not (resource.get("component") or resource.get("hasMember"))


def _certainties(resource: Mapping[str, Any]) -> AbstractSet[str]:
    """How sure German practices say a diagnosis is: A excluded, V suspected, Z state after, G sure (ICD-10-GM)."""
    code = resource.get("code")
    listed = code.get("coding") if isinstance(code, dict) else None
    if not isinstance(listed, list):
        return _NOTHING_SAID
    extended = [coding for coding in listed if isinstance(coding, dict) and "extension" in coding]
    return set(_certainties_in(extended)) if extended else _NOTHING_SAID


def _certainties_in(codings: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for coding in codings:
        extensions = coding["extension"]
        for extension in extensions if isinstance(extensions, list) else ():
            if isinstance(extension, dict) and str(extension.get("url")).endswith(_CERTAINTY):
                value = extension.get("valueCoding")
                yield str(value.get("code")).upper() if isinstance(value, dict) else ""


def _of_condition(resource: Mapping[str, Any]) -> StatusClass:
    verification = _verification_of(resource)
    certainties = _certainties(resource)
    if certainties == {"A"} and verification != "entered-in-error":
        return _REFUTED
    if verification == "entered-in-error":
        return NEVER
    if verification == "refuted":
        return _REFUTED
    unsure_because = _UNSURE_VERIFICATION.get(verification)
    if unsure_because is None and not certainties <= {"G"}:
        unsure_because = _UNCONFIRMED
    status = _clinical_of(resource)
    return _of_problem(status.meaning, unsure_because, is_given=bool(status.written), ended=_has_ended(resource))


@lru_cache(_CACHED)
def _of_problem(clinical: str | None, unsure_because: Note | None, *, is_given: bool, ended: bool) -> StatusClass:
    """What a problem counts as that is neither refuted nor entered in error; most charts tell the same few."""
    note: Note | None = None
    if clinical is None:
        # Decision 6: active, unless abated. A status that cannot be understood is as good as none.
        counts = Counts.HISTORY if ended else Counts.PRESENT
        note = NOT_UNDERSTOOD if is_given else _NOT_GIVEN
    elif clinical == "active":
        counts, note = Counts.PRESENT, _ACTIVE_BUT_ENDED if ended else None
    else:
        counts, note = Counts.HISTORY, _NOT_ACTIVE_NOW
    return StatusClass(counts, unsure_because is not None, joined(note, unsure_because))


def _has_ended(resource: Mapping[str, Any]) -> bool:
    # Most problems hold no such element, which their names in a row tell at once.
    if "abatement" not in "".join(resource) or resource.get("abatementBoolean") is False:
        return False
    return any(key.startswith("abatement") and value is not None for key, value in resource.items())


def _of_allergy(resource: Mapping[str, Any]) -> StatusClass:
    verification = _verification_of(resource)
    status = _clinical_of(resource)
    clinical = status.meaning
    if verification == "entered-in-error":
        return NEVER
    if verification == "refuted":
        return _REFUTED
    # Resolved or inactive: no longer a reaction, and never silence (product choice no. 34).
    counts = Counts.HISTORY if clinical in {"inactive", "resolved"} else Counts.PRESENT
    note = None if clinical else NOT_UNDERSTOOD if status.written else _NOT_GIVEN
    unsure_because = _UNSURE_VERIFICATION.get(verification)
    return StatusClass(counts, unsure_because is not None, joined(note, unsure_because))
