"""Orders that a card may suggest."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from service.knowledge.model.source import Citation
from service.knowledge.model.value_set import Code


@dataclass(frozen=True, slots=True)
class Dose:
    """A dose as printed in its source, ready for a Dosage."""

    quantity: Decimal
    unit: str
    frequency: int
    period: Decimal
    period_max: Decimal | None
    period_unit: str
    as_needed: bool
    route: str
    text: str


@dataclass(frozen=True, slots=True)
class OrderTemplate:
    """An order a card may suggest, always as a draft proposal the clinician signs."""

    id: str
    title: str
    resource: str
    code: Code
    priority: str | None
    text: str | None
    dose: Dose | None
    course_days: int | None
    reason_text: str | None
    drug_class: str | None
    procedure: str | None
    citations: tuple[Citation, ...]
    at: str = field(default="", compare=False)
