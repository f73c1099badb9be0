"""Facts, value sets and records written in Python, for tests of how facts are read from a record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

from service.finding import Evidence, Finding
from service.knowledge.model import (
    Code,
    DangerTerms,
    FactDefinition,
    FactKind,
    FactSource,
    Knowledge,
    OtherWords,
    ValueSet,
)
from service.record.derive import Derivation
from service.record.model import Completeness, Entry, Record
from service.record.notes import text_of

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)

SNOMED = "http://snomed.info/sct"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
CPT = "http://www.ama-assn.org/go/cpt"
LOCAL = "urn:sciatica-cds:code"
UCUM = "http://unitsofmeasure.org"

SCIATICA = (SNOMED, "23056005", "Sciatica")
RETENTION = (SNOMED, "267064002", "Retention of urine")
EGFR = (LOINC, "98979-8", "eGFR CKD-EPI 2021")
CREATININE = (LOINC, "2160-0", "Creatinine [Mass/volume] in Serum or Plasma")
PAIN = (LOINC, "72514-3", "Pain severity 0-10")
MRI = (CPT, "72148", "MRI lumbar spine without contrast")
ALLERGY_NONE = (SNOMED, "716186003", "No known allergy")
NSAID_ALLERGY = (SNOMED, "293584003", "Allergy to aspirin")
SADDLE = (LOCAL, "saddle", "Numb between the legs?")


def value_set(name: str, *codes: tuple[str, str, str], descendants: bool = False, **options: Any) -> ValueSet:
    return ValueSet(
        name,
        name,
        tuple(Code(*code, descendants=descendants, verified=True, source="test") for code in codes),
        **options,
    )


VALUE_SETS = {
    one.id: one
    for one in (
        value_set("cond-sciatica", SCIATICA, patterns=(r"\bsciatica\b",)),
        value_set("cond-sciatica-icd", (ICD, "M54.3", "Sciatica"), descendants=True),
        value_set("cond-urinary-retention", RETENTION),
        value_set("cond-epilepsy", (SNOMED, "84757009", "Epilepsy")),
        value_set("obs-egfr", EGFR),
        value_set("obs-creatinine", CREATININE),
        value_set("obs-pain-severity-nrs", PAIN),
        value_set("obs-saddle", SADDLE, link_ids=("saddle-numb",)),
        value_set("obs-onset", (LOCAL, "onset-date", "Date of onset")),
        value_set("obs-risk", (LOCAL, "risk", "Risk group")),
        value_set("val-high", (LOCAL, "high", "high")),
        value_set("val-low", (LOCAL, "low", "low")),
        value_set(
            "obs-gestational-age",
            (LOINC, "18185-9", "Gestational age"),
            (LOINC, "11778-8", "Delivery date Estimated"),
            (LOINC, "8665-2", "Last menstrual period start date"),
        ),
        value_set("cond-pregnancy", (ICD, "Z3A", "Weeks of gestation"), descendants=True),
        value_set(
            "local-pregnancy-ended",
            (SNOMED, "66348005", "Childbirth"),
            (ICD, "O80", "Encounter for full-term uncomplicated delivery"),
            patterns=(r"\bvaginal delivery\b",),
        ),
        value_set("cond-heart-failure", (SNOMED, "84114007", "Heart failure")),
        value_set("obs-alt", (LOINC, "1742-6", "ALT")),
        value_set("obs-ast", (LOINC, "1920-8", "AST")),
        value_set("obs-lvef", (LOINC, "10230-1", "Left ventricular Ejection fraction")),
        value_set("site-neck", (LOCAL, "neck", "Neck"), patterns=(r"\bcervical\b",), unless=(r"\blumbar\b",)),
        value_set("order-epidural", (SNOMED, "171787008", "Therapeutic epidural injection")),
        value_set(
            "local-med-er",
            (RXNORM, "828358", "24 HR cyclobenzaprine hydrochloride 15 MG Extended Release Oral Capsule"),
            patterns=(r"\bcyclobenzaprine\b.*\bextended[- ]release\b",),
        ),
        value_set("proc-epidural", (SNOMED, "231249005", "Epidural injection of steroid")),
        value_set("order-mri", MRI, patterns=(r"\bMRI\b.*\blumbar",)),
        value_set("site-lumbar", (SNOMED, "122496007", "Lumbar spine structure")),
        value_set("allergy-nsaid", NSAID_ALLERGY),
        value_set("allergy-none", ALLERGY_NONE),
        value_set("med-nsaid", (RXNORM, "5640", "ibuprofen"), (RXNORM, "7258", "naproxen")),
        value_set("med-aspirin", (RXNORM, "1191", "aspirin")),
        value_set("med-relaxant", (RXNORM, "21949", "cyclobenzaprine")),
        value_set("med-opioid", (RXNORM, "7804", "oxycodone"), (RXNORM, "5489", "hydrocodone")),
        value_set("med-acetaminophen", (RXNORM, "161", "acetaminophen")),
        value_set("med-diclofenac", (RXNORM, "3355", "diclofenac")),
        value_set("local-med-cyclobenzaprine", (RXNORM, "21949", "cyclobenzaprine")),
    )
}


def concept(*codes: tuple[str, str, str], text: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if codes:
        found["coding"] = [{"system": system, "code": code, "display": display} for system, code, display in codes]
    if text:
        found["text"] = text
    return found


def fact(kind: str, *sources: FactSource, name: str = "the-fact", **options: Any) -> FactDefinition:
    for key in ("look_back_days",):
        if key in options:
            options[key] = Decimal(str(options[key]))
    return FactDefinition(name, name, name, FactKind(kind), "test", sources=tuple(sources), **options)


def source(resource: str, *codes: str, **options: Any) -> FactSource:
    return FactSource(resource, codes, **options)


def knowledge(*facts: FactDefinition, **settings: str) -> Knowledge:
    """A rule set that holds nothing but facts and value sets."""
    return cast(
        "Knowledge",
        SimpleNamespace(
            concern=None,
            orders={},
            rules=(),
            facts={one.id: one for one in facts},
            value_sets=VALUE_SETS,
            danger_terms=DangerTerms(),
            other_words=OtherWords(substances=("latex",)),
            episode=("cond-sciatica", "cond-sciatica-icd"),
            settings=settings,
            jurisdiction="us",
        ),
    )


def record(
    resources: Iterable[Mapping[str, Any]],
    complete: Sequence[str] = (),
    orders: Iterable[Mapping[str, Any]] = (),
    **states: str,
) -> Record:
    """A record of some resources; ``complete`` names the lists that were sent whole, ``states`` those that were not."""
    entries = tuple(
        Entry(one, str(one["resourceType"]), one.get("id"), f"entry[{at}]") for at, one in enumerate(resources)
    )
    drafts = tuple(Entry(one, str(one["resourceType"]), one.get("id"), f"order[{at}]") for at, one in enumerate(orders))
    completeness = dict.fromkeys(complete, Completeness.COMPLETE)
    completeness |= {name: Completeness(state) for name, state in states.items()}
    return Record("p", entries, completeness, orders=drafts)


def find(
    definition: FactDefinition,
    *resources: Mapping[str, Any],
    complete: Sequence[str] = (),
    orders: Iterable[Mapping[str, Any]] = (),
    now: datetime = NOW,
    also: Sequence[FactDefinition] = (),
    **states: str,
) -> Finding:
    """What one fact finds in a record of some resources."""
    derivation = Derivation(knowledge(definition, *also))
    return derivation.findings(record(resources, complete, orders, **states), now)[definition.id]


class Asking:
    """Some facts that ask alike and otherwise, prepared together in both orders and each alone."""

    def __init__(self, facts: Iterable[FactDefinition]) -> None:
        asking = [replace(one, id=f"fact-{number}") for number, one in enumerate(facts)]
        self._together = [Derivation(knowledge(*asking)), Derivation(knowledge(*reversed(asking)))]
        self._alone = [Derivation(knowledge(one)) for one in asking]

    def disagree(self, *resources: Mapping[str, Any], complete: Sequence[str] = ()) -> list[str]:
        """The facts that find something else among the others than alone."""
        asked = record(resources, complete)
        alone = {name: found for each in self._alone for name, found in each.findings(asked, NOW).items()}
        return [
            name for each in self._together for name, found in each.findings(asked, NOW).items() if found != alone[name]
        ]


def condition(code: tuple[str, str, str] | dict[str, Any] = SCIATICA, **elements: Any) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": "c1",
        "clinicalStatus": status(elements.pop("clinical", "active")),
        "verificationStatus": status(elements.pop("verification", "confirmed")),
        "code": code if isinstance(code, dict) else concept(code),
        **elements,
    }


def status(code: str) -> dict[str, Any]:
    return {"coding": [{"code": code}]}


def observation(code: tuple[str, str, str], **elements: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": "o1", "status": "final", "code": concept(code), **elements}


def measured(
    code: tuple[str, str, str], value: float | str, unit: str, on: str | None, name: str = "o1", **elements: Any
) -> dict[str, Any]:
    quantity = {"value": value, "unit": unit, "system": UCUM, "code": unit}
    dated = {"effectiveDateTime": on} if on else {}
    return observation(code, valueQuantity=quantity, **dated, **{"id": name, **elements})


def procedure(code: tuple[str, str, str] | str, **elements: Any) -> dict[str, Any]:
    result = {"text": code} if isinstance(code, str) else concept(code)
    return {"resourceType": "Procedure", "id": "pr1", "status": "completed", "code": result, **elements}


def patient(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": "p", **elements}


def medication(
    code: tuple[str, str, str] | dict[str, Any], status: str = "active", name: str = "m1", **elements: Any
) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": name,
        "status": status,
        "intent": "order",
        "medicationCodeableConcept": code if isinstance(code, dict) else concept(code),
        **elements,
    }


def notes(finding: Finding) -> str:
    """Everything a finding says beside its status: its notes and those of its evidence."""
    return " | ".join(text_of(note) for note in (*finding.notes, *(item.note for item in finding.evidence)) if note)


def said(finding: Finding) -> tuple[str, ...]:
    """The notes of a finding as a person reads them."""
    return tuple(map(text_of, finding.notes))


def caveat(evidence: Evidence) -> str | None:
    """The note of an entry as a person reads it."""
    return None if evidence.note is None else text_of(evidence.note)
