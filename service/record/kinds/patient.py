"""Patient facts: age and sex."""

from __future__ import annotations

from collections.abc import Mapping

from service.finding import Evidence, Finding, Status, unknown
from service.knowledge.model import FactDefinition
from service.note import Note, NoteCode, joined
from service.record.chart.evidence import NOT_RECORDED, shortfalls
from service.record.chart.index import Chart
from service.record.kinds.plan import Plan
from service.record.values.concept import as_objects
from service.record.values.dates import age_years

FEMALE = "female"
MALE = "male"

NO_BIRTH_DATE = Note(NoteCode.NO_BIRTH_DATE)
NO_SEX = Note(NoteCode.NO_SEX)
IN_FUTURE = Note(NoteCode.BIRTH_IN_FUTURE)
TOO_LONG_AGO = Note(NoteCode.BIRTH_TOO_LONG_AGO)
IMPOSSIBLE = frozenset({IN_FUTURE, TOO_LONG_AGO})
NOT_ON_PATIENT = IMPOSSIBLE | {NO_BIRTH_DATE, NO_SEX}
"""Why age and sex are not known of a Patient who was sent."""

SEX_FOR_CLINICAL_USE = frozenset(
    {
        "http://hl7.org/fhir/StructureDefinition/patient-sexParameterForClinicalUse",
        "http://hl7.org/fhir/StructureDefinition/sex-for-clinical-use",
    }
)
_TYPICAL = {"female-typical": FEMALE, "male-typical": MALE, FEMALE: FEMALE, MALE: MALE}


def age_plan(definition: FactDefinition) -> Plan:
    """Age in completed years; an interval when the birth date is partial."""

    def find(chart: Chart) -> Finding:
        patient = chart.record.patient
        if patient is None:
            return unknown(definition.id, *(shortfalls(["Patient"], chart.record) or (NOT_RECORDED,)))
        if chart.birth is None:
            return unknown(definition.id, NO_BIRTH_DATE)
        age = age_years(chart.birth, chart.now)
        if age is None:
            return unknown(definition.id, IN_FUTURE if chart.birth.first_day > chart.now.date() else TOO_LONG_AGO)
        evidence = Evidence(patient.reference, "date of birth", chart.birth.text)
        return Finding(definition.id, Status.PRESENT, age.low, age.high, definition.unit or "a", evidence=(evidence,))

    return Plan(definition, find, always=True)


def sex_plan(definition: FactDefinition) -> Plan:
    """Present when the sex is the one asked for, absent when it is the other, else unknown."""

    def find(chart: Chart) -> Finding:
        patient = chart.record.patient
        sex = sex_of(chart)
        if patient is None:
            return unknown(definition.id, *(shortfalls(["Patient"], chart.record) or (NOT_RECORDED,)))
        if sex is None:
            return unknown(definition.id, NO_SEX)
        status = Status.PRESENT if sex == definition.gender else Status.ABSENT
        note = joined(Note(NoteCode.SEX_FOR_CLINICAL_USE) if _clinical_use(patient.resource) else None)
        return Finding(definition.id, status, evidence=(Evidence(patient.reference, sex, note=note),))

    return Plan(definition, find, always=True)


def sex_of(chart: Chart) -> str | None:
    """``female``, ``male`` or None: the sex for clinical use if it is stated, else the administrative gender."""
    patient = chart.record.patient
    if patient is None:
        return None
    stated = _clinical_use(patient.resource)
    if stated:
        return _TYPICAL.get(stated)
    gender = patient.resource.get("gender")
    return gender if isinstance(gender, str) and gender in {FEMALE, MALE} else None


def _clinical_use(resource: Mapping[str, object]) -> str | None:
    """The code of the extension, whose value stands in a nested extension or directly in it."""
    for extension in as_objects(resource.get("extension")):
        if str(extension.get("url")) not in SEX_FOR_CLINICAL_USE:
            continue
        for holder in (extension, *as_objects(extension.get("extension"))):
            for concept in as_objects(holder.get("valueCodeableConcept")):
                for coding in as_objects(concept.get("coding")):
                    if isinstance(coding.get("code"), str):
                        return str(coding["code"])
    return None
