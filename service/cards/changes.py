"""Changes to draft orders of the call: the client's own resource, whole, with one thing set (AC-4, AC-8)."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from service.record.model import Entry
from service.record.releases.fhir_classes import Release, fhir_class

Json = dict[str, Any]

_DAYS = {"unit": "days", "system": "http://unitsofmeasure.org", "code": "d"}


def limited(order: Entry, days: int, release: Release) -> Json | None:
    """The draft medication order with a stop date after so many days, and nothing else touched.

    Everything the client sent stays, extensions and unknown members too. None where that cannot be
    said safely: another kind of order, another release than R4, or an order that is not valid even
    without our change.
    """
    if order.type != "MedicationRequest" or order.id is None or release is not Release.R4:
        return None
    changed = copy.deepcopy(dict(order.resource))
    length = {"value": days, **_DAYS}
    changed["dispenseRequest"] = {**_mapping(changed.get("dispenseRequest")), "expectedSupplyDuration": length}
    instructions = changed.get("dosageInstruction")
    for instruction in instructions if isinstance(instructions, list) else []:
        repeat = _mapping(_mapping(instruction.get("timing")).get("repeat"))
        if repeat:
            for other in ("boundsPeriod", "boundsRange"):
                repeat.pop(other, None)
            instruction["timing"] = {**instruction["timing"], "repeat": {**repeat, "boundsDuration": length}}
    return changed if _is_valid(changed) else None


def _mapping(value: Any) -> Json:
    return dict(value) if isinstance(value, Mapping) else {}


def _is_valid(resource: Json) -> bool:
    model: Any = fhir_class("MedicationRequest", Release.R4)
    try:
        model.model_validate(resource)
    except (ValueError, KeyError, RecursionError):
        # The class of a strange contained resource is looked up by name and may not exist.
        return False
    return True
