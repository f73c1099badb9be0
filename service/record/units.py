"""Units: a recorded value in the unit a fact asks for, exactly, or refused. Never guessed.

Spellings and factors are those of terminology.md section 6.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from service.record.interval import Interval


@dataclass(frozen=True, slots=True)
class Reading:
    """A value in the unit that was asked for. ``text`` is the value as recorded, with its unit."""

    low: Decimal | None
    high: Decimal | None
    unit: str
    text: str
    note: str | None = None

    @property
    def interval(self) -> Interval:
        return Interval(self.low, self.high)


@dataclass(frozen=True, slots=True)
class Refused:
    """A value that cannot be used, and why ("unit not given")."""

    reason: str


def decimal(value: object) -> Decimal | None:
    """A JSON number (or a string holding one) as the exact Decimal that was written; None for all else."""
    raise NotImplementedError


def canonical(unit: object) -> str | None:
    """The UCUM code for a unit as written (``mmHg`` -> ``mm[Hg]``); None when it is not known."""
    raise NotImplementedError


def convert(value: Decimal, unit: str, to: str, substance: str | None = None) -> Decimal | None:
    """The value in another unit; None when no conversion is known. Both units are UCUM codes.

    ``substance`` (see ``substance_of``) is needed wherever moles or percent are involved.
    """
    raise NotImplementedError


def substance_of(value_sets: Iterable[str]) -> str | None:
    """The substance that observations of these value sets measure (``obs-creatinine`` -> ``creatinine``)."""
    raise NotImplementedError


def read_value(holder: Mapping[str, Any], unit: str, substance: str | None = None) -> Reading | Refused:
    """The value of an Observation (or of one of its components) in ``unit``.

    Reads valueQuantity, valueInteger, valueRange, valueString (">60", "7/10", "5.4 %"). A comparator makes an
    interval open on one side. No value, an unknown unit, or a unit that does not convert is refused.
    """
    raise NotImplementedError


def is_plausible(reading: Reading, lowest: Decimal, highest: Decimal) -> bool:
    """Whether the value could lie in the range (both included)."""
    raise NotImplementedError
