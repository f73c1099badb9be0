"""Release: what the builder writes, from R4 (which is R4B for all it writes) to R5."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy

from service.record.model import Release
from service.testkit.example_patient.resource_draft import Draft


def in_release(resource: Draft, release: Release) -> Draft:
    """The resource in a release. R4 and R4B are the same here; STU3 is not written."""
    if release is Release.R4:
        return resource
    if release is not Release.R5:
        raise ValueError(f"{release} is not written")
    step = _R5.get(resource["resourceType"])
    draft = deepcopy(resource)
    if step is not None:
        step(draft)
    if "reasonCode" in draft and draft["resourceType"] != "Encounter":
        draft["reason"] = [{"concept": one} for one in draft.pop("reasonCode")]
    return draft


def _rename(old: str, new: str) -> Callable[[Draft], None]:
    def step(draft: Draft) -> None:
        if old in draft:
            draft[new] = draft.pop(old)

    return step


def _procedure(draft: Draft) -> None:
    _rename("performedDateTime", "occurrenceDateTime")(draft)
    _rename("performedPeriod", "occurrencePeriod")(draft)


def _medication(draft: Draft) -> None:
    if "medicationCodeableConcept" in draft:
        draft["medication"] = {"concept": draft.pop("medicationCodeableConcept")}


def _service(draft: Draft) -> None:
    if "code" in draft:
        draft["code"] = {"concept": draft["code"]}


def _imaging(draft: Draft) -> None:
    if "procedureCode" in draft:
        draft["procedure"] = [{"concept": one} for one in draft.pop("procedureCode")]


def _encounter(draft: Draft) -> None:
    draft["class"] = [{"coding": [draft["class"]]}]
    draft["status"] = {"finished": "completed"}.get(draft["status"], draft["status"])
    _rename("period", "actualPeriod")(draft)
    if "reasonCode" in draft:
        draft["reason"] = [{"value": [{"concept": one} for one in draft.pop("reasonCode")]}]


def _device(draft: Draft) -> None:
    draft.pop("patient", None)
    draft["type"] = [draft["type"]]


def _device_use(draft: Draft) -> None:
    draft["resourceType"] = "DeviceUsage"
    draft["patient"] = draft.pop("subject")
    draft["device"] = {"reference": draft["device"]}


def _communication_request(draft: Draft) -> None:
    draft["intent"] = "order"


_R5: Mapping[str, Callable[[Draft], None]] = {
    "Procedure": _procedure,
    "MedicationRequest": _medication,
    "MedicationStatement": _medication,
    "ServiceRequest": _service,
    "ImagingStudy": _imaging,
    "Encounter": _encounter,
    "Device": _device,
    "DeviceUseStatement": _device_use,
    "CommunicationRequest": _communication_request,
}
