"""Unreferenced medications: Medication resources to which no order and no list entry refers.

Nothing tells whether the patient takes them.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.record.medication.drugs import Drugs
from service.record.medication.entry import MEDICATION_TYPES
from service.record.model import Entry, Record
from service.record.values.concept import as_objects


def unreferenced_medications(record: Record, drugs: Drugs) -> Iterator[Entry]:
    """Each that is a drug of a class which is judged, or that is not recognised: it may be taken."""
    medications = record.of_type("Medication")
    if not medications:
        return
    referenced = {id(one) for one in _referenced(record)}
    for entry in medications:
        if id(entry.resource) not in referenced:
            drug = drugs.recognise(entry.resource, record.resolve)
            if drug.classes or not drug.recognised:
                yield Entry({"code": entry.resource.get("code")}, entry.type, entry.id, entry.path)


def _referenced(record: Record) -> Iterator[object]:
    holders = (*record.orders, *(entry for name in MEDICATION_TYPES for entry in record.of_type(name)))
    for entry in holders:
        yield record.resolve(entry.resource.get("medicationReference"), entry.resource)
    for entry in record.of_type("Medication"):
        for part in as_objects(entry.resource.get("ingredient")):
            yield record.resolve(part.get("itemReference"), entry.resource)
