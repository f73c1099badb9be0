"""Resource draft: the resources of one example patient while they are being written, in R4 shape."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from service.knowledge.model import Code
from service.record.model import Completeness, Entry, Record

Draft = dict[str, Any]

PATIENT_ID = "example"
UCUM = "http://unitsofmeasure.org"
_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_ALLERGY_CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
_ALLERGY_VERIFICATION = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
_INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
_PATIENT_ELEMENT = {"AllergyIntolerance": "patient", "Device": "patient"}


class UnbuildableError(ValueError):
    """A state of a fact that no FHIR of this builder can bring about."""


@dataclass
class ResourceDraft:
    """What has been written so far.

    ``complete`` are the resource types whose lists count as sent whole, ``partial`` those that must not.
    """

    now: datetime
    patient: Draft = field(default_factory=lambda: {"resourceType": "Patient", "id": PATIENT_ID})
    resources: list[Draft] = field(default_factory=list)
    orders: list[Draft] = field(default_factory=list)
    complete: set[str] = field(default_factory=set)
    partial: set[str] = field(default_factory=set)
    settings: dict[str, str] = field(default_factory=dict)

    def copy(self) -> ResourceDraft:
        """A draft that can be written on without changing this one. Resources are never changed once written."""
        return ResourceDraft(
            self.now,
            dict(self.patient),
            list(self.resources),
            list(self.orders),
            set(self.complete),
            set(self.partial),
            dict(self.settings),
        )

    @property
    def today(self) -> date:
        """The day of the call."""
        return self.now.date()

    def day(self, ago: int) -> str:
        """A day so many days ago, as FHIR writes it."""
        return (self.today - timedelta(days=ago)).isoformat()

    def moment(self, hours_ago: int) -> str:
        """An instant so many hours ago."""
        return (self.now - timedelta(hours=hours_ago)).isoformat(timespec="seconds")

    def add(self, resource_type: str, **elements: Any) -> Draft:
        """Write a resource about the patient."""
        return self._write(self.resources, resource_type, elements)

    def order(self, resource_type: str, **elements: Any) -> Draft:
        """Write a draft order of this call."""
        drafted = {"status": "draft", "intent": "order", **elements, "authoredOn": self.day(0)}
        return self._write(self.orders, resource_type, drafted)

    def completeness(self) -> dict[str, Completeness]:
        """How much of each list this draft is: whole where it must be, else only a part of it."""
        states = dict.fromkeys((one["resourceType"] for one in self.resources), Completeness.PARTIAL)
        states |= dict.fromkeys(self.partial, Completeness.PARTIAL)
        states |= dict.fromkeys(self.complete, Completeness.COMPLETE)
        return {"Patient": Completeness.COMPLETE, **states}

    def record(self) -> Record:
        """The draft as a record, as the reader would make it."""
        entries = tuple(_entry(one) for one in (self.patient, *self.resources))
        return Record(PATIENT_ID, entries, self.completeness(), orders=tuple(map(_entry, self.orders)))

    def _write(self, into: list[Draft], resource_type: str, elements: dict[str, Any]) -> Draft:
        number = len(self.resources) + len(self.orders) + 1
        about = _PATIENT_ELEMENT.get(resource_type, "subject")
        resource = {
            "resourceType": resource_type,
            "id": f"{resource_type.lower()}-{number}",
            about: {"reference": f"Patient/{PATIENT_ID}"},
            **elements,
        }
        into.append(resource)
        return resource


def _entry(resource: Draft) -> Entry:
    return Entry(resource, resource["resourceType"], resource["id"], resource["id"])


def mark_partial(draft: ResourceDraft, *, name: str) -> None:
    """Let a list be sent in part only. Raises UnbuildableError where it has to be whole."""
    if name in draft.complete:
        raise UnbuildableError(f"the list of {name} has to be whole")
    draft.partial.add(name)


def concept(code: Code) -> Draft:
    """A CodeableConcept of one code; of words only, if the code has none."""
    if not code.code:
        return words(code.display)
    coding = {"system": code.system, "code": code.code}
    if code.display:
        coding["display"] = code.display
    return {"coding": [coding], "text": code.display or code.code}


def words(text: str) -> Draft:
    """A CodeableConcept of words only."""
    return {"text": text}


def _status(system: str, code: str) -> Draft:
    return {"coding": [{"system": system, "code": code}]}


def clinical(resource_type: str, code: str) -> Draft:
    """A clinicalStatus."""
    return _status(_ALLERGY_CLINICAL if resource_type == "AllergyIntolerance" else _CLINICAL, code)


def verification(resource_type: str, code: str) -> Draft:
    """A verificationStatus."""
    return _status(_ALLERGY_VERIFICATION if resource_type == "AllergyIntolerance" else _VERIFICATION, code)


def interpretation(code: str) -> Draft:
    """The flag of a laboratory result, such as H for high."""
    return _status(_INTERPRETATION, code)


def number(value: Decimal) -> int | float:
    """A number as JSON writes it."""
    return int(value) if value == value.to_integral_value() else float(value)


def quantity(value: Decimal, unit: str, comparator: str | None = None) -> Draft:
    """A Quantity in UCUM."""
    found: Draft = {"value": number(value), "unit": unit, "system": UCUM, "code": unit}
    return {**found, "comparator": comparator} if comparator else found


def value_between(low: Decimal | None, high: Decimal | None, unit: str) -> Draft:
    """The value of an Observation that lies in an interval, one side of which may be open."""
    if low is not None and low == high:
        return {"valueQuantity": quantity(low, unit)}
    if high is None:
        if low is None:
            raise UnbuildableError("a number that is open on both sides")
        return {"valueQuantity": quantity(low, unit, ">=")}
    if low is None:
        return {"valueQuantity": quantity(high, unit, "<=")}
    return {"valueRange": {"low": quantity(low, unit), "high": quantity(high, unit)}}
