"""The elements that facts are read from, by resource type (R4 names), and the shape each must have to be read.

``name:shape``, ``name:shape*`` where a list may stand. A name in brackets is a nested object with elements of its own.
What is not listed is not read and not checked.
"""

from __future__ import annotations

from collections.abc import Mapping

_COMMON = "status:status meta:object"
_DATED = "authoredOn:date occurrenceDateTime:date occurrencePeriod:period"
_REQUEST = f"{_COMMON} intent:status {_DATED} doNotPerform:boolean reasonCode:concept* reasonReference:reference*"
_DRUG = "medicationCodeableConcept:concept medicationReference:reference"
_VALUE = (
    "valueBoolean:boolean valueCodeableConcept:concept valueCoding:coding valueQuantity:quantity valueInteger:number "
    "valueDecimal:number valueString:text valueRange:range valueDateTime:date valueDate:date interpretation:concept*"
)
_ONSET = "onsetDateTime:date onsetPeriod:period onsetAge:quantity recordedDate:date"

_RESOURCES: Mapping[str, str] = {
    "Patient": "birthDate:date gender:text deceasedBoolean:boolean deceasedDateTime:date",
    "Condition": (
        "clinicalStatus:status verificationStatus:status code:concept* category:concept* bodySite:concept* "
        f"{_ONSET} abatementDateTime:date abatementPeriod:period abatementAge:quantity abatementBoolean:boolean"
    ),
    "AllergyIntolerance": (
        f"clinicalStatus:status verificationStatus:status code:concept* type:text {_ONSET} reaction:[reaction]*"
    ),
    "Observation": (
        f"{_COMMON} category:concept* code:concept* {_VALUE} effectiveDateTime:date effectivePeriod:period "
        "effectiveInstant:date issued:date component:[component]* bodySite:concept* focus:reference* "
        "hasMember:reference*"
    ),
    "QuestionnaireResponse": f"{_COMMON} authored:date item:[item]*",
    "Procedure": (
        f"{_COMMON} code:concept* performedDateTime:date performedPeriod:period bodySite:concept* reasonCode:concept*"
    ),
    "ServiceRequest": f"{_REQUEST} code:concept* orderDetail:concept* bodySite:concept*",
    "DeviceRequest": f"{_REQUEST} codeCodeableConcept:concept codeReference:reference",
    "CommunicationRequest": f"{_REQUEST} category:concept*",
    "Communication": f"{_COMMON} category:concept* reasonCode:concept* topic:concept sent:date received:date",
    "MedicationRequest": f"{_REQUEST} {_DRUG} dosageInstruction:[dosage]* dispenseRequest:[dispense]",
    "MedicationStatement": (
        f"{_COMMON} {_DRUG} effectiveDateTime:date effectivePeriod:period dateAsserted:date dosage:[dosage]* "
        "reasonCode:concept* reasonReference:reference*"
    ),
    "MedicationDispense": (
        f"{_COMMON} {_DRUG} whenHandedOver:date whenPrepared:date quantity:quantity daysSupply:quantity "
        "dosageInstruction:[dosage]*"
    ),
    "MedicationAdministration": f"{_COMMON} {_DRUG} effectiveDateTime:date effectivePeriod:period dosage:[dosage]*",
    "Medication": "code:concept* form:concept ingredient:[ingredient]*",
    "DiagnosticReport": (
        f"{_COMMON} code:concept* conclusionCode:concept* effectiveDateTime:date effectivePeriod:period issued:date"
    ),
    "ImagingStudy": f"{_COMMON} started:date procedureCode:concept* description:text reasonCode:concept*",
    "Device": "status:status type:concept*",
    "DeviceUseStatement": (
        f"{_COMMON} device:reference timingDateTime:date timingPeriod:period recordedOn:date reasonCode:concept*"
    ),
    "Encounter": f"{_COMMON} period:period reasonCode:concept* type:concept*",
    "Goal": "lifecycleStatus:status description:concept* category:concept* startDate:date statusDate:date",
}

_NESTED: Mapping[str, str] = {
    "reaction": "substance:concept* manifestation:concept* severity:text",
    "component": f"code:concept* {_VALUE}",
    "item": "linkId:text text:text answer:[answer]* item:[item]*",
    "answer": f"{_VALUE} item:[item]*",
    "dosage": (
        "text:text timing:[timing] route:concept* site:concept* asNeededBoolean:boolean doseAndRate:[dose]* "
        "doseQuantity:quantity doseRange:range additionalInstruction:concept*"
    ),
    "dose": "doseQuantity:quantity doseRange:range type:concept*",
    "timing": "repeat:[repeat] code:concept*",
    "repeat": (
        "boundsPeriod:period boundsDuration:quantity boundsRange:range count:number frequency:number "
        "frequencyMax:number period:number periodMax:number periodUnit:text duration:number durationUnit:text"
    ),
    "dispense": (
        "validityPeriod:period quantity:quantity expectedSupplyDuration:quantity numberOfRepeatsAllowed:number"
    ),
    "ingredient": "itemCodeableConcept:concept itemReference:reference strength:object",
}

ABOUT: Mapping[str, tuple[str, ...]] = {
    "Condition": ("code",),
    "AllergyIntolerance": ("code", "reaction"),
    "Observation": ("code",),
    "Procedure": ("code",),
    "ServiceRequest": ("code", "orderDetail"),
    "DeviceRequest": ("codeCodeableConcept", "codeReference"),
    "DiagnosticReport": ("code", "conclusionCode"),
    "MedicationRequest": ("medicationCodeableConcept", "medicationReference"),
    "MedicationStatement": ("medicationCodeableConcept", "medicationReference"),
    "QuestionnaireResponse": ("item",),
}
"""Where each type says what it is about: without one of these nothing can be told from the entry."""

STATUS_NEEDED = frozenset({"Observation", "DiagnosticReport", "QuestionnaireResponse", "Procedure"})
"""Results, which do not count as long as nobody says that they are final or done."""


def _parsed(texts: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {name: dict(part.split(":", 1) for part in text.split()) for name, text in texts.items()}


SHAPES: Mapping[str, Mapping[str, str]] = _parsed(_RESOURCES)
NESTED: Mapping[str, Mapping[str, str]] = _parsed(_NESTED)
