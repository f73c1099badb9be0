"""Service orders: what is ordered in this call besides drugs, each read once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.record.chart.concepts import body_sites, concepts_of
from service.record.model import Entry, Record
from service.record.values.code_systems import ICD_10, ICD_10_CM
from service.record.values.coding import CodeIndex, Match
from service.record.values.concept import SPOKEN_SYSTEMS, codings, concept_text, wordings
from service.record.values.other_words import KnownWords
from service.record.values.set_names import PLACES, PROBLEMS, QUESTIONS
from service.record.values.statuses import status_word

_NOT_ORDERED = (
    *(*PROBLEMS, *PLACES, *QUESTIONS, "allergy-", "local-allergy-", "med-", "device-"),
    *("local-no-", "local-problem-", "local-val-", "val-", "local-reason-"),
)
"""Value sets of what is no order, by the beginning of their name: "see note" tells nothing, "sciatica" a problem."""
_OF_ORDERS = SPOKEN_SYSTEMS - {ICD_10, ICD_10_CM}
"""Public systems that name what can be ordered: a diagnosis cannot."""
_WITHDRAWN = frozenset({"entered-in-error", "cancelled", "revoked"})


@dataclass(frozen=True, slots=True)
class ServiceOrder:
    """One order with the value sets of what it orders.

    ``sets`` holds those of its body sites too. ``is_known`` says that what it orders lies in one of them or is surely
    something else; ``text`` is what it says in words.
    """

    entry: Entry
    matches: tuple[Match, ...]
    sets: frozenset[str]
    is_known: bool
    text: str


def service_orders(record: Record, index: CodeIndex) -> Iterator[ServiceOrder]:
    """The orders of a record that are no drugs and are meant."""
    for entry in record.orders:
        if entry.type == "MedicationRequest" or not is_order(entry):
            continue
        concepts = list(concepts_of(entry.type, entry.resource, record))
        matches = tuple(index.match(concept) for concept in concepts)
        sets = frozenset[str]().union(*(one.sets for one in matches), sites_of(entry, concepts, index))
        text = " ".join(filter(None, map(concept_text, concepts))) or entry.type
        is_known = any(map(_names_an_order, matches)) or is_something_else(concepts, index.known_words)
        yield ServiceOrder(entry, matches, sets, is_known, text)


def _names_an_order(match: Match) -> bool:
    """Whether what was found can be ordered: "neuraxial steroid" tells the substance only."""
    return any(not name.startswith(_NOT_ORDERED) for name in match.sets)


def sites_of(entry: Entry, concepts: Sequence[object], index: CodeIndex) -> frozenset[str]:
    """The value sets in which every body site of an entry lies, or what its own words say of the site."""
    sites = [index.match(site).sets for site in body_sites(entry.resource)]
    if sites:
        return frozenset.intersection(*sites)
    return frozenset[str]().union(*(index.match(concept).said_too for concept in concepts))


def is_order(entry: Entry) -> bool:
    """Whether something is really being ordered: not withdrawn, and not an order to leave something undone."""
    resource = entry.resource
    return status_word(resource.get("status")) not in _WITHDRAWN and resource.get("doNotPerform") is not True


def is_something_else(concepts: Sequence[object], words: KnownWords) -> bool:
    """Whether what is ordered, matching none of our value sets, is known to be something else.

    Only words that can be read show that: a code proves nothing, because of no system all codes are listed, and the
    codes of some are switched off. Beside a code of a public system plain English words are enough that cannot mean
    what the rules judge ("Pain procedure" can, and so can the letters of "SNRB"); alone or beside a code of a site they
    must name something known.
    """
    texts = [text for concept in concepts for text in wordings(concept) if any(map(str.isalpha, text))]
    if any(words.is_order(text) for text in texts):
        return True
    if not texts or not all(words.is_plainly_another_order(text) for text in texts):
        return False
    return any(coding.system in _OF_ORDERS for concept in concepts for coding in codings(concept))
