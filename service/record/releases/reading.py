"""Releases: resources of R5 and STU3 in the R4 shape that the rest of the room reads, and DSTU2 recognised.

Only the elements that facts read are brought over. Each resource is looked at on its own, because real documents
mix shapes; a resource that is R4 already is returned as it is, never copied. The input is never changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from service.record.releases.fhir_classes import Release
from service.record.releases.reading_medication import (
    has_r4_dosages,
    medication,
    medication_administration,
    medication_product,
    medication_statement,
)
from service.record.releases.shape_change import Change, Draft, Raw, append_to, split_references

DSTU2_TYPES = frozenset(
    {"MedicationOrder", "DiagnosticOrder", "DeviceUseRequest", "ImagingObjectSelection", "OrderResponse", "BodySite"}
)
"""Resource types that only DSTU2 has, of those a chart holds (BodySite also in STU3 is BodyStructure in R4)."""

MAY_BE_DSTU2 = DSTU2_TYPES | {"Condition", "AllergyIntolerance", "MedicationStatement", "Procedure"}
"""The types of which some resources show that they are DSTU2."""

RENAMED = {
    "ProcedureRequest": "ServiceRequest",
    "ReferralRequest": "ServiceRequest",
    "DeviceUsage": "DeviceUseStatement",
    "DeviceAssociation": "DeviceUseStatement",
}
"""Resource types of other releases that have another name in R4."""

_R5_ENCOUNTER_STATUS = {
    "discharged": "finished",
    "completed": "finished",
    "on-hold": "onleave",
    "discontinued": "cancelled",
}


def dstu2_sign(resource: Raw) -> tuple[str, bool] | None:
    """What shows that a resource is DSTU2, and whether nothing else could explain it; None when nothing shows it."""
    type_ = resource.get("resourceType")
    if type_ in DSTU2_TYPES:
        return f"{type_} exists in DSTU2 only", True
    if type_ == "Condition" and isinstance(resource.get("patient"), Mapping) and "subject" not in resource:
        return "Condition.patient is DSTU2", "dateRecorded" in resource
    if type_ == "AllergyIntolerance" and "substance" in resource and "code" not in resource:
        return "AllergyIntolerance.substance is DSTU2", True
    if type_ == "MedicationStatement" and isinstance(resource.get("patient"), Mapping) and "subject" not in resource:
        return "MedicationStatement.patient is DSTU2", False
    if type_ == "Procedure" and "notPerformed" in resource:
        return "Procedure.notPerformed is DSTU2", True
    return None


def normalise(resource: Raw) -> tuple[Raw, Release | None]:
    """The resource in R4 shape, and the release its shape gives away (None: nothing but R4 to be seen)."""
    type_ = resource.get("resourceType", "")
    step = _STEPS.get(type_)
    if step is None or _is_r4(resource, type_):
        return resource, None
    change = Change(resource)
    step(change)
    return change.result()


_CODED = frozenset({"Condition", "AllergyIntolerance"})
_COMMON = frozenset({"context", "reason", "notDone", "related", "codedDiagnosis", "assertedDate"})
_SIGNS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("Condition", "AllergyIntolerance", "Observation", "DiagnosticReport"), _COMMON),
    # Of a dosage its own elements are looked at too.
    "MedicationRequest": frozenset({"medication", "context", "reason"}),
    "Procedure": _COMMON | {f"occurrence{end}" for end in ("DateTime", "Period", "String", "Age", "Range")},
}
"""The elements of the commonest types of which one must be there before anything is brought over."""


def _is_r4(resource: Raw, type_: str) -> bool:
    """Whether nothing of a resource could be brought over, told in one look for the types that charts are full of."""
    signs = _SIGNS.get(type_)
    if signs is None or not signs.isdisjoint(resource):
        return False
    if type_ == "MedicationRequest":
        return has_r4_dosages(resource)
    return type_ not in _CODED or not (
        isinstance(resource.get("clinicalStatus"), str) or isinstance(resource.get("verificationStatus"), str)
    )


def _condition(change: Change) -> None:
    change.string_status("clinicalStatus", "verificationStatus")
    change.context_to_encounter()
    change.rename("assertedDate", "recordedDate", Release.STU3)


def _allergy(change: Change) -> None:
    change.string_status("clinicalStatus", "verificationStatus")
    change.rename("assertedDate", "recordedDate", Release.STU3)


def _observation(change: Change) -> None:
    change.context_to_encounter()
    related = change.old.get("related")
    if isinstance(related, list):
        members = [
            part["target"]
            for part in related
            if isinstance(part, Mapping)
            and part.get("type") == "has-member"
            and isinstance(part.get("target"), Mapping)
        ]
        append_to(change.draft(Release.STU3), "hasMember", members)


def _report(change: Change) -> None:
    change.context_to_encounter()
    change.rename("codedDiagnosis", "conclusionCode", Release.STU3)


def _procedure(change: Change) -> None:
    change.context_to_encounter()
    change.reason()
    for end in ("DateTime", "Period", "String", "Age", "Range"):
        change.rename(f"occurrence{end}", f"performed{end}", Release.R5)
    if change.old.get("notDone") is True and change.old.get("status") != "entered-in-error":
        change.draft(Release.STU3)["status"] = "not-done"


def _service_request(change: Change) -> None:
    change.context_to_encounter()
    change.reason()
    code = change.old.get("code")
    if isinstance(code, Mapping) and isinstance(code.get("concept"), Mapping):
        change.draft(Release.R5)["code"] = code["concept"]
    details = change.old.get("orderDetail")
    if isinstance(details, list) and any(isinstance(detail, Mapping) and "parameter" in detail for detail in details):
        change.draft(Release.R5)["orderDetail"] = [concept for detail in details for concept in _parameters(detail)]


def _parameters(detail: Any) -> list[Any]:
    parameters = detail.get("parameter") if isinstance(detail, Mapping) else None
    shaped = [part for part in parameters if isinstance(part, Mapping)] if isinstance(parameters, list) else []
    concepts = [
        part["valueCodeableConcept"] for part in shaped if isinstance(part.get("valueCodeableConcept"), Mapping)
    ]
    return concepts + [{"text": part["valueString"]} for part in shaped if isinstance(part.get("valueString"), str)]


def _stu3_request(change: Change) -> None:
    change.draft(Release.STU3)["resourceType"] = "ServiceRequest"
    _service_request(change)
    requested = change.old.get("serviceRequested")
    if isinstance(requested, list) and "code" not in change.old:
        shaped = [concept for concept in requested if isinstance(concept, Mapping)]
        lists = [concept["coding"] for concept in shaped if isinstance(concept.get("coding"), list)]
        text = next((concept["text"] for concept in shaped if "text" in concept), None)
        change.draft()["code"] = {"coding": [coding for part in lists for coding in part], "text": text}


def _device_request(change: Change) -> None:
    change.context_to_encounter()
    change.reason()
    code = change.old.get("code")
    if isinstance(code, Mapping) and isinstance(code.get("concept"), Mapping):
        draft = change.draft(Release.R5)
        del draft["code"]
        draft.setdefault("codeCodeableConcept", code["concept"])


def _encounter(change: Change) -> None:
    classes = change.old.get("class")
    if isinstance(classes, list):
        codings = [part for part in classes if isinstance(part, Mapping)]
        first = codings[0] if codings else {}
        inner = first.get("coding")
        change.draft(Release.R5)["class"] = inner[0] if isinstance(inner, list) and inner else first
    change.rename("actualPeriod", "period", Release.R5)
    status = change.old.get("status")
    if isinstance(status, str) and status in _R5_ENCOUNTER_STATUS:
        change.draft(Release.R5)["status"] = _R5_ENCOUNTER_STATUS[status]
    reasons = change.old.get("reason")
    if isinstance(reasons, list) and reasons:
        _encounter_reasons(change, [reason for reason in reasons if isinstance(reason, Mapping)])


def _encounter_reasons(change: Change, reasons: list[Raw]) -> None:
    """R5: a list of {use, value: [CodeableReference]}, in its drafts CodeableReferences; STU3: CodeableConcepts."""
    values = [reason for reason in reasons if "concept" in reason or "reference" in reason]
    values += [value for reason in reasons if isinstance(reason.get("value"), list) for value in reason["value"]]
    draft = change.draft(Release.R5 if values else Release.STU3)
    del draft["reason"]
    if values:
        concepts, references = split_references(values)
        append_to(draft, "reasonCode", concepts)
        append_to(draft, "reasonReference", references)
    else:
        append_to(draft, "reasonCode", list(reasons))


def _imaging_study(change: Change) -> None:
    if isinstance(change.old.get("patient"), Mapping) and "subject" not in change.old:
        change.rename("patient", "subject", Release.STU3)
    change.context_to_encounter()
    change.reason()
    procedures = change.old.get("procedure")
    if isinstance(procedures, list):
        concepts, _ = split_references(procedures)
        if concepts:
            append_to(change.draft(Release.R5), "procedureCode", concepts)


_R5_ASSOCIATION_STATUS = {"implanted": "active", "attached": "active", "explanted": "completed"}


def _device_association(change: Change) -> None:
    """What R5 says of a device that was put into somebody; in R4 the use of the device is the nearest to it."""
    draft = change.draft(Release.R5)
    draft["resourceType"] = "DeviceUseStatement"
    status = change.old.get("status")
    codings = status.get("coding") if isinstance(status, Mapping) else None
    codings = codings if isinstance(codings, list) else [{"code": status}]
    codes = [coding.get("code") for coding in codings if isinstance(coding, Mapping)]
    draft["status"] = next((_R5_ASSOCIATION_STATUS.get(code, code) for code in codes if isinstance(code, str)), status)


def _device_use(change: Change) -> None:
    if change.old.get("resourceType") == "DeviceUsage":
        change.draft(Release.R5)["resourceType"] = "DeviceUseStatement"
        change.rename("patient", "subject", Release.R5)
    change.reason()
    device = change.old.get("device")
    if isinstance(device, Mapping) and ("concept" in device or isinstance(device.get("reference"), Mapping)):
        draft = change.draft(Release.R5)
        draft["device"] = device["reference"] if isinstance(device.get("reference"), Mapping) else {}
        if isinstance(device.get("concept"), Mapping):
            # R4 has no place for a coded device here; "type" is where Device keeps it.
            draft["type"] = device["concept"]


def _device(change: Change) -> None:
    types = change.old.get("type")
    if isinstance(types, list):
        shaped = [part for part in types if isinstance(part, Mapping)]
        lists = [part["coding"] for part in shaped if isinstance(part.get("coding"), list)]
        merged: Draft = {"coding": [coding for part in lists for coding in part]}
        text = next((part["text"] for part in shaped if isinstance(part.get("text"), str)), None)
        change.draft(Release.R5)["type"] = merged if text is None else {**merged, "text": text}
    names = change.old.get("name")
    if isinstance(names, list) and "deviceName" not in change.old:
        named = [{"name": name.get("value")} for name in names if isinstance(name, Mapping)]
        change.draft(Release.R5)["deviceName"] = named
    if isinstance(change.old.get("model"), str) and "modelNumber" not in change.old:
        change.rename("model", "modelNumber", Release.STU3)


def _goal(change: Change) -> None:
    if "lifecycleStatus" not in change.old and isinstance(change.old.get("status"), str):
        change.rename("status", "lifecycleStatus", Release.STU3)


def _with_context_and_reason(change: Change) -> None:
    change.context_to_encounter()
    change.reason()
    if change.old.get("notDone") is True:
        change.draft(Release.STU3)["status"] = "not-done"


_STEPS: Mapping[str, Callable[[Change], None]] = {
    "MedicationRequest": medication,
    "MedicationDispense": medication,
    "MedicationStatement": medication_statement,
    "MedicationAdministration": medication_administration,
    "Medication": medication_product,
    "Condition": _condition,
    "AllergyIntolerance": _allergy,
    "Observation": _observation,
    "DiagnosticReport": _report,
    "Procedure": _procedure,
    "ServiceRequest": _service_request,
    "ProcedureRequest": _stu3_request,
    "ReferralRequest": _stu3_request,
    "DeviceRequest": _device_request,
    "Encounter": _encounter,
    "ImagingStudy": _imaging_study,
    "DeviceUseStatement": _device_use,
    "DeviceUsage": _device_use,
    "DeviceAssociation": _device_association,
    "Device": _device,
    "Goal": _goal,
    "Communication": _with_context_and_reason,
    "CommunicationRequest": _with_context_and_reason,
    "QuestionnaireResponse": _with_context_and_reason,
}
