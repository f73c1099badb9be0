"""Medication shapes: drug resources of R5 and STU3 in R4 shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.record.releases.fhir_classes import Release
from service.record.releases.shape_change import Change, Raw

_ADHERENCE = {"not-taking": "not-taken", "stopped": "stopped", "on-hold": "on-hold", "taking": "active"}
_WHEN = frozenset({"whenHandedOver", "whenPrepared"})
_CONTEXT_IS_R4 = frozenset({"MedicationStatement", "MedicationDispense", "MedicationAdministration"})


def medication(change: Change) -> None:
    """medication.concept, medication.reference, reason, and the dosages."""
    medication = change.old.get("medication")
    if isinstance(medication, Mapping):
        concept, reference = medication.get("concept"), medication.get("reference")
        # "reference" as a string is a Reference written where a CodeableReference belongs.
        if isinstance(concept, Mapping) or isinstance(reference, Mapping):
            draft = change.draft(Release.R5)
            del draft["medication"]
            if isinstance(concept, Mapping):
                draft.setdefault("medicationCodeableConcept", concept)
            if isinstance(reference, Mapping):
                draft.setdefault("medicationReference", reference)
    if change.old.get("resourceType") == "MedicationDispense" and _WHEN.isdisjoint(change.old):
        # When the dispensing was recorded, which R4 has no place for, is the nearest to when it was.
        change.rename("recorded", "whenPrepared", Release.R5)
    change.context_to_encounter(None if change.old.get("resourceType") in _CONTEXT_IS_R4 else Release.STU3)
    change.reason()
    for name in ("dosageInstruction", "dosage"):
        _dosages(change, name)


_DOSAGE_SIGNS = frozenset({"doseQuantity", "doseSimpleQuantity", "doseRange", "asNeeded", "asNeededFor"})


def has_r4_dosages(resource: Raw) -> bool:
    """Whether surely nothing of the dosages of a request could be brought over."""
    dosages = resource.get("dosageInstruction", [])
    if "dosage" in resource or not isinstance(dosages, list):
        return False
    return all(isinstance(one, dict) and _DOSAGE_SIGNS.isdisjoint(one) for one in dosages)


def _dosages(change: Change, name: str) -> None:
    dosages = change.old.get(name)
    if isinstance(dosages, Mapping):
        dosages = [dosages]
    if not isinstance(dosages, list):
        return
    new = [_dosage(change, dosage) if isinstance(dosage, Mapping) else dosage for dosage in dosages]
    if any(one is not other for one, other in zip(new, dosages, strict=True)):
        change.draft()[name] = new


def _dosage(change: Change, dosage: Raw) -> Raw:
    rate = {key: dosage[key] for key in ("doseQuantity", "doseSimpleQuantity", "doseRange") if key in dosage}
    r5 = isinstance(dosage.get("asNeeded"), bool) or "asNeededFor" in dosage
    if not rate and not r5:
        return dosage
    new = dict(dosage)
    if rate:
        change.release = Release.STU3
        for key in rate:
            del new[key]
        if "doseSimpleQuantity" in rate:
            rate.setdefault("doseQuantity", rate.pop("doseSimpleQuantity"))
        new.setdefault("doseAndRate", [rate])
    if r5:
        change.release = Release.R5
        needed = new.pop("asNeeded", True)
        new.setdefault("asNeededBoolean", needed)
    return new


def medication_statement(change: Change) -> None:
    """As ``medication``, and whether the drug is taken at all."""
    medication(change)
    if change.old.get("taken") == "n" and change.old.get("status") != "entered-in-error":
        change.draft(Release.STU3)["status"] = "not-taken"
    adherence = change.old.get("adherence")
    if isinstance(adherence, Mapping):
        code = _first_code(adherence.get("code"))
        draft = change.draft(Release.R5)
        if change.old.get("status") == "recorded" and code in _ADHERENCE:
            draft["status"] = _ADHERENCE[code]


def _first_code(concept: object) -> str | None:
    coding = concept.get("coding") if isinstance(concept, Mapping) else None
    for part in coding if isinstance(coding, list) else ():
        if isinstance(part, Mapping) and isinstance(part.get("code"), str):
            return str(part["code"])
    return None


def medication_administration(change: Change) -> None:
    """As ``medication``, and when it was given."""
    medication(change)
    # The misspelling is R5's own.
    for end in ("DateTime", "Period"):
        change.rename(f"occurence{end}", f"effective{end}", Release.R5)
    if change.old.get("notGiven") is True:
        change.draft(Release.STU3)["status"] = "not-done"


def medication_product(change: Change) -> None:
    """Ingredients of a Medication."""
    parts = change.old.get("ingredient")
    if isinstance(parts, list) and any(isinstance(part, Mapping) and "item" in part for part in parts):
        change.draft(Release.R5)["ingredient"] = [_ingredient(part) for part in parts]


def _ingredient(part: Any) -> Any:
    item = part.get("item") if isinstance(part, Mapping) else None
    if not isinstance(item, Mapping):
        return part
    new = {key: value for key, value in part.items() if key != "item"}
    if isinstance(item.get("concept"), Mapping):
        new["itemCodeableConcept"] = item["concept"]
    if isinstance(item.get("reference"), Mapping):
        new["itemReference"] = item["reference"]
    return new
