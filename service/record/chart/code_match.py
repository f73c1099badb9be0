"""Code match: one entry of the record whose code lies in a value set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace as replaced

from service.note import Note
from service.record.chart.dating import EffectivePeriod, effective_period_of
from service.record.model import Entry
from service.record.once import once
from service.record.values.dates import When
from service.record.values.statuses import StatusClass, status_word
from service.record.values.units import Reading, Refused

Key = tuple[str, str]
"""A resource type (or ``medication``, ``order``) and a value set (or "" for any)."""


_GOING_ON = frozenset({"in-progress", "active", "on-hold"})


class CodeMatch(Struct, eq=False, dict=True):
    """One entry of the record whose code lies in a value set.

    ``holder`` is the element that carries the value: the resource itself, a component of an Observation,
    or an item of a QuestionnaireResponse. ``chosen`` is True when the set holds the answer that was chosen,
    not the question; ``is_sure`` is False when only words or a category of ICD-10 tell, which is enough for a yes and
    never for a no; ``past`` when only the words match and are about the past ("history of ..."); ``suspected`` when
    they only ask the question ("rule out ...").
    """

    entry: Entry
    holder: Mapping[str, Any]
    text: str
    birth: When | None
    by_text: bool
    is_sure: bool = True
    chosen: bool = False
    past: bool = False
    suspected: bool = False
    notes: tuple[Note, ...] = ()
    readings: dict[Any, Reading | Refused] = field(default_factory=dict)
    """Its number, by the unit and in the range in which facts ask for it."""
    said: dict[str, tuple[Any, tuple[Note | None, ...]]] = field(default_factory=dict)
    """What it says about coded facts and what was passed over, by what they ask of an entry."""

    @once
    def status_class(self) -> StatusClass:
        """What the status of the entry says of it."""
        found = self.entry.status_class
        return replaced(found, provisional=True) if self.suspected else found

    @once
    def effective_period(self) -> EffectivePeriod:
        """When it began and ended. A Period without an end goes on only while the entry says so."""
        period = effective_period_of(self.entry.type, self.entry.resource, self.birth)
        if period.open and status_word(self.entry.resource.get("status")) not in _GOING_ON:
            return replaced(period, open=False)
        return period
