"""Writing: a resource in R4 shape as the release of its reader has it, for orders on cards and example patients.

Only the elements that the service writes are brought over. R4 and R4B are the same here; STU3 is not written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from service.record.releases.fhir_classes import Release

WRITTEN = (Release.R4, Release.R5)

Draft = dict[str, Any]


def in_release(resource: Draft, release: Release, intent: str = "order") -> Draft:
    """The resource in a release; in R4 it is returned as it is, otherwise copied.

    ``intent`` is that of a CommunicationRequest, which has none in R4 and must have one in R5. Raises ValueError for a
    release that is not written.
    """
    if release is Release.R4:
        return resource
    if release is not Release.R5:
        raise ValueError(f"{release} is not written")
    step = _R5.get(resource["resourceType"])
    draft = deepcopy(resource)
    if draft["resourceType"] == "CommunicationRequest":
        draft["intent"] = intent
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
    for dosage in draft.get("dosageInstruction", ()):
        _rename("asNeededBoolean", "asNeeded")(dosage)


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
    # R5 turned the text into an attachment or coded content.
    for payload in draft.get("payload", ()):
        if "contentString" in payload:
            payload["contentCodeableConcept"] = {"text": payload.pop("contentString")}


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
