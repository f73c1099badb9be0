"""The shape of an order template."""

from __future__ import annotations

from typing import Any

from service.knowledge.model import Code, Dose, OrderTemplate
from service.knowledge.schemas.fields import (
    Choice,
    Flag,
    Integer,
    Name,
    Number,
    Several,
    Shape,
    Strict,
    Text,
    nested,
    refuse,
)
from service.knowledge.schemas.source import CitationField
from service.knowledge.schemas.value_set import system_uri

_RESOURCES = [
    "MedicationRequest",
    "ServiceRequest",
    "CommunicationRequest",
    "DeviceRequest",
    "NutritionOrder",
    "Appointment",
    "Task",
    "CarePlan",
    "Goal",
]
_PARTS = 3


class OrderCodeField(Strict[Code]):
    """``[system, code, display]`` of what is ordered; its source is the order's citations."""

    def read(self, value: Any) -> Code:
        if not isinstance(value, list) or len(value) != _PARTS:
            raise refuse("must be [system, code, display]")
        for part in value:
            if not isinstance(part, str) or not part.strip():
                raise refuse(f"{part} must be text", f'write it in quotes: "{part}"')
        _, code, display = value
        return Code(system_uri(value[0]), code, display, descendants=False, verified=True, source="")


class DoseShape(Shape):
    """A dose as printed in its source; nothing is computed."""

    model = Dose
    located = False
    quantity = Number(required=True)
    unit = Text(required=True)
    frequency = Integer(least=1, required=True)
    period = Number(required=True)
    period_max = Number(load_default=None, allow_none=True)
    period_unit = Choice(["h", "d", "wk"], required=True)
    as_needed = Flag(load_default=False)
    route = Text(required=True)
    text = Text(required=True)


class OrderShape(Shape):
    """One file under ``orders/``."""

    model = OrderTemplate
    id = Name(required=True)
    title = Text(required=True)
    resource = Choice(_RESOURCES, required=True)
    code = OrderCodeField(required=True)
    text = Text(load_default=None, allow_none=True)
    priority = Choice(["routine", "urgent", "asap", "stat"], load_default=None, allow_none=True)
    drug_class = Text(load_default=None, allow_none=True)
    procedure = Text(load_default=None, allow_none=True)
    dose = nested(DoseShape, load_default=None, allow_none=True)
    course_days = Integer(least=1, load_default=None, allow_none=True)
    reason_text = Text(load_default=None, allow_none=True)
    citations = Several(CitationField())
