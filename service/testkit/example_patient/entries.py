"""Entries: one coded statement as a resource of a given type."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from service.knowledge.model import Code
from service.testkit.example_patient.resource_draft import (
    Draft,
    ResourceDraft,
    UnbuildableError,
    clinical,
    concept,
    verification,
)

QUESTIONNAIRE = "urn:sciatica-cds:questionnaire"
_AMBULATORY = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB", "display": "ambulatory"}


def statement(draft: ResourceDraft, resource_type: str, code: Code, on: str | None, **elements: object) -> Draft:
    """A resource that states what the code says, dated or not.

    Raises UnbuildableError for a resource type that is not written here.
    """
    writer = _WRITERS.get(resource_type)
    if writer is None:
        raise UnbuildableError(f"{resource_type} is not written")
    return writer(draft, code, on, elements)


def answer(
    draft: ResourceDraft, code: Code, on: str | None, value: Mapping[str, object], status: str = "final"
) -> Draft:
    """An Observation that answers a question."""
    dated = {"effectiveDateTime": on} if on else {}
    return draft.add("Observation", status=status, code=concept(code), **dated, **value)


def _dated(name: str, on: str | None) -> dict[str, str]:
    return {name: on} if on else {}


def _problem(draft: ResourceDraft, code: Code, on: str | None, elements: Mapping[str, object]) -> Draft:
    status = str(elements.get("verification", "confirmed"))
    name = "recordedDate" if elements.get("recorded") else "onsetDateTime"
    return draft.add(
        "Condition",
        # A refuted problem never was; R5 asks for a clinicalStatus all the same.
        clinicalStatus=clinical("Condition", "inactive" if status == "refuted" else "active"),
        verificationStatus=verification("Condition", status),
        code=concept(code),
        **_dated(name, on),
    )


def _allergy(draft: ResourceDraft, code: Code, on: str | None, elements: Mapping[str, object]) -> Draft:
    status = str(elements.get("verification", "confirmed"))
    return draft.add(
        "AllergyIntolerance",
        clinicalStatus=clinical("AllergyIntolerance", "inactive" if status == "refuted" else "active"),
        verificationStatus=verification("AllergyIntolerance", status),
        code=concept(code),
        **_dated("recordedDate", on),
    )


def _procedure(draft: ResourceDraft, code: Code, on: str | None, _: Mapping[str, object]) -> Draft:
    return draft.add("Procedure", status="completed", code=concept(code), **_dated("performedDateTime", on))


def _request(draft: ResourceDraft, code: Code, on: str | None, _: Mapping[str, object]) -> Draft:
    return draft.add("ServiceRequest", status="active", intent="order", code=concept(code), **_dated("authoredOn", on))


def _report(draft: ResourceDraft, code: Code, on: str | None, elements: Mapping[str, object]) -> Draft:
    status = str(elements.get("status", "final"))
    return draft.add("DiagnosticReport", status=status, code=concept(code), **_dated("effectiveDateTime", on))


def _imaging(draft: ResourceDraft, code: Code, on: str | None, _: Mapping[str, object]) -> Draft:
    return draft.add("ImagingStudy", status="available", procedureCode=[concept(code)], **_dated("started", on))


def _device(draft: ResourceDraft, code: Code, on: str | None, _: Mapping[str, object]) -> Draft:
    if on:
        raise UnbuildableError("a Device has no date")
    return draft.add("Device", status="active", type=concept(code))


def _device_use(draft: ResourceDraft, code: Code, on: str | None, _: Mapping[str, object]) -> Draft:
    device = draft.add("Device", status="active", type=concept(code))
    about = {"reference": f"Device/{device['id']}"}
    return draft.add("DeviceUseStatement", status="active", device=about, **_dated("timingDateTime", on))


def _communication(draft: ResourceDraft, code: Code, on: str | None, _: Mapping[str, object]) -> Draft:
    return draft.add("Communication", status="completed", reasonCode=[concept(code)], **_dated("sent", on))


def _communication_request(draft: ResourceDraft, code: Code, on: str | None, _: Mapping[str, object]) -> Draft:
    return draft.add("CommunicationRequest", status="active", reasonCode=[concept(code)], **_dated("authoredOn", on))


def _encounter(draft: ResourceDraft, code: Code, on: str | None, _: Mapping[str, object]) -> Draft:
    dated = {"period": {"start": on, "end": on}} if on else {}
    return draft.add(
        "Encounter", **{"status": "finished", "class": dict(_AMBULATORY), "reasonCode": [concept(code)], **dated}
    )


def _goal(draft: ResourceDraft, code: Code, on: str | None, _: Mapping[str, object]) -> Draft:
    return draft.add("Goal", lifecycleStatus="active", description=concept(code), **_dated("startDate", on))


def _questionnaire(draft: ResourceDraft, code: Code, on: str | None, _: Mapping[str, object]) -> Draft:
    chosen = {"system": code.system, "code": code.code, **({"display": code.display} if code.display else {})}
    item = {"linkId": "signs", "text": "Which of these apply?", "answer": [{"valueCoding": chosen}]}
    return draft.add(
        "QuestionnaireResponse", questionnaire=QUESTIONNAIRE, status="completed", item=[item], **_dated("authored", on)
    )


def _observation(draft: ResourceDraft, code: Code, on: str | None, _: Mapping[str, object]) -> Draft:
    return answer(draft, code, on, {"valueBoolean": True})


_WRITERS: Mapping[str, Callable[[ResourceDraft, Code, str | None, Mapping[str, object]], Draft]] = {
    "Condition": _problem,
    "AllergyIntolerance": _allergy,
    "Procedure": _procedure,
    "ServiceRequest": _request,
    "DiagnosticReport": _report,
    "ImagingStudy": _imaging,
    "Device": _device,
    "DeviceUseStatement": _device_use,
    "Communication": _communication,
    "CommunicationRequest": _communication_request,
    "Encounter": _encounter,
    "Goal": _goal,
    "QuestionnaireResponse": _questionnaire,
    "Observation": _observation,
}
