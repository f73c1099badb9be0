"""Details: what more than its status is stored of a fact, with nothing that the record says in its own words.

They are written from the findings of a decision and redacted on the way (``redaction.py`` says what goes), and read
back as the redacted findings that replay decides on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from service.finding import Evidence, Finding, Status
from service.note import Note
from service.store.redaction import DATE, WORDS, Redactor, is_storable_date, redacted_note
from service.store.stored_notes import note_body, note_from

Json = dict[str, Any]
_USUAL_WORDS = 1
"""How words are numbered that no other entry has to be told from by its words."""
_PRESENT = Status.PRESENT


def details_of(findings: Mapping[str, Finding], redactor: Redactor) -> Json:
    """The details of the facts of a decision about which more can be said than their status, redacted, by name."""
    facts, detail = redactor.facts, _Details(redactor).of
    says_more = [finding for finding in findings.values() if finding.evidence or finding.status is _PRESENT]
    found = {finding.name: detail(finding) for finding in says_more if finding.name in facts}
    return {name: said for name, said in found.items() if said is not None}


class _Details:
    """The details of one decision: one entry of the record stands behind many findings, and is written once."""

    def __init__(self, redactor: Redactor) -> None:
        hashed = cache(redactor.reference)
        self._unit = redactor.unit
        self._note = _Notes(hashed).__getitem__
        self._entry = _Entries(hashed).__getitem__

    def of(self, finding: Finding) -> Json | None:
        """What is stored of a finding; None without evidence, number and notes.

        Notes stand on a card only when it is present, and are stored only then.
        """
        low, high, evidence, notes = finding.low, finding.high, finding.evidence, finding.notes
        if notes and finding.status is not _PRESENT:
            notes = ()
        if not (evidence or notes or low is not None or high is not None):
            return None
        detail: Json = {}
        if low is not None and low == high:
            detail["value"] = str(low)
        else:
            if low is not None:
                detail["low"] = str(low)
            if high is not None:
                detail["high"] = str(high)
        if (unit := finding.unit) is not None and (unit := self._unit(unit)) is not None:
            detail["unit"] = unit
        if notes:
            detail["notes"] = [*map(self._note, notes)]
        if evidence:
            detail["from"] = [*map(self._entry, evidence)]
        return detail


class _Notes(dict[Note, str | list[Any]]):
    """Notes as they are stored, each redacted when it is first asked for."""

    def __init__(self, hashed: Callable[[str], str]) -> None:
        super().__init__()
        self._hashed = hashed

    def __missing__(self, note: Note) -> str | list[Any]:
        body = self[note] = note_body(redacted_note(note, self._hashed))
        return body


class _Entries(dict[Evidence, list[Any]]):
    """Entries as they are stored (resource, date, note, which words of the record), each made when first asked for.

    What is as usual at the end is left out.
    """

    def __init__(self, hashed: Callable[[str], str]) -> None:
        super().__init__()
        self._hashed = hashed
        self._with_words: dict[tuple[str, str | None, Note | None], int] = {}

    def __missing__(self, item: Evidence) -> list[Any]:
        resource, date, note = self._hashed(item.resource), item.date, item.note
        if date is not None and not is_storable_date(item.resource, date):
            date = DATE
        if note is not None:
            note = redacted_note(note, self._hashed)
        words = self._words((resource, date, note)) if item.text else 0
        if words != _USUAL_WORDS:
            entry = [resource, date, note and note_body(note), words]
        elif note is not None:
            entry = [resource, date, note_body(note)]
        else:
            entry = [resource] if date is None else [resource, date]
        self[item] = entry
        return entry

    def _words(self, redacted: tuple[str, str | None, Note | None]) -> int:
        """1, or 2 and more where entries differ in their words only.

        Entries that differ only in what is redacted must not become one: conclusions list each entry once.
        """
        words = self._with_words[redacted] = self._with_words.get(redacted, 0) + 1
        return words


def fact_of(name: str, status: Status, detail: Json) -> Finding:
    """The redacted fact of which these details were stored. Raises ValueError for a note that nobody knows."""
    return Finding(
        name,
        status,
        _number(detail, "low"),
        _number(detail, "high"),
        detail.get("unit"),
        tuple(_evidence(*item) for item in detail.get("from", ())),
        tuple(note_from(note) for note in detail.get("notes", ())),
    )


def _evidence(resource: str, date: str | None = None, note: Any = None, words: int = 1) -> Evidence:
    text = "" if not words else WORDS if words == 1 else f"{WORDS} {words}"
    return Evidence(resource, text, date, None if note is None else note_from(note))


def _number(detail: Json, bound: str) -> Decimal | None:
    value = detail.get("value", detail.get(bound))
    return None if value is None else Decimal(value)
