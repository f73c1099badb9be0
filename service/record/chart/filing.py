"""Filing: under which value sets a concept puts an entry of one type, and whether it says at all what the entry is.

A chart names few concepts and each of them often, so what one of them means for a type is worked out once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from msgspec import Struct

from service.note import Note
from service.record.chart.unread_results import names_result
from service.record.values.by_concept import ByConcept
from service.record.values.coding import CodeIndex, Match
from service.record.values.concept import wordings

NOT_UNDERSTOOD: Mapping[str, str] = dict.fromkeys(
    ("Condition", "AllergyIntolerance", "Procedure", "ServiceRequest", "DiagnosticReport", "MedicationRequest"),
    "not read",
)
"""The lists whose entries must all be understood before one of them proves an absence, and the key of such an entry."""
DEVICES: Mapping[str, str] = dict.fromkeys(("Device", "DeviceUseStatement"), "not read")
"""Lists that prove no absence; but an implant that could not be understood may be the one that is asked about."""
NAMED_IF_NOT_READ: Mapping[str, str] = {**NOT_UNDERSTOOD, **DEVICES}
"""The lists of which an entry that could not be understood is set aside, and the key of such an entry."""
_STATED_IN_WORDS = frozenset({"Condition", "Encounter", "AllergyIntolerance"})
"""The types in which words beside a code that matched add to what it says; elsewhere they only name the code."""
_MAY_BE_SUSPECTED = frozenset({"Condition", "Encounter"})
_CARRIED_OUT = frozenset({"ServiceRequest", "Procedure"})
_MOST_CONCEPTS = 4_000


class Under(Struct, frozen=True):
    """Some value sets that facts ask about, and how the concept names them (see ``CodeMatch``)."""

    sets: frozenset[str]
    by_text: bool = True
    is_sure: bool = False
    past: bool = False
    suspected: bool = False


class Filing(Struct, frozen=True):
    """What a concept means for entries of one type.

    ``is_read`` is False where an entry of a list with it could not be understood, ``denies`` tells that it says that
    there is none, and ``is_named`` what a result with it measures.
    """

    text: str
    notes: tuple[Note, ...]
    under: tuple[Under, ...]
    is_read: bool
    denies: bool
    is_named: bool


def filings(
    index: CodeIndex,
    asked: Mapping[str, frozenset[str]],
    denials: Mapping[str, frozenset[str]],
    own_orders: frozenset[str],
) -> Mapping[str, ByConcept[Filing]]:
    """By type, what concepts mean for it. ``asked`` are, by type, the value sets that facts look for.

    ``denials`` are those of entries which say that there is none, ``own_orders`` what this service calls its orders.
    """

    def is_read(type_: str, concept: object, match: Match) -> bool:
        if type_ not in NAMED_IF_NOT_READ:
            return match.is_read
        is_ours = type_ in _CARRIED_OUT and any(text in own_orders for text in wordings(concept))
        return is_ours or index.is_entry_read(type_, concept)

    def filing(type_: str, concept: object) -> Filing:
        match = index.match(concept)
        return Filing(
            match.text,
            match.notes,
            tuple(_under(type_, match, asked[type_])),
            is_read(type_, concept, match),
            denies=not match.sets.isdisjoint(denials.get(type_, frozenset())),
            is_named=names_result(concept, index),
        )

    return {type_: ByConcept(_MOST_CONCEPTS, partial(filing, type_)) for type_ in asked}


def _under(type_: str, match: Match, asked: frozenset[str]) -> Iterator[Under]:
    if sets := match.sets & asked:
        yield Under(sets, match.by_text, is_sure=not (match.by_text or match.by_category))
    if type_ in _STATED_IN_WORDS and (said := match.said_too & asked):
        yield Under(said)
    if past := match.past_sets & asked:
        yield Under(past, past=True)
    if type_ in _MAY_BE_SUSPECTED and (suspected := match.suspected_sets & asked):
        yield Under(suspected, suspected=True)
