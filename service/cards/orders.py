"""Order templates as draft resources in the release of the client, each validated before it leaves (AC-3, TR-6).

A draft is built and validated once per template and release, with a stand-in subject; a call only
puts in its patient, visit and time. fhir.resources is heavy, so it is imported on first use or by
``warm_up``. STU3 clients get no orders: the reference names no order shape both sides agree on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, cast

from service.knowledge.cache import Cached, uncached
from service.knowledge.model import Dose, Knowledge, OrderTemplate
from service.record.releases.fhir_classes import Release, validated
from service.record.releases.writing import WRITTEN, in_release

_UCUM = "http://unitsofmeasure.org"
_STAND_IN = "Patient/stand-in"
_STAND_IN_TIME = "2000-01-01T00:00:00Z"
_INTENT = "proposal"

Json = dict[str, Any]


@dataclass(frozen=True)
class Ordering:
    """What one call puts into its drafts. Without a patient id nothing can be ordered."""

    release: Release
    patient_id: str | None
    encounter_id: str | None
    now: datetime

    @cached_property
    def possible(self) -> bool:
        """Whether orders can be written: the patient is known, and the release is one that is written."""
        return self.patient_id is not None and self.release in WRITTEN

    @cached_property
    def members(self) -> Json:
        """What of the call stands in each of its drafts."""
        members: Json = {
            "subject": {"reference": f"Patient/{self.patient_id}"},
            "authoredOn": self.now.isoformat(timespec="seconds"),
        }
        if self.encounter_id is not None:
            members["encounter"] = {"reference": f"Encounter/{self.encounter_id}"}
        return members


class Drafts:
    """The order templates of one rule set as validated drafts."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._templates = knowledge.orders
        self._built: dict[tuple[str, Release], Json] = {}

    def warm_up(self, cached: Cached = uncached) -> None:
        """Build every draft in every release now, so that no call pays for it. Raises ValueError on a bad template."""
        self._built = cached("drafts", self._build_all)

    def _build_all(self) -> dict[tuple[str, Release], Json]:
        return {
            (template, release): self._build(template, release) for template in self._templates for release in WRITTEN
        }

    def _validated(self, template: str, release: Release) -> Json:
        built = self._built.get((template, release))
        if built is None:
            built = self._built[template, release] = self._build(template, release)
        return built

    def title(self, template: str) -> str:
        """The name of an order as a clinician reads it."""
        return self._templates[template].title

    def draft(self, template: str, ordering: Ordering) -> Json:
        """The draft resource of one template for one call: status draft, intent proposal, no id (AC-3, AC-6)."""
        return self._validated(template, ordering.release) | ordering.members

    def _build(self, template: str, release: Release) -> Json:
        order = self._templates[template]
        shape = _SHAPES.get(order.resource)
        if shape is None:
            raise ValueError(f"{order.at}: no draft can be made of a {order.resource}")
        resource = in_release(_skeleton(order) | shape(order), release, _INTENT)
        return _validated(order.resource, resource, release)


def _validated(kind: str, resource: Json, release: Release) -> Json:
    """The resource as fhir.resources writes it. Raises ValueError when the class of the release refuses it."""
    return cast("Json", _as_json(validated(kind, resource, release)))


def _as_json(value: Any) -> Any:
    """Plain JSON: whole numbers as integers, so that ``5`` mg does not become ``5.0``."""
    if isinstance(value, Mapping):
        return {name: _as_json(member) for name, member in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_as_json(member) for member in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _skeleton(order: OrderTemplate) -> Json:
    skeleton: Json = {
        "resourceType": order.resource,
        "status": "draft",
        "subject": {"reference": _STAND_IN},
        "authoredOn": _STAND_IN_TIME,
    }
    if order.resource != "CommunicationRequest":
        # In R4 a CommunicationRequest has no intent.
        skeleton["intent"] = _INTENT
    if order.priority is not None:
        skeleton["priority"] = order.priority
    return skeleton


def _concept(order: OrderTemplate) -> Json:
    code = order.code
    return {"coding": [{"system": code.system, "code": code.code, "display": code.display}], "text": order.title}


def _reasons(order: OrderTemplate) -> Json:
    return {"reasonCode": [{"text": order.reason_text}]} if order.reason_text is not None else {}


def _medication_request(order: OrderTemplate) -> Json:
    resource: Json = {"medicationCodeableConcept": _concept(order)} | _reasons(order)
    if order.dose is not None:
        resource["dosageInstruction"] = [_dosage(order.dose, order.course_days)]
    if order.course_days is not None:
        resource["dispenseRequest"] = {"expectedSupplyDuration": _quantity(order.course_days, "d", "days")}
    return resource | _note(order)


def _service_request(order: OrderTemplate) -> Json:
    return {"code": _concept(order)} | _reasons(order) | _note(order)


def _communication_request(order: OrderTemplate) -> Json:
    text = order.text or order.title
    return {"category": [_concept(order)], "payload": [{"contentString": text}]} | _reasons(order)


def _note(order: OrderTemplate) -> Json:
    return {"note": [{"text": order.text}]} if order.text is not None else {}


def _dosage(dose: Dose, course_days: int | None) -> Json:
    repeat: Json = {"frequency": dose.frequency, "period": dose.period, "periodUnit": dose.period_unit}
    if dose.period_max is not None:
        repeat["periodMax"] = dose.period_max
    if course_days is not None:
        repeat["boundsDuration"] = _quantity(course_days, "d", "days")
    return {
        "text": dose.text,
        "timing": {"repeat": repeat},
        "asNeededBoolean": dose.as_needed,
        "route": {"text": dose.route},
        "doseAndRate": [{"doseQuantity": _quantity(dose.quantity, dose.unit, dose.unit)}],
    }


def _quantity(value: Any, code: str, unit: str) -> Json:
    return {"value": value, "unit": unit, "system": _UCUM, "code": code}


_SHAPES: Mapping[str, Callable[[OrderTemplate], Json]] = {
    "MedicationRequest": _medication_request,
    "ServiceRequest": _service_request,
    "CommunicationRequest": _communication_request,
}
