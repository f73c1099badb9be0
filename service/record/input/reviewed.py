"""Reviewed: what an order context brings, by the part it plays: reviewed, referred to, over already, or lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from service.note import Note, NoteCode
from service.record.input.shape_table import ABOUT
from service.record.input.unpacking import Piece
from service.record.model import Entry, Problem
from service.record.releases.reading import RENAMED
from service.record.values.status_table import STATUS_TABLE
from service.record.values.statuses import status_word

ORDER_TYPES = frozenset({"MedicationRequest", "ServiceRequest", "DeviceRequest"})
"""What can be an order under review, in R4 names."""
BESIDE_ORDERS = frozenset(
    {
        *("Medication", "Patient", "Practitioner", "PractitionerRole", "Organization", "Location", "Encounter"),
        *("Device", "RelatedPerson", "Coverage", "Substance", "Specimen", "Condition", "Observation", "Provenance"),
        *("DocumentReference", "ImagingStudy", "DiagnosticReport", "AllergyIntolerance", "CareTeam"),
    }
)
"""What stands among the orders of a context without being one: what they refer to."""
_STATES = frozenset(
    STATUS_TABLE["MedicationRequest"].keys() | STATUS_TABLE["ServiceRequest"].keys() | {"proposed", "entered-in-error"}
)
"""The words of status that an order may bear; any other tells nothing."""
_OVER = frozenset({"entered-in-error", "cancelled", "revoked", "stopped", "ended"})


@dataclass(slots=True)
class Reviewed:
    """The entries of an order context by the part they play.

    ``others`` cannot be reviewed; ``over`` counts those that are over already. ``dropped`` are the paths of those whose
    subject is no patient.
    """

    orders: list[Entry] = field(default_factory=list)
    beside: list[Entry] = field(default_factory=list)
    others: list[Entry] = field(default_factory=list)
    over: int = 0
    dropped: list[str] = field(default_factory=list)

    def not_reviewed(self, problems: Iterable[Problem], waiting: Iterable[Entry] = ()) -> tuple[str, ...]:
        """What was brought as an order and is not reviewed. Of a context that brought no order at all: everything.

        ``waiting`` are drafts that came elsewhere, where the context should have brought them.
        """
        lost = [*self.dropped, *(problem.path for problem in problems if problem.unread is not None)]
        others = [entry.reference for entry in self.others]
        if not self.orders and not self.over and not others and not lost:
            others = [entry.reference for entry in self.beside]
        return tuple(dict.fromkeys((*others, *lost, *(entry.reference for entry in waiting))))


def reviewable(entries: Iterable[Entry], dropped: Sequence[Piece], problems: list[Problem]) -> Reviewed:
    """The orders of a context, save those that are over already; what they refer to; and what is not reviewed.

    ``dropped`` is what names no patient as its subject.
    """
    reviewed = Reviewed(dropped=[piece.path for piece in dropped])
    for entry in entries:
        if entry.type in ORDER_TYPES and _status_of(entry) in _OVER:
            problems.append(Problem(entry.path, Note(NoteCode.ORDER_OVER)))
            reviewed.over += 1
        elif entry.type in ORDER_TYPES:
            reviewed.orders.append(entry)
        elif entry.type in BESIDE_ORDERS:
            reviewed.beside.append(entry)
        else:
            problems.append(Problem(entry.path, Note(NoteCode.NO_CHECKED_ORDER), entry.type))
            reviewed.others.append(entry)
    return reviewed


def is_draft(order: Entry) -> bool:
    """Whether an entry is an order that is still to be signed."""
    return order.type in ORDER_TYPES and _status_of(order) == "draft"


def may_be_draft(order: Piece) -> bool:
    """Whether a resource is, or may be, an order that is still to be signed: also where its status tells nothing."""
    if RENAMED.get(order.type, order.type) not in ORDER_TYPES:
        return False
    status = _status_of(order)
    return status == "draft" or status not in _STATES


def orders_the_same(one: Entry, other: Entry) -> bool:
    """Whether two orders of one type are about the same, by the elements that say it."""
    return all(one.resource.get(name) == other.resource.get(name) for name in ABOUT[one.type])


def _status_of(entry: Entry) -> str | None:
    return status_word(entry.resource.get("status"))
