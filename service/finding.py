"""Finding: a named statement about one patient, always present, absent or unknown.

This is the common word of all rooms: ``record`` makes findings (facts), ``engine`` adds findings
(conclusions), ``hooks`` shows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from service.note import Note


class Status(StrEnum):
    """The three states of a finding. Unknown is a value, never a kind of absent (hazard H-02)."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"

    # As the text it is: an enum hashes itself in Python, and a call asks for the state of hundreds of findings.
    __hash__ = str.__hash__


class Evidence(Struct, frozen=True, cache_hash=True):
    """What in the record a finding depends on.

    ``resource`` is ``Type/id`` (or the path in the Bundle when there is no id), ``date`` the date as
    recorded (may be partial), ``text`` what the record says in words, ``note`` a caveat the reader
    must see, such as "status not given" or "matched by text only".
    """

    resource: str
    text: str
    date: str | None = None
    note: Note | None = None


class Finding(Struct, frozen=True):
    """A named statement with its status and evidence, and for numbers the interval it lies in.

    A number that is known exactly has ``low == high``. ``low`` or ``high`` may be None: nothing is
    known on that side ("at least 30 days" is ``low=30, high=None``). A numeric finding that is not
    present carries no number.
    """

    name: str
    status: Status
    low: Decimal | None = None
    high: Decimal | None = None
    unit: str | None = None
    evidence: tuple[Evidence, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def value(self) -> Decimal | None:
        """The number when it is known exactly, else None."""
        return self.low if self.low == self.high else None


@dataclass(frozen=True, slots=True)
class ShownBefore:
    """That a rule was shown to this patient: when last, whether it depends on the same entries now, what was answered.

    ``overridden`` is when a clinician last set it aside and gave a reason.
    """

    at: datetime
    unchanged: bool
    overridden: datetime | None = None


def unknown(name: str, *notes: Note) -> Finding:
    """A finding about which nothing is known, with the reasons why."""
    return Finding(name, Status.UNKNOWN, notes=notes)
