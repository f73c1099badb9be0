"""Concepts: where in a resource the codes stand that say what it is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from service.record.model import Record, Resource
from service.record.values.concept import as_objects
from service.record.values.english import is_known

Concepts = Iterator[object]
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])[./_-](?=[A-Za-z])")
"""Where a word of a name begins: "legWeakness", "pain/night_sweats"."""
_WORD = re.compile(r"[a-z]{3,}")
_OF_FORMS = frozenset(
    {"answer", "field", "form", "group", "item", "link", "node", "page", "part", "question", "row", "section", "value"}
)
"""Words of a name that tell nothing of what is asked."""


def answered_items(holder: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Every item of a questionnaire with each of its answers, as deep as they stand within each other."""
    for item in as_objects(holder.get("item")):
        for answer in as_objects(item.get("answer")):
            yield item, answer
            yield from answered_items(answer)
        yield from answered_items(item)


def question_of(item: Mapping[str, Any]) -> object:
    """What an item asks: its text, else the name of what it is defined by, else its linkId."""
    text, definition, link = item.get("text"), item.get("definition"), item.get("linkId")
    if text:
        return text
    name = definition.rpartition("#")[2] if isinstance(definition, str) and "#" in definition else link
    return _HUMP.sub(" ", name) if isinstance(name, str) else name


def asked_in_words(item: Mapping[str, Any]) -> str:
    """What an item asks, where that is told in words; "" where it has a number or a code only."""
    question = question_of(item)
    if not isinstance(question, str):
        return ""
    words = _WORD.findall(question.casefold())
    is_told = question == item.get("text") or any(is_known(word) and word not in _OF_FORMS for word in words)
    return question if is_told else ""


def _elements(*names: str) -> Callable[[Resource, Record], Concepts]:
    def concepts(resource: Resource, _record: Record) -> Concepts:
        for name in names:
            yield from as_objects(resource.get(name))

    return concepts


def _text(resource: Resource, name: str) -> Concepts:
    words = resource.get(name)
    if isinstance(words, str) and words:
        yield {"text": words}


def _allergy(resource: Resource, _record: Record) -> Concepts:
    yield from as_objects(resource.get("code"))
    for reaction in as_objects(resource.get("reaction")):
        yield from as_objects(reaction.get("substance"))


def _imaging(resource: Resource, _record: Record) -> Concepts:
    yield from as_objects(resource.get("procedureCode"))
    yield from _text(resource, "description")


def _device(resource: Resource, _record: Record) -> Concepts:
    yield from as_objects(resource.get("type"))
    for name in as_objects(resource.get("deviceName")):
        yield from _text(name, "name")
    for definition in as_objects(resource.get("definition")):
        yield from _text(definition, "display")
    # A model is a name or a number: where it is a number it says nothing, and takes nothing away.
    yield from _text(resource, "modelNumber")


def _device_use(resource: Resource, record: Record) -> Concepts:
    yield from as_objects(resource.get("type"))
    device = record.resolve(resource.get("device"), resource)
    if device is not None:
        yield from _device(device, record)
    for reference in as_objects(resource.get("device")):
        yield from _text(reference, "display")
    yield from as_objects(resource.get("reasonCode"))


def _device_request(resource: Resource, record: Record) -> Concepts:
    yield from as_objects(resource.get("codeCodeableConcept"))
    device = record.resolve(resource.get("codeReference"), resource)
    if device is not None:
        yield from _device(device, record)


def _encounter(resource: Resource, record: Record) -> Concepts:
    yield from as_objects(resource.get("reasonCode"))
    yield from as_objects(resource.get("type"))
    for diagnosis in as_objects(resource.get("diagnosis")):
        # A problem that was sent speaks for itself, with its own status; of another only the words are there.
        for reference in as_objects(diagnosis.get("condition")):
            if record.resolve(reference, resource) is None:
                yield from _text(reference, "display")


_CODE = _elements("code")

_BY_TYPE: Mapping[str, Callable[[Resource, Record], Concepts]] = {
    "AllergyIntolerance": _allergy,
    "ServiceRequest": _elements("code", "orderDetail"),
    "DeviceRequest": _device_request,
    "DiagnosticReport": _elements("code", "conclusionCode"),
    "ImagingStudy": _imaging,
    "Device": _device,
    "DeviceUseStatement": _device_use,
    "Communication": _elements("category", "reasonCode", "topic"),
    "CommunicationRequest": _elements("category", "reasonCode"),
    "Encounter": _encounter,
    "Goal": _elements("description", "category"),
}


ABOUT_CODE = frozenset({"Condition", "Observation", "Procedure"})
"""Types that charts are full of and that say in ``code`` alone what they are about."""


def concepts_of(resource_type: str, resource: Resource, record: Record) -> Concepts:
    """The CodeableConcepts that say what a resource (in R4 shape) is about; one match among them is a code match."""
    return _BY_TYPE.get(resource_type, _CODE)(resource, record)


def body_sites(resource: Resource) -> list[Mapping[str, Any]]:
    """The body sites a resource names; empty when it names none, which is usual (fhir-data.md)."""
    sites = as_objects(resource.get("bodySite"))
    for series in as_objects(resource.get("series")):
        sites += as_objects(series.get("bodySite"))
    return sites
