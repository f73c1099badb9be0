"""What of a finding may be stored: nothing that the record says in its own words, and no id of a resource.

Status, number, unit, resource type, date and the codes of our own notes stay. Words of the record become a fixed sign,
ids become keyed hashes (``details.py`` writes findings so). Replay renders cards from findings redacted this way; what
is redacted is not compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from service.knowledge.model import Knowledge
from service.note import Note
from service.record.model import Problem
from service.store.keys import Keyring

# What stands in place of what is not stored.
WORDS = "words of the record"
DATE = "a date that is not stored"

_REFERENCE = re.compile(r"([A-Za-z]+)/[A-Za-z0-9\-.]{1,64}")
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?)?)?")
_TYPE_NAMES = """
AllergyIntolerance Appointment CarePlan Claim Communication CommunicationRequest Condition Coverage Device
DeviceRequest DeviceUseStatement DiagnosticReport DocumentReference Encounter EpisodeOfCare FamilyMemberHistory
Flag Goal ImagingStudy Immunization Location Medication MedicationAdministration MedicationDispense
MedicationOrder MedicationRequest MedicationStatement NutritionOrder Observation Organization Patient Practitioner
PractitionerRole Procedure ProcedureRequest Provenance Questionnaire QuestionnaireResponse ReferralRequest
RelatedPerson RequestGroup RiskAssessment ServiceRequest Specimen Task VisionPrescription
"""
_TYPES = frozenset(_TYPE_NAMES.split())
_OUR_WORDS = """
allergies allergyIntolerance answer appointments bundle communications component conditions contained context
devices draftOrders encounters entry goals id imaging item medications observations orders patient prefetch
procedures questionnaires reports requests resource response result results selections statements subject
"""
_PATH_WORDS = _TYPES | frozenset(_OUR_WORDS.split())
_WORD = re.compile(r"[^\W\d][\w\-]*|[^\x20-\x7e]+")


class Redactor:
    """Redacts what one rule set finds: ``facts`` are the names of its facts. Safe for threads."""

    def __init__(self, knowledge: Knowledge, keyring: Keyring) -> None:
        self.facts = frozenset(knowledge.facts)
        self._units = frozenset({fact.unit for fact in knowledge.facts.values() if fact.unit} | {"d", "a", "wk"})
        self._keyring = keyring

    def reference(self, reference: str) -> str:
        """``Type/hash`` for ``Type/id``. A path in the input becomes a hash without a type."""
        hashed = self._keyring.resource(reference)
        kind = _REFERENCE.fullmatch(reference)
        if kind is None:
            return f"place-{hashed}"
        return f"{kind[1] if kind[1] in _TYPES else 'Resource'}/{hashed}"

    def unit(self, unit: str | None) -> str | None:
        """The unit when a fact of the rule set has it."""
        return unit if unit in self._units else None


def redacted_problems(problems: Iterable[Problem], most: int = 20) -> list[tuple[str, Note]]:
    """Path and reason of the first ``most`` problems; of a path only words that are ours stay, of a reason no id."""
    return [
        (_path(problem.path), redacted_note(problem.reason, _path))
        for problem, _ in zip(problems, range(most), strict=False)
    ]


def is_storable_date(resource: str, date: str) -> bool:
    """Whether the date of an entry is stored: as FHIR writes it, and not of a Patient, whose date is that of birth."""
    return _is_date(date) and not resource.startswith("Patient/")


@lru_cache(maxsize=4096)
def _is_date(text: str) -> bool:
    return _DATE.fullmatch(text) is not None


def is_storable_note(note: Note) -> bool:
    """Whether a note is stored as it is: without words of the record, and naming no entry."""
    return redacted_note(note, _no_name) == note


def redacted_note(note: Note, hashed: Callable[[str], str]) -> Note:
    """The note with what of its parameters may be stored; most have none."""
    if note.reference is None and note.date is None and note.words is None and not note.types and not note.of:
        return note
    return Note(
        note.code,
        None if note.reference is None else hashed(note.reference),
        _date_of(note),
        note.number,
        tuple(name if name in _TYPES else "Resource" for name in note.types),
        None if note.words is None else WORDS,
        tuple(redacted_note(one, hashed) for one in note.of),
    )


def _date_of(note: Note) -> str | None:
    if note.date is None:
        return None
    return note.date if is_storable_date(note.reference or "", note.date) else DATE


def _no_name(reference: str) -> str:
    del reference
    return ""


def _path(path: str) -> str:
    return _WORD.sub(lambda word: word[0] if word[0] in _PATH_WORDS else "*", path)
