"""What is written once for a decision, because several of its cards and both texts of a card share it."""

from __future__ import annotations

from datetime import date

from msgspec import Struct, field

from service.finding import Evidence


class Writing(Struct, frozen=True):
    """The day on which the cards of one decision are read, and what was written for them already.

    ``lines`` tell of findings, by their names, ``short_lines`` in the words of a short card, with all further entries
    named or not; ``summaries`` are those of rules, by their ids; ``entries`` are entries of the record as they are
    quoted, for one often stands behind several findings.
    """

    today: date
    lines: dict[str, str] = field(default_factory=dict)
    short_lines: dict[tuple[str, bool], str] = field(default_factory=dict)
    summaries: dict[str, str] = field(default_factory=dict)
    entries: dict[Evidence, str] = field(default_factory=dict)
